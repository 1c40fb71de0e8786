import type { AlertName } from '../../../src/tls/alert.ts'
import type { Version } from '../../../src/tls/numbers.ts'
import type { TlsRole } from '../../../src/trace/steps/tls.ts'
import type { Altered, Ruling } from './fields.ts'

/** One field that is not as it was sent. */
export interface AlteredField extends Altered {
  readonly field: string
  readonly of: string
  readonly is: number
  readonly was: number
  /** Types of extensions that have become others. */
  readonly lost: readonly number[]
  /** The version that the two settle on now. */
  readonly settled: Version | null
  /** Something else was changed that leaves the session unused. */
  readonly fallsBack: boolean
}

export type Both = Readonly<Record<TlsRole, readonly AlertName[]>>
/** One of these, where the message is read. */
export const must = (...now: AlertName[]): Ruling => ({ now, later: null })
export const may = (later: Both, ...now: AlertName[]): Ruling => ({ now, later })
export const clientLater = (...client: AlertName[]): Both => ({ client, server: [] })
export const serverLater = (...server: AlertName[]): Both => ({ client: [], server })
export const and = (both: Both, client: readonly AlertName[], server: readonly AlertName[] = []): Both => ({
  client: [...both.client, ...client],
  server: [...both.server, ...server],
})

/** TLS 1.2: the keys are others. CertificateVerify, if there is one, comes before the first record under them (RFC 5246 7.4.8). */
export const otherKeys = ({ clientAuth }: Altered): AlertName => (clientAuth ? 'decrypt_error' : 'bad_record_mac')

/** TLS 1.2, in full: the transcripts are not the same, so with RFC 7627 the keys are not; without, the Finished tells. */
export const otherTranscript = (altered: Altered): AlertName =>
  altered.course.extended ? otherKeys(altered) : 'decrypt_error'
