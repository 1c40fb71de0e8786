import { describe, expect, test } from 'vitest'
import { emulatedSigner, generateKey, parsePublicKey } from '../pki/keys.ts'
import type { TlsEvent } from '../trace/steps/tls.ts'
import { fromHex, utf8 } from '../util/bytes.ts'
import { Rng } from '../util/rng.ts'
import type { AlertName } from './alert.ts'
import { client } from './client/start.ts'
import type { ClientConfig, ServerConfig } from './config.ts'
import { extension } from './extension/build.ts'
import { alpn, clientShares, ecPointFormats } from './extension/codecs.ts'
import type { CertificateJudge } from './judge.ts'
import { Loopback, type Wire } from './loopback.ts'
import type { ClientHello } from './message/hello.ts'
import { EXTENSION, type ExtensionName } from './numbers.ts'
import { server } from './server/start.ts'

const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: null, events: [] }),
}
const rng = new Rng('alerts')
const key = generateKey('p-256', rng)
const signer = emulatedSigner(key, rng)
const identity = { chain: [key.public.spki], signer }

function meet(c: Partial<ClientConfig>, s: Partial<ServerConfig> = {}, wire?: Wire): Loopback {
  const common = { random: rng, groups: ['x25519'], trace: 'told' as const }
  const ends = [
    client({ ...common, serverName: 'web.test', judge, ...c }),
    server({ ...common, identities: [identity], ...s }),
  ] as const
  return new Loopback(...ends, 1000, wire).start()
}

/** Both ends know of the same alert: the one that sent it why, the other that it came. */
function expectAlert(run: Loopback, by: 'client' | 'server', alert: AlertName, rfc: string): void {
  const other = by === 'client' ? 'server' : 'client'
  expect(run.find(by, 'failed')).toMatchObject({ by, fault: { alert, rfc } })
  expect(run.find(other, 'failed')).toMatchObject({ by, fault: { alert } })
  const steps = run.outputs[by].flatMap((output) => (output.kind === 'step' ? [output.event as TlsEvent] : []))
  const told = steps.filter((event) => event.kind === 'tls-alert')
  expect(told).toMatchObject([
    { direction: 'sent', level: 'fatal', description: alert, rfc, knew: run.find(by, 'failed')!.fault.knew },
  ])
}

const without =
  (...names: ExtensionName[]) =>
  (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: hello.extensions.filter(({ type }) => !names.some((name) => EXTENSION[name] === type)),
  })
const withShare = (group: number, keyExchange: Uint8Array) => (hello: ClientHello) => ({
  ...hello,
  extensions: [
    ...without('key_share')(hello).extensions,
    extension('key_share', clientShares, [{ group, keyExchange }]),
  ],
})
const old = (version: number) => (hello: ClientHello) => ({ ...without('supported_versions')(hello), version })

