import { TlsError } from '../alert.ts'

/** A peer's record_size_limit (RFC 8449 4): 64 at the least; more than a record can hold means no more than that. */
export function checkedLimit(limit: number): number {
  if (limit < 64) throw new TlsError('illegal_parameter', `record_size_limit is 64 or more, not ${limit}`, 'RFC 8449 4')
  return Math.min(limit, 2 ** 14 + 1)
}
