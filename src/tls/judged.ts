import type { PublicKey } from '../pki/keys.ts'
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
  ) {
    super(alert, reason, rfc)
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
  if (core.trace) core.events(verdict.events)
  if (!verdict.ok) throw new JudgedError(verdict.alert, verdict.reason, verdict.rfc, verdict.detail)
  return { chain, key: verdict.key, detail: verdict.detail }
}
