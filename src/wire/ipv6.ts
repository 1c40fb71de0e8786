import type { V6 } from '../util/address.ts'
import type { Codec } from '../util/bytes.ts'
import { type Extension, readExtensions, writeExtensions } from './ipv6-extensions.ts'
import { length16 } from './sealing.ts'

/** RFC 8200. The writer computes the payload length and chains the next headers. Jumbograms (RFC 2675) are not known. */
export interface Ipv6 {
  readonly trafficClass: number
  readonly flowLabel: number
  readonly hopLimit: number
  readonly source: V6
  readonly destination: V6
  readonly extensions: readonly Extension[]
  /** What the payload is: after a fragment header with an offset, what the first fragment's payload begins with. */
  readonly protocol: number
  readonly payload: Uint8Array
}

export const ipv6: Codec<Ipv6> = {
  name: 'ipv6',
  read(outer) {
    const { version, trafficClass, flowLabel } = outer.bits({ version: 4, trafficClass: 8, flowLabel: 20 }, 'hex')
    if (version !== 6) outer.fail('version', '6', version)
    const length = outer.u16('payloadLength')
    const r = outer.sub(outer.ensure(length + 34, 'payloadLength'), 'ipv6')
    const next = r.u8('nextHeader')
    const hopLimit = r.u8('hopLimit')
    const source = r.v6('source')
    const destination = r.v6('destination')
    const { extensions, protocol } = readExtensions(r, next)
    return {
      trafficClass,
      flowLabel,
      hopLimit,
      source,
      destination,
      extensions,
      protocol,
      payload: r.rest('payload'),
    }
  },
  write(w, value) {
    const start = w.length
    w.u32(0x60000000 | (value.trafficClass << 20) | value.flowLabel)
    w.u16(0).u8(0).u8(value.hopLimit).v6(value.source).v6(value.destination)
    writeExtensions(w, start + 6, value.extensions, value.protocol)
    w.take(value.payload)
    w.patch16(start + 4, length16(w.length - start - 40, 'ipv6.payloadLength'))
  },
}
