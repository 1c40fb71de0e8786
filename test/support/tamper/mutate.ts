import type { Rng } from '../../../src/util/rng.ts'

/** The records of a flight, one a piece. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + ((bytes[at + 3] << 8) | bytes[at + 4])
    all.push(bytes.subarray(at, end))
    at = end
  }
  return all
}

/** One change that a wire could make to record `i`: what arrives in the place of all of them. */
export function mutated(records: readonly Uint8Array[], i: number, rng: Rng): Uint8Array[] {
  const record = records[i].slice()
  const others = [records.slice(0, i), records.slice(i + 1)] as const
  const around = (...now: Uint8Array[]): Uint8Array[] => [...others[0], ...now, ...others[1]]
  switch (rng.below(8)) {
    case 0:
    case 1:
      record[rng.below(record.length)] ^= 1 << rng.below(8)
      return around(record)
    case 2:
      for (let n = rng.below(8); n >= 0; n--) record[rng.below(record.length)] = rng.below(256)
      return around(record)
    case 3:
      return around(record.subarray(0, rng.below(record.length)))
    case 4:
      return around()
    case 5:
      return around(record, record)
    case 6:
      return around(forged(rng), record)
    default:
      return others[1].length === 0 ? around(forged(rng)) : [...others[0], others[1][0], record, ...others[1].slice(1)]
  }
}

/** Nobody here sends it, and it is too odd to come about by chance. */
const HELLO_REQUEST = Uint8Array.of(22, 3, 3, 0, 4, 0, 0, 0, 0)

/** A well-framed record of any content. */
function forged(rng: Rng): Uint8Array {
  if (rng.below(8) === 0) return HELLO_REQUEST
  const payload = rng.bytes(1 + rng.below(60))
  return Uint8Array.of([20, 21, 22, 23, 24][rng.below(5)], 3, 3, 0, payload.length, ...payload)
}
