import type { Codec } from '../util/bytes.ts'
import { PROTOCOL } from './numbers.ts'
import { between, length16 } from './sealing.ts'

/** RFC 768. */
export interface Udp {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: Uint8Array
}

/** Writes a checksum of zero: "none", which only IPv4 allows. */
export const udp: Codec<Udp> = {
  name: 'udp',
  read(r) {
    const sourcePort = r.u16('sourcePort')
    const destinationPort = r.u16('destinationPort')
    const length = r.u16('length')
    if (length < 8) r.fail('length', '>= 8', length)
    const size = r.ensure(length - 6, 'length')
    const body = r.sub(size, 'udp')
    body.u16('checksum', 'hex')
    return { sourcePort, destinationPort, payload: body.rest('payload') }
  },
  write(w, { sourcePort, destinationPort, payload }) {
    w.u16(sourcePort).u16(destinationPort)
    w.u16(length16(8 + payload.length, 'udp.length'))
      .u16(0)
      .take(payload)
  },
}

/** UDP between two addresses, with its checksum. */
export const udpBetween = between(udp, PROTOCOL.udp, 6)
