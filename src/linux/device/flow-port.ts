import { i32 } from '../../wire/fast/bytes.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import { hasTransport, Layout, locate } from '../../wire/fast/layout.ts'
import type { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'

/** net.ipv4.ip_local_port_range */
const LOWEST = 32_768
const HIGHEST = 60_999

const layout = new Layout()

/**
 * `udp_flow_src_port`: a UDP source port that stands for the inner flow, so that the underlay can spread flows and keep each in
 * order. Both directions of a flow hash alike, as in Linux. `frame.start` is at the inner Ethernet header.
 */
export function flowPort(frame: Frame, seed: number): number {
  const { bytes: b, start, end } = frame
  let hash = seed
  if (locate(b, start + ethernet.ETHERNET, end, layout)) {
    const { network: o, family } = layout
    if (family === 4) hash = mix(hash, i32(b, o + 12) ^ i32(b, o + 16), i32(b, o + 12) + i32(b, o + 16))
    else
      for (let i = 8; i < 24; i += 4)
        hash = mix(hash, i32(b, o + i) ^ i32(b, o + i + 16), i32(b, o + i) + i32(b, o + i + 16))
    const { protocol, transport: t } = layout
    const ports =
      (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) && hasTransport(layout) && t + 4 <= layout.end
    const word = ports && !layout.moreFragments ? i32(b, t) : 0
    hash = mix(hash, (word >>> 16) ^ (word & 0xffff), (word >>> 16) + (word & 0xffff) + (protocol << 20))
  } else {
    hash = mix(hash, i32(b, start + 2) ^ i32(b, start + 8), i32(b, start + 2) + i32(b, start + 8))
  }
  return LOWEST + Math.floor(((hash >>> 0) / 0x100000000) * (HIGHEST - LOWEST))
}

function mix(hash: number, a: number, b: number): number {
  let h = Math.imul(hash ^ a, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13) ^ b, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
