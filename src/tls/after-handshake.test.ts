import { describe, expect, test } from 'vitest'
import { emulatedSigner, generateKey, parsePublicKey } from '../pki/keys.ts'
import type { TlsEvent, TlsRole } from '../trace/steps/tls.ts'
import { Rng } from '../util/rng.ts'
import { client } from './client/start.ts'
import type { ClientConfig, ServerConfig } from './config.ts'
import type { Core } from './core.ts'
import { extension } from './extension/build.ts'
import { signatureAlgorithms } from './extension/codecs.ts'
import type { CertificateJudge } from './judge.ts'
import { Loopback } from './loopback.ts'
import { certificate13, certificateRequest13 } from './message/certificate.ts'
import { type Handshake, handshake } from './message/handshake.ts'
import { DEFAULT_SCHEMES, schemeCodes } from './schemes.ts'
import { server } from './server/start.ts'

// RFC 8446 4.6.2: post-handshake authentication is for clients that offered post_handshake_auth. Ours never does, so a request
// is refused with unexpected_message; and so is every other message that has no place after the handshake.
const rng = new Rng('after the handshake')
const key = generateKey('p-256', rng)
const identity = { chain: [key.public.spki], signer: emulatedSigner(key, rng) }
const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: null, events: [] }),
}

function connected(c: Partial<ClientConfig> = {}, s: Partial<ServerConfig> = {}): Loopback {
  const common = { random: rng, groups: ['x25519'], trace: 'told' as const }
  const run = new Loopback(
    client({ ...common, serverName: 'web.test', judge, ...c }),
    server({ ...common, identities: [identity], ...s }),
    1000,
  ).start()
  for (const role of ['client', 'server'] as const) expect(run.find(role, 'connected')).toBeDefined()
  return run
}

/** An end that does what ours never would: it sends this, sealed as all that it sends. */
function says(run: Loopback, role: TlsRole, message: Handshake): void {
  const { core } = run[role] as unknown as { readonly core: Core }
  core.sendAfterHandshake(message)
  run.feed(role, core.take())
}

const schemes = extension('signature_algorithms', signatureAlgorithms, schemeCodes(DEFAULT_SCHEMES))
const request = handshake('CertificateRequest', certificateRequest13, {
  context: Uint8Array.of(1, 2, 3),
  extensions: [schemes],
})
const empty = handshake('Certificate', certificate13, { context: Uint8Array.of(1, 2, 3), entries: [] })

function refused(run: Loopback, by: TlsRole): readonly TlsEvent[] {
  const other = by === 'client' ? 'server' : 'client'
  expect(run.find(by, 'failed')).toMatchObject({ by, fault: { alert: 'unexpected_message' } })
  expect(run.find(other, 'failed')).toMatchObject({ by, fault: { alert: 'unexpected_message' } })
  return run.outputs[by].flatMap((output) => (output.kind === 'step' ? [output.event as TlsEvent] : []))
}

describe('a CertificateRequest after the handshake', () => {
  test.each([
    ['to a client without a certificate', {}],
    ['to one that has one', { identities: [identity] }],
  ])('is refused: %s', (_what, config) => {
    const run = connected(config)
    says(run, 'server', request)
    const steps = refused(run, 'client')
    const alert = steps.findLast((event) => event.kind === 'tls-alert')
    expect(alert).toMatchObject({ direction: 'sent', level: 'fatal', code: 10 })
    // It says nothing of who it is, and takes no data that comes after.
    expect(
      steps.some(
        (event) => event.kind === 'tls-message' && event.direction === 'sent' && event.message === 'Certificate',
      ),
    ).toBe(false)
    expect(run.client.at).toBe('FAILED')
    expect(() => run.client.write(Uint8Array.of(1))).toThrow(RangeError)
  })

  test('the ClientHello did not offer post_handshake_auth', () => {
    const { outputs } = connected()
    const hello = outputs.client.find(
      (output) =>
        output.kind === 'step' && output.event.kind === 'tls-message' && output.event.message === 'ClientHello',
    )
    expect(JSON.stringify(hello)).not.toContain('post_handshake_auth')
  })

  test('data before it was delivered, data after it is not', () => {
    const run = connected()
    run.feed('server', run.server.write(Uint8Array.of(1, 2)))
    says(run, 'server', request)
    run.feed('server', [])
    expect([...run.received('client')]).toEqual([1, 2])
  })
})

describe('to a server, after the handshake', () => {
  test.each([
    ['a Certificate that nobody asked for', empty],
    ['a request of the client’s own', request],
  ])('%s is refused', (_what, message) => {
    const run = connected()
    says(run, 'client', message)
    refused(run, 'server')
  })

  test('and from one that had asked within the handshake, once is all', () => {
    const run = connected({ identities: [identity] }, { judge, clientAuth: 'require' })
    says(run, 'client', empty)
    refused(run, 'server')
  })
})
