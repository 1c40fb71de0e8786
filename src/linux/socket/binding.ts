import { type Address, familyOf, sameAddress } from '../../util/address.ts'

/** What a socket is bound to: an address, or all of them. 'any' is `[::]` without IPV6_V6ONLY, which takes IPv4 too. */
export type LocalAddress = Address | 'any' | 'any4' | 'any6'

/** Whether a packet to `address` may go to a socket bound so. */
export function accepts(bound: LocalAddress, address: Address): boolean {
  return matchScore(bound, address) >= 0
}

/** How well a binding fits (`compute_score`): -1 not at all; a specific address beats a wildcard, one family beats both. */
export function matchScore(bound: LocalAddress, address: Address): number {
  switch (bound) {
    case 'any':
      return 0
    case 'any4':
      return familyOf(address) === 4 ? 1 : -1
    case 'any6':
      return familyOf(address) === 6 ? 1 : -1
    default:
      return sameAddress(bound, address) ? 2 : -1
  }
}

/** Whether some packet would fit both (`inet_rcv_saddr_equal`). */
export function overlap(a: LocalAddress, b: LocalAddress): boolean {
  if (typeof a !== 'string' && typeof b !== 'string') return sameAddress(a, b)
  return (families(a) & families(b)) !== 0
}

/** A bit for each family. */
function families(bound: LocalAddress): number {
  switch (bound) {
    case 'any':
      return 3
    case 'any4':
      return 1
    case 'any6':
      return 2
    default:
      return familyOf(bound) === 4 ? 1 : 2
  }
}
