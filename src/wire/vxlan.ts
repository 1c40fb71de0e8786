import type { Codec } from '../util/bytes.ts'

/** RFC 7348 5: an Ethernet frame in UDP. */
export interface Vxlan {
  readonly vni: number
  readonly payload: Uint8Array
}

/** The I flag. Linux drops a packet without it, as the RFC wants; other bits are ignored on receipt. */
const VALID = 0x08

export const vxlan: Codec<Vxlan> = {
  name: 'vxlan',
  read(r) {
    const flags = r.u8('flags', 'hex')
    if ((flags & VALID) === 0) r.fail('flags', 'the I flag (0x08)', flags)
    r.u24('reserved', 'hex')
    const vni = r.u24('vni')
    r.u8('reserved', 'hex')
    return { vni, payload: r.rest('payload') }
  },
  write(w, { vni, payload }) {
    w.u8(VALID).u24(0).u24(vni).u8(0).take(payload)
  },
}
