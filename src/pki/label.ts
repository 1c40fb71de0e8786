import type { CertificateLabel } from '../trace/steps/cert.ts'
import { publicKeyName } from './public-key.ts'
import type { Certificate } from './x509/certificate.ts'

/** A certificate in one line of a report. */
export const labelOf = (c: Certificate): CertificateLabel => ({
  subject: c.subject.text,
  issuer: c.issuer.text,
  serial: c.serial.toString(16),
  fingerprint: c.fingerprint,
  key: publicKeyName(c.publicKey),
})
