import type { Address } from '../../util/address.ts'

/**
 * IP_MTU_DISCOVER: 'want' sets DF on what fits the path and fragments what does not; 'do' sets it always and fails with
 * EMSGSIZE; 'dont' never sets it.
 */
export type DiscoverPathMtu = 'want' | 'do' | 'dont'

/** `__ip_make_skb`: whether a packet of `length` bytes after the IP header goes out without DF. */
export function mayFragment(discover: DiscoverPathMtu = 'want', to: Address, length: number, mtu: number): boolean {
  if (discover !== 'want') return discover === 'dont'
  return length + (typeof to === 'number' ? 20 : 40) > mtu
}
