import { judgePeer, type Identity as PkiIdentity, parseCertificate, type Trust } from '../pki/certificates.ts'
import type { Signer } from '../pki/keys.ts'
import type { Identity } from './config.ts'
import type { CertificateJudge } from './judge.ts'

/** Judges by roots, revocation lists and policy, as RFC 5280 and RFC 9525 say. */
export const trusting = (trust: Trust): CertificateJudge => ({ judge: (presented) => judgePeer(trust, presented) })

/** Lets everybody in who has a certificate, as `curl -k` does: it proves that the peer has a key, not whose. */
export const trustingAnyone: CertificateJudge = {
  judge({ chain, name, role, now, ocsp }) {
    const verdict = judgePeer({ roots: [] }, { chain, name, role, now, ocsp })
    if (verdict.ok) return verdict
    // What does not parse has no key to go on with.
    if (verdict.detail === null) return verdict
    const { detail, events } = verdict
    return { ok: true, key: parseCertificate(chain[0]).publicKey, detail, events }
  },
}

/** An issued or loaded certificate, ready to be presented. */
export function identityOf(
  { certificate, chain }: Pick<PkiIdentity, 'certificate' | 'chain'>,
  signer: Signer,
): Identity {
  return { chain: [certificate, ...chain].map(({ der }) => der), signer }
}
