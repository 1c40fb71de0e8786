import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../../src/pki/certificates.ts'
import type { Signer } from '../../src/pki/keys.ts'
import { aead13 } from '../../src/tls/cipher/aead13.ts'
import { client } from '../../src/tls/client/start.ts'
import type { ClientConfig, Identity } from '../../src/tls/config.ts'
import type { Connection } from '../../src/tls/connection.ts'
import type { CertificateJudge } from '../../src/tls/judge.ts'
import { certificate13 } from '../../src/tls/message/certificate.ts'
import { handshakeOf, open } from '../../src/tls/message/handshake.ts'
import { type ClientHello, clientHello, serverHello } from '../../src/tls/message/hello.ts'
import { encryptedExtensions } from '../../src/tls/message/small.ts'
import { CONTENT, EXTENSION } from '../../src/tls/numbers.ts'
import { parseKeylog } from '../../src/tls/observe/keylog.ts'
import type { Output } from '../../src/tls/output.ts'
import { trafficKeys } from '../../src/tls/schedule/schedule13.ts'
import { server } from '../../src/tls/server/start.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import { messagesOf } from '../support/insider.ts'

// Sections 5, 6 and 7 of RFC 8448, from the traces' own randoms and keys. Sections 3 and 4 stand beside src/tls.
const vectors = (section: number) =>
  JSON.parse(readFileSync(new URL(`../vectors/rfc8448-${section}.json`, import.meta.url), 'utf8'))

const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parseCertificate(chain[0]).publicKey, detail: null, events: [] }),
}
const message = (record: string): Uint8Array => fromHex(record).subarray(5)
const helloIn = (record: string): ClientHello => open(clientHello, handshakeOf(message(record)))

/** Gives out what the trace drew, in order. */
function drawn(...parts: readonly Uint8Array[]) {
  const queue = parts.filter(({ length }) => length > 0)
  return {
    bytes(length: number): Uint8Array {
      const next = queue.shift()
      if (next?.length !== length) throw new Error(`the trace draws ${next?.length} bytes here, not ${length}`)
      return next
    },
  }
}

/** NSS's client: the hellos of the trace, in which names, versions, shares and cookies are our own. */
function tracesClient(v: ReturnType<typeof vectors>, more: Partial<ClientConfig> = {}): Connection {
  const hellos = [v.records.clientHello, v.records.secondClientHello].filter(Boolean).map(helloIn)
  const own: readonly number[] = [
    EXTENSION.key_share,
    EXTENSION.server_name,
    EXTENSION.supported_versions,
    EXTENSION.cookie,
  ]
  const [{ random, sessionId }] = hellos
  return client({
    random: drawn(random, sessionId, ...v.clientPrivate.map(fromHex)),
    serverName: 'server',
    versions: ['TLS 1.3'],
    suites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'],
    groups: ['x25519', 'secp256r1', 'secp384r1'],
    signatureSchemes: ['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256'],
    recordSizeLimit: 16385,
    middleboxCompatibility: sessionId.length > 0,
    shape(drafted) {
      const wanted = hellos.shift()!
      const extensions = wanted.extensions.map((theirs) =>
        own.includes(theirs.type) ? drafted.extensions.find(({ type }) => type === theirs.type)! : theirs,
      )
      return { ...drafted, extensions }
    },
    judge,
    keylog: true,
    ...more,
  })
}

/** The signature is the trace's: PSS salts and ECDSA nonces are not in it. */
const signing = (key: Signer['publicKey'], signature: string): Signer => ({
  publicKey: key,
  schemes: ['rsa_pss_rsae_sha256'],
  sign: () => fromHex(signature),
  signWith: () => new Uint8Array(0),
  decryptRaw: () => new Uint8Array(0),
})

const sent = (outputs: readonly Output[]): string =>
  toHex(Buffer.concat(outputs.flatMap((output) => (output.kind === 'send' ? [output.bytes] : []))))
const hear = (end: Connection, record: string): readonly Output[] => end.receive(fromHex(record), 0)

