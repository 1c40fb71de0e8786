import type { Certificate } from '../../pki/certificates.ts'

/** The object that a certificate comes from. */
export interface Origin {
  /** `Secret default/web-tls`, `Pod default/web`. */
  readonly object: string
  /** Its key or annotation: `tls.crt`. */
  readonly key: string
}

/** Where certificates come from, by fingerprint: a report traces what it says of them to the object to be changed. */
export class Origins {
  private readonly known = new Map<string, Origin>()

  add(certificate: Certificate, origin: Origin): void {
    this.known.set(certificate.fingerprint, origin)
  }

  of(fingerprint: string): Origin | null {
    return this.known.get(fingerprint) ?? null
  }
}