describe('a server refuses', () => {
  const cases: readonly (readonly [string, Partial<ClientConfig>, Partial<ServerConfig>, AlertName, string])[] = [
    ['SSL 3.0', { shape: old(0x0300) }, {}, 'protocol_version', 'RFC 8996 4'],
    ['TLS 1.0', { shape: old(0x0301) }, {}, 'protocol_version', 'RFC 8996 4'],
    ['TLS 1.1', { shape: old(0x0302) }, {}, 'protocol_version', 'RFC 8996 4'],
    [
      'TLS 1.2 where only 1.3 is on',
      { versions: ['TLS 1.2'] },
      { versions: ['TLS 1.3'] },
      'protocol_version',
      'RFC 8446 4.2.1',
    ],
    [
      'no common suite',
      { versions: ['TLS 1.3'], suites: ['TLS_AES_128_GCM_SHA256'] },
      { suites: ['TLS_AES_256_GCM_SHA384'] },
      'handshake_failure',
      'RFC 8446 4.1.1',
    ],
    ['no common group', { groups: ['secp384r1'] }, {}, 'handshake_failure', 'RFC 8446 4.2.7'],
    ['no usable scheme', { signatureSchemes: ['ed25519'] }, {}, 'handshake_failure', 'RFC 8446 4.4.2.2'],
    ['a needless fallback', { versions: ['TLS 1.2'], fallback: true }, {}, 'inappropriate_fallback', 'RFC 7507 3'],
    ['no key_share', { shape: without('key_share') }, {}, 'missing_extension', 'RFC 8446 9.2'],
    ['no supported_groups', { shape: without('supported_groups') }, {}, 'missing_extension', 'RFC 8446 9.2'],
    ['no signature_algorithms', { shape: without('signature_algorithms') }, {}, 'missing_extension', 'RFC 8446 9.2'],
    [
      'an extension twice',
      { shape: (hello) => ({ ...hello, extensions: [...hello.extensions, hello.extensions[0]] }) },
      {},
      'illegal_parameter',
      'RFC 8446 4.2',
    ],
    [
      'compression',
      { shape: (hello) => ({ ...hello, compressionMethods: Uint8Array.of(1) }) },
      {},
      'illegal_parameter',
      'RFC 8446 4.1.2',
    ],
    [
      'a share for a group not offered',
      { shape: withShare(0x17, new Uint8Array(65)) },
      {},
      'illegal_parameter',
      'RFC 8446 4.2.8',
    ],
    [
      'a point of small order',
      { shape: withShare(0x1d, new Uint8Array(32)) },
      {},
      'illegal_parameter',
      'RFC 8446 4.2.8.2',
    ],
    [
      'a share too short',
      { shape: withShare(0x1d, new Uint8Array(31).fill(9)) },
      {},
      'illegal_parameter',
      'RFC 8446 4.2.8.2',
    ],
    [
      'a point off the curve',
      { groups: ['secp256r1'], shape: withShare(0x17, new Uint8Array(65).fill(4)) },
      { groups: ['secp256r1'] },
      'illegal_parameter',
      'RFC 8446 4.2.8.2',
    ],
    [
      'an ML-KEM key out of range',
      { groups: ['X25519MLKEM768'], keyShares: [], shape: withShare(0x11ec, new Uint8Array(1216).fill(255)) },
      { groups: ['X25519MLKEM768'] },
      'illegal_parameter',
      'RFC 8446 4.2.8.2',
    ],
  ]
  test.each(cases)('%s', (_what, c, s, alert, rfc) => {
    expectAlert(meet(c, s), 'server', alert, rfc)
  })

  test('saying what each side knew', () => {
    const run = meet({ groups: ['secp384r1'] })
    expect(run.find('server', 'failed')?.fault.knew).toEqual([
      { side: 'client', fact: 'offers secp384r1' },
      { side: 'server', fact: 'supports x25519' },
    ])
  })
})

describe('bytes that are no handshake', () => {
  test.each([
    ['HTTP', utf8('GET / HTTP/1.1\r\n'), 'unexpected_message', 'plain HTTP'],
    ['an SSL 2.0 hello', fromHex('802e0100020015000000 10'), 'protocol_version', 'SSL 2.0'],
    ['a record of no known type', fromHex('2a0301000100'), 'unexpected_message', '42'],
    ['a record of no known version', fromHex('160201000100'), 'protocol_version', '2'],
    ['a record too long', fromHex('160301400100'), 'record_overflow', '16385'],
    ['a message too long', fromHex('1603010004 01ffffff'), 'illegal_parameter', '16777215'],
    ['an empty record', fromHex('1603010000'), 'unexpected_message', 'empty'],
    ['application data', fromHex('170303000100'), 'unexpected_message', 'START'],
    ['change_cipher_spec', fromHex('140303000101'), 'unexpected_message', 'START'],
    ['another message', fromHex('1603010004 14000000'), 'unexpected_message', 'Finished'],
    ['a hello cut short', fromHex('1603010006 01000002 0303'), 'decode_error', 'random'],
    ['an alert of three bytes', fromHex('1503010003 020000'), 'decode_error', '3'],
  ] as const)('%s', (_what, bytes, alert, says) => {
    const end = server({ random: rng, identities: [identity] })
    const failed = end.receive(bytes, 0).find((output) => output.kind === 'failed')
    expect(failed).toMatchObject({ by: 'server', fault: { alert } })
    expect(failed!.fault.rule).toContain(says)
    expect(end.receive(bytes, 0)).toEqual([])
  })
})