function expectEnd(end: Connection, outputs: readonly Output[], { records }: ReturnType<typeof vectors>): void {
  expect(outputs.find(({ kind }) => kind === 'connected')).toBeDefined()
  expect(sent(end.close())).toBe(records.clientAlert)
  expect(hear(end, records.serverAlert)).toContainEqual({ kind: 'closed', how: 'close_notify' })
}

test('section 5: HelloRetryRequest with a cookie, from x25519 to P-256', () => {
  const v = vectors(5)
  const end = tracesClient(v)
  expect(sent(end.start(0))).toBe(v.records.clientHello)
  expect(sent(hear(end, v.records.helloRetryRequest))).toBe(v.records.secondClientHello)
  expect(sent(hear(end, v.records.serverHello))).toBe('')
  const outputs = hear(end, v.records.serverFlight)
  expect(sent(outputs)).toBe(v.records.clientFlight)
  expect(outputs).toContainEqual(
    expect.objectContaining({ connected: expect.objectContaining({ group: 'secp256r1', retried: true }) }),
  )
  expectEnd(end, outputs, v)
})

describe('section 6: client authentication', () => {
  const v = vectors(6)

  /** The client's chain lies in its own flight: what the keys of the trace open. */
  function chainOfTrace(): readonly Uint8Array[] {
    const end = tracesClient(v)
    const outputs = [...end.start(0), ...hear(end, v.records.serverHello)]
    const lines = outputs.flatMap((output) => (output.kind === 'keylog' ? [output.line] : []))
    const [secrets] = parseKeylog(lines.join('\n')).values()
    const secret = secrets.get('client_handshake_traffic')!
    const payload = message(v.records.clientFlight)
    const opened = aead13('AES-128-GCM', trafficKeys('sha256', secret, '', 16, null)).open(
      0,
      CONTENT.applicationData,
      0x0303,
      payload,
    )!
    return open(certificate13, handshakeOf(messagesOf(opened.content)[0])).entries.map(({ data }) => data)
  }

  test('Certificate, CertificateVerify and Finished of the client, byte for byte', () => {
    const chain = chainOfTrace()
    const identity: Identity = { chain, signer: signing(parseCertificate(chain[0]).publicKey, v.clientSignature) }
    const end = tracesClient(v, { identities: [identity] })
    expect(sent(end.start(0))).toBe(v.records.clientHello)
    expect(sent(hear(end, v.records.serverHello))).toBe('')
    const outputs = hear(end, v.records.serverFlight)
    expect(sent(outputs)).toBe(v.records.clientFlight)
    expectEnd(end, outputs, v)
  })
})

describe('section 7: compatibility mode', () => {
  const v = vectors(7)
  const flight = v.records.serverHello + v.records.serverFlight

  test('the client, with its session id and change_cipher_spec', () => {
    const end = tracesClient(v)
    expect(sent(end.start(0))).toBe(v.records.clientHello)
    const outputs = hear(end, flight)
    expect(sent(outputs)).toBe(v.records.clientFlight)
    expectEnd(end, outputs, v)
  })

  test('the server, echoing both', () => {
    const [certificate] = open(certificate13, handshakeOf(fromHex(vectors(3).messages.certificate))).entries
    const key = parseCertificate(certificate.data).publicKey
    const { random } = open(serverHello, handshakeOf(message(v.records.serverHello)))
    const end = server({
      random: drawn(random, fromHex(v.serverPrivate)),
      groups: ['x25519'],
      recordSizeLimit: 16385,
      identities: [{ chain: [certificate.data], signer: signing(key, v.serverSignature) }],
      shape: () => open(encryptedExtensions, handshakeOf(fromHex(v.encryptedExtensions))),
    })
    expect(sent(hear(end, v.records.clientHello))).toBe(flight)
    const outputs = hear(end, v.records.clientFlight)
    expect(outputs.find(({ kind }) => kind === 'connected')).toBeDefined()
    expect(sent(end.close())).toBe(v.records.serverAlert)
    expect(hear(end, v.records.clientAlert)).toContainEqual({ kind: 'closed', how: 'close_notify' })
  })
})
