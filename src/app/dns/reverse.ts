import { type Address, parseV4, parseV6, V6 } from '../../util/address.ts'

const V4_SUFFIX = '.in-addr.arpa'
const V6_SUFFIX = '.ip6.arpa'

/** The address of a name under in-addr.arpa (RFC 1035 3.5) or ip6.arpa (RFC 3596 2.5); null when it is not one. */
export function addressOfArpa(name: string): Address | null {
  if (name.endsWith(V4_SUFFIX)) return parseV4(name.slice(0, -V4_SUFFIX.length).split('.').reverse().join('.'))
  if (!name.endsWith(V6_SUFFIX)) return null
  const nibbles = name.slice(0, -V6_SUFFIX.length).split('.').reverse()
  if (nibbles.length !== 32 || nibbles.some((nibble) => !/^[0-9a-f]$/.test(nibble))) return null
  return parseV6(nibbles.join('').replace(/.{4}(?!$)/g, '$&:'))
}

/** The name that PTR records of an address have. */
export function arpaOf(address: Address): string {
  if (!(address instanceof V6)) {
    const bytes = [0, 8, 16, 24].map((shift) => (address >>> shift) & 0xff)
    return `${bytes.join('.')}${V4_SUFFIX}`
  }
  return `${[...address.key].reverse().join('.')}${V6_SUFFIX}`
}
