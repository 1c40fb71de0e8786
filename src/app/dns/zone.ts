import type { DnsRecord } from '../../wire/dns/record.ts'

/** What a zone says to a question. */
export interface ZoneAnswer {
  readonly rcode: number
  readonly answers: readonly DnsRecord[]
  readonly authorities: readonly DnsRecord[]
  readonly additionals: readonly DnsRecord[]
}

/** A source of records. `type` is a number of `RECORD_TYPE`, or any other; `name` has no dot at its end. */
export interface Zone {
  /** Null: the name is not this zone's business, and the next one is asked. */
  answer(name: string, type: number): ZoneAnswer | null
}
