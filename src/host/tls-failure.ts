import type { Fault } from '../tls/alert.ts'

/** The peer or we gave up; `fault` says why. */
export class TlsFailure extends Error {
  constructor(
    readonly fault: Fault,
    readonly by: 'client' | 'server',
    /** The certificate judge's, where it was that. */
    readonly detail: unknown,
  ) {
    super(`${fault.alert} by the ${by}: ${fault.rule} (${fault.rfc})`)
    this.name = 'TlsFailure'
  }
}
