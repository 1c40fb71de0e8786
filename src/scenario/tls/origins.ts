import type { HeldCertificate } from '../../explain/request/change.ts'
import type { Certificate } from '../../pki/certificates.ts'
import { formatAddress } from '../../util/address.ts'

/** The object that a certificate comes from. */
export type Origin = Pick<HeldCertificate, 'object' | 'key'>

/** Where certificates come from, by fingerprint: a report traces what it says of them to the object to be changed. */
export class Origins {
  private readonly known = new Map<string, HeldCertificate>()

  add(certificate: Certificate, origin: Origin): void {
    const { fingerprint, notBefore, notAfter } = certificate
    this.known.set(fingerprint, { ...origin, names: namesOf(certificate), notBefore, notAfter })
  }

  of(fingerprint: string): HeldCertificate | null {
    return this.known.get(fingerprint) ?? null
  }
}

/** The names in a certificate without their kind: `web`, `10.96.0.80`, `spiffe://cluster.local/…`. */
export const namesOf = ({ subjectAltNames }: Certificate): string[] =>
  subjectAltNames.flatMap((name) =>
    name.kind === 'ip' ? [formatAddress(name.value)] : name.kind === 'dns' || name.kind === 'uri' ? [name.value] : [],
  )
