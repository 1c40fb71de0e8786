import type { Rng } from '../../util/rng.ts'
import { DAY, type Moment, millisOf } from '../moment.ts'
import { name } from '../x509/name.ts'
import { rootCa } from './authority.ts'
import type { Identity } from './certificate.ts'

export const FAKE_CERTIFICATE = 'Kubernetes Ingress Controller Fake Certificate'

/** What ingress-nginx makes for itself when it starts, and serves where it has nothing better (ssl.GetFakeSSLCert). */
export function fakeCertificate(now: Moment, rng: Rng): Identity {
  const start = millisOf(now)
  const subject = name([
    ['O', 'Acme Co'],
    ['CN', FAKE_CERTIFICATE],
  ])
  const use = { keyUsage: ['digitalSignature', 'keyEncipherment'], extKeyUsage: ['serverAuth'] } as const
  const spec = { subject, names: ['DNS:ingress.local'], key: 'rsa-2048', ca: false, ...use } as const
  return rootCa({ ...spec, notBefore: start, notAfter: start + 365 * DAY }, rng)
}
