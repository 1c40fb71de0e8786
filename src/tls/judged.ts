import type { PublicKey } from '../pki/keys.ts'
import type { TlsKnown } from '../trace/steps/tls.ts'
import { type AlertName, TlsError } from './alert.ts'
import type { Core } from './core.ts'
import type { CertificateJudge } from './judge.ts'

/** The judge said no; `detail` is what it has to say. */
export class JudgedError extends TlsError {
  constructor(
    alert: AlertName,
    reason: string,
    rfc: string,
    readonly detail: unknown,
    knew: readonly TlsKnown[],
  ) {
    super(alert, reason, rfc, knew)
  }
}

/** A peer that the judge let in. */
export interface Judged {
  readonly chain: readonly Uint8Array[]
  readonly key: PublicKey
  readonly detail: unknown
}

/** Asks the judge about the peer's chain. Throws `JudgedError` with the alert it wants. */
export function judgePeer(
  core: Core,
  judge: CertificateJudge,
  chain: readonly Uint8Array[],
  name: string | null,
  ocsp: Uint8Array | null,
): Judged {
  if (chain.length > core.limits.chainLength) {
    const rule = `a chain of ${chain.length} certificates exceeds this endpoint's limit of ${core.limits.chainLength}`
    throw new TlsError('bad_certificate', rule, 'RFC 8446 4.4.2')
  }
  const verdict = judge.judge({ chain, role: core.peer, name, now: core.now, ocsp })
  core.events(verdict.events)
  if (!verdict.ok) {
    const { alert, reason, rfc, detail } = verdict
    throw new JudgedError(alert, reason, rfc, detail, sides(core, chain.length, name))
  }
  return { chain, key: verdict.key, detail: verdict.detail }
}

function sides({ role, peer, now }: Core, sent: number, name: string | null): readonly TlsKnown[] {
  const wanted = name !== null ? `the name ${name}` : role === 'server' ? "a client's certificate" : 'any name'
  const certificates = sent === 1 ? '1 certificate' : `${sent} certificates`
  return [
    { side: role, fact: `asks for ${wanted}, at ${new Date(now).toISOString().replace('.000Z', 'Z')}` },
    { side: peer, fact: `sent ${certificates}, as its files hold them; it does not judge its own` },
  ]
}
