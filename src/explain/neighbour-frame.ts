import { formatAddress, formatMac } from '../util/address.ts'
import * as ethernet from '../wire/fast/ethernet.ts'
import { v6At } from '../wire/fast/ipv6.ts'
import { Layout, locate } from '../wire/fast/layout.ts'
import { ETHERTYPE, PROTOCOL } from '../wire/numbers.ts'
import { summarise } from './frame-summary.ts'

const { ETHERNET } = ethernet
const SOLICITATION = 135
const ADVERTISEMENT = 136

/** Who is at a link-layer address, as an ARP reply or a neighbour advertisement says; `request` for a question, else null. */
export function neighbourFrame(b: Uint8Array): 'request' | { readonly address: string; readonly mac: string } | null {
  if (b.length < ETHERNET) return null
  if (ethernet.etherType(b, 0) === ETHERTYPE.arp) {
    const { arp } = summarise(b)
    if (arp === undefined) return null
    return arp.operation === 'request' ? 'request' : { address: arp.senderIp, mac: arp.senderMac }
  }
  const l = new Layout()
  if (!locate(b, ETHERNET, b.length, l) || l.protocol !== PROTOCOL.icmpv6 || l.end < l.transport + 24) return null
  const type = b[l.transport]
  if (type === SOLICITATION) return 'request'
  if (type !== ADVERTISEMENT) return null
  // RFC 4861 4.4: the target follows flags; its link-layer address is the frame's own source, unless proxied.
  return { address: formatAddress(v6At(b, l.transport + 8)), mac: formatMac(ethernet.source(b, 0)) }
}