describe('a client refuses', () => {
  test.each([
    ['certificate_expired', 'TLS 1.3'],
    ['unknown_ca', 'TLS 1.2'],
  ] as const)('a certificate by %s, %s', (alert, version) => {
    const refusing: CertificateJudge = {
      judge: () => ({
        ok: false,
        alert,
        reason: 'notAfter has passed',
        rfc: 'RFC 5280 6.1.3(a)(2)',
        detail: { depth: 0 },
        events: [],
      }),
    }
    const run = meet({ judge: refusing, versions: [version], groups: ['x25519', 'secp256r1'] }, {})
    expectAlert(run, 'client', alert, 'RFC 5280 6.1.3(a)(2)')
    expect(run.find('client', 'failed')).toMatchObject({ detail: { depth: 0 }, fault: { rule: 'notAfter has passed' } })
  })

  test.each(['TLS 1.3', 'TLS 1.2'] as const)('a signature that does not verify, %s', (version) => {
    const other = emulatedSigner(generateKey('p-256', new Rng('other')), rng)
    const forged = { ...identity, signer: { ...signer, sign: other.sign } }
    const c = { versions: [version], groups: ['x25519', 'secp256r1'] }
    const rfc = version === 'TLS 1.3' ? 'RFC 8446 4.4.3' : 'RFC 5246 7.4.3'
    expectAlert(meet(c, { identities: [forged] }), 'client', 'decrypt_error', rfc)
  })

  test.each([
    [
      'an extension that it did not offer',
      [extension('application_layer_protocol_negotiation', alpn, ['h2'])],
      'unsupported_extension',
    ],
    ['an extension out of place', [extension('key_share', clientShares, [])], 'illegal_parameter'],
  ] as const)('%s', (_what, extensions, alert) => {
    expectAlert(meet({}, { shape: () => extensions }), 'client', alert, 'RFC 8446 4.2')
  })

  test('a protocol that it did not offer', () => {
    const extensions = [extension('application_layer_protocol_negotiation', alpn, ['smtp'])]
    expectAlert(meet({ alpn: ['h2'] }, { shape: () => extensions }), 'client', 'illegal_parameter', 'RFC 7301 3.1')
  })

  test('a downgrade: someone took TLS 1.3 out of its hello', () => {
    let first = true
    const wire: Wire = (_from, bytes) => {
      if (!first) return [bytes]
      first = false
      const copy = Buffer.from(bytes)
      // supported_versions becomes an extension that nobody knows.
      const at = copy.indexOf(Buffer.from('002b0005040304 0303'.replace(' ', ''), 'hex'))
      copy[at] = 0xff
      return [copy]
    }
    const run = meet({ groups: ['x25519', 'secp256r1'] }, {}, wire)
    expectAlert(run, 'client', 'illegal_parameter', 'RFC 8446 4.1.3')
    expect(run.find('client', 'failed')!.fault.rule).toContain('sentinel')
  })
})

test.each(['TLS 1.3', 'TLS 1.2'] as const)('an altered record of data is not heard, %s', (version) => {
  const run = meet({ versions: [version], groups: ['x25519', 'secp256r1'] })
  const [sent] = run.client.write(utf8('hello')).filter((output) => output.kind === 'send')
  const bytes = sent.bytes.slice()
  bytes[bytes.length - 1] ^= 1
  run.feed('server', run.server.receive(bytes, 0))
  expect(run.find('server', 'data')).toBe(undefined)
  expect(run.find('client', 'failed')).toMatchObject({ by: 'server', fault: { alert: 'bad_record_mac' } })
})

describe('rules that an altered record once got past', () => {
  const shape = (change: (hello: ClientHello) => ClientHello) => ({ shape: change })

  test('a hello that says SSL 3.0 is refused although it offers TLS 1.3 beside', () => {
    const run = meet(shape((hello) => ({ ...hello, version: 0x0300 })))
    expectAlert(run, 'server', 'protocol_version', 'RFC 8446 D.5')
  })

  test('point formats without the uncompressed one', () => {
    const compressed = extension('ec_point_formats', ecPointFormats, [1])
    const change = (hello: ClientHello): ClientHello => ({
      ...hello,
      extensions: [...without('ec_point_formats')(hello).extensions, compressed],
    })
    const run = meet({ versions: ['TLS 1.2'], ...shape(change) })
    expectAlert(run, 'server', 'illegal_parameter', 'RFC 8422 5.1.2')
  })

  test('signature_algorithms is missed before another share is asked for', () => {
    const run = meet({ keyShares: [], ...shape(without('signature_algorithms')) })
    expectAlert(run, 'server', 'missing_extension', 'RFC 8446 9.2')
  })

  test('a change_cipher_spec ahead of the ServerHello of TLS 1.3 is dropped', () => {
    const ahead: Wire = (from, bytes) => (from === 'server' ? [fromHex('140303000101'), bytes] : [bytes])
    const run = meet({}, {}, ahead)
    expect(run.find('client', 'connected')).toMatchObject({ connected: { version: 'TLS 1.3' } })
  })

  test('a message that cannot come is refused by its type, before its length is waited for or judged', () => {
    const end = client({ random: rng, serverName: 'web.test', judge })
    end.start(0)
    const outputs = end.receive(fromHex('16030300040bffffff'), 0)
    expect(outputs.find(({ kind }) => kind === 'failed')).toMatchObject({ fault: { alert: 'unexpected_message' } })
  })
})
