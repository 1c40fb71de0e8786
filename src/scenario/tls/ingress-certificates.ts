import type { OwnCertificate } from '../../app/ingress/certificate.ts'
import type { Meta } from '../../kube/api/meta.ts'
import { nameOf } from '../../kube/api/meta.ts'
import { FAKE_CERTIFICATE, fakeCertificate, type Identity } from '../../pki/certificates.ts'
import type { Nanos } from '../../sim/time.ts'
import type { Identity as TlsIdentity } from '../../tls/config.ts'
import type { Rng } from '../../util/rng.ts'
import type { Bundles } from './bundles.ts'
import { identify } from './identify.ts'
import type { Origin, Origins } from './origins.ts'

/** The certificates that an ingress controller has at hand, each loaded once, with the object that it comes from. */
export class IngressCertificates {
  private readonly loaded = new Map<string, TlsIdentity>()
  private readonly fake: Identity

  constructor(
    private readonly pod: Pick<Meta, 'namespace' | 'name'>,
    private readonly bundles: Bundles,
    private readonly origins: Origins,
    /** --default-ssl-certificate, `NS/NAME`; empty: the one that the controller makes for itself. */
    private readonly defaultCertificate: string,
    private readonly rng: Rng,
    /** When it starts, in milliseconds since 1970. */
    started: number,
  ) {
    this.fake = fakeCertificate(started, rng.fork('fake certificate'))
  }

  /** The Secret's in the version that the controller was configured with, or its default one. */
  of(certificate: OwnCertificate, now: Nanos): TlsIdentity {
    if (certificate.from === 'default') return this.fallback(now)
    const { secret } = certificate.choice
    const versions = this.bundles.versions(secret)
    const file = versions.find(({ identity }) => identity.certificate.fingerprint === certificate.fingerprint)
    return file === undefined ? this.fallback(now) : this.load(file.identity, originOf(secret))
  }

  private fallback(now: Nanos): TlsIdentity {
    const { defaultCertificate } = this
    const named = defaultCertificate === '' ? null : this.bundles.current(defaultCertificate, now)
    return named?.kind === 'file'
      ? this.load(named.file.identity, originOf(defaultCertificate))
      : this.load(this.fake, { object: `Pod ${nameOf(this.pod)}`, key: FAKE_CERTIFICATE })
  }

  private load(identity: Identity, origin: Origin): TlsIdentity {
    const { fingerprint } = identity.certificate
    const known = this.loaded.get(fingerprint) ?? identify(identity, this.rng.fork(fingerprint))
    this.loaded.set(fingerprint, known)
    this.origins.add(identity.certificate, origin)
    return known
  }
}

const originOf = (secret: string): Origin => ({ object: `Secret ${secret}`, key: 'tls.crt' })
