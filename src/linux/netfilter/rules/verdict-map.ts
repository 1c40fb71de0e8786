import { type Address, formatAddress, keyOf } from '../../../util/address.ts'
import type { Packet } from '../packet.ts'
import { protocolName } from './names.ts'
import type { MapElement, Verdict, VerdictMap } from './rule.ts'

/** The verdict for a packet, or undefined. */
export function lookup({ key, layers }: VerdictMap, p: Packet): Verdict | undefined {
  const wanted = keyFor(key === 'l4proto . dport' ? null : p.destination, p.protocol, p.destinationPort)
  for (const layer of layers) {
    const found = layer.get(wanted)
    if (found !== undefined) return found.verdict
  }
  return undefined
}

/** Adds an element; of two with one key the first stays, as nft refuses the second. */
export function addElement(
  layer: Map<string, MapElement>,
  address: Address | null,
  protocol: number,
  port: number,
  verdict: Verdict,
  comment?: string,
): void {
  const key = keyFor(address, protocol, port)
  if (layer.has(key)) return
  const parts = [...(address === null ? [] : [formatAddress(address)]), protocolName(protocol), `${port}`]
  layer.set(key, { text: parts.join(' . '), verdict, ...(comment !== undefined && { comment }) })
}

function keyFor(address: Address | null, protocol: number, port: number): string {
  return address === null ? `${protocol}.${port}` : `${keyOf(address)}.${protocol}.${port}`
}
