import type { Identity } from '../../pki/certificates.ts'
import { emulatedSigner } from '../../pki/keys.ts'
import type { Identity as TlsIdentity } from '../../tls/config.ts'
import { identityOf } from '../../tls/trust.ts'
import type { Rng } from '../../util/rng.ts'

/** A certificate as a TLS server has it. `named`: for the names in it alone, where a server has several. */
export function identify({ certificate, chain, key }: Identity, rng: Rng, named = false): TlsIdentity {
  const identity = identityOf({ certificate, chain }, emulatedSigner(key, rng))
  const names = certificate.subjectAltNames.flatMap((name) => (name.kind === 'dns' ? [name.value] : []))
  return named ? { ...identity, names } : identity
}
