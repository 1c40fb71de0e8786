import type { Address } from '../util/address.ts'
import type { Codec, Writer } from '../util/bytes.ts'
import { checksum, neverZero, pseudo } from './checksum.ts'
import { PROTOCOL } from './numbers.ts'

/**
 * TCP, UDP and ICMPv6 checksums cover the addresses of the IP header below them (RFC 8200 8.1), which their own bytes do not
 * hold. Their plain codecs leave the checksum zero; one made for a pair of addresses fills it in.
 */
export function between<T>(codec: Codec<T>, protocol: number, offset: number) {
  return (source: Address, destination: Address): Codec<T> => ({
    ...codec,
    write(w, value) {
      const start = w.length
      codec.write(w, value)
      const check = checksum(w.view(), start, w.length, pseudo(source, destination, protocol, w.length - start))
      w.patch16(start + offset, protocol === PROTOCOL.udp ? neverZero(check) : check)
    },
  })
}

/** Fills in the checksum at `offset` of what was written since `start`, for a protocol that covers only its own bytes. */
export function seal(w: Writer, start: number, offset: number, end = w.length): void {
  w.patch16(start + offset, checksum(w.view(), start, end))
}

/** For a writer's 16-bit length field. Throws RangeError where no such packet can be. */
export function length16(length: number, field: string): number {
  if (length > 0xffff) throw new RangeError(`${field}: ${length} bytes do not fit 16 bits`)
  return length
}
