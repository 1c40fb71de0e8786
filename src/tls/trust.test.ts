import { expect, test } from 'vitest'
import { endEntity, rootCa } from '../pki/certificates.ts'
import { emulatedSigner } from '../pki/keys.ts'
import { Rng } from '../util/rng.ts'
import { client } from './client/start.ts'
import { Loopback } from './loopback.ts'
import { server } from './server/start.ts'
import { identityOf, trusting, trustingAnyone } from './trust.ts'

const NOW = Date.UTC(2026, 0, 1)
const rng = new Rng('trust')
const valid = { notBefore: NOW - 1000, notAfter: NOW + 1000 }
const root = rootCa({ subject: 'root', ...valid }, rng)
const leaf = endEntity({ subject: 'web', names: ['DNS:web'], extKeyUsage: ['serverAuth'], ...valid }, root, rng)
const strict = trusting({ roots: [root.certificate] })

function visit(serverName: string, judge: typeof strict, now = NOW): Loopback {
  const identities = [identityOf(leaf, emulatedSigner(leaf.key, rng))]
  const ends = [client({ random: rng, serverName, judge, trace: 'told' }), server({ random: rng, identities })] as const
  return new Loopback(...ends, now).start()
}

test('a certificate by a root that is trusted, for the name asked for, in its time', () => {
  const run = visit('web', strict)
  expect(run.client.at).toBe('CONNECTED')
  const kinds = run.outputs.client.flatMap((output) => (output.kind === 'step' ? [output.event.kind] : []))
  expect(kinds.some((kind) => kind.startsWith('cert'))).toBe(true)
})

test.each([
  ['another name', 'other', strict, NOW, 'bad_certificate'],
  ['after its time', 'web', strict, NOW + 5000, 'certificate_expired'],
  ['no roots', 'web', trusting({ roots: [] }), NOW, 'unknown_ca'],
] as const)('%s', (_what, name, judge, now, alert) => {
  const run = visit(name, judge, now)
  expect(run.find('client', 'failed')).toMatchObject({ by: 'client', fault: { alert }, detail: { ok: false } })
  expect(run.find('server', 'failed')).toMatchObject({ by: 'client', fault: { alert } })
})

test('anyone is let in when nobody is to be judged, but not without a certificate', () => {
  const run = visit('other', trustingAnyone, NOW + 5000)
  expect(run.find('client', 'connected')).toMatchObject({ connected: { verdict: { ok: false } } })
  const presented = { chain: [new Uint8Array(5)], role: 'server', name: null, now: NOW, ocsp: null } as const
  expect(trustingAnyone.judge(presented)).toMatchObject({ ok: false, alert: 'bad_certificate' })
})
