import { type Address, isV4, type Mac } from '../../util/address.ts'

/** The host end of a pod's veth pair: `veth` and eight hex digits, as the bridge plugin names it (it draws them). */
export const vethName = (namespace: string, name: string): string =>
  `veth${fnv(`${namespace}/${name}`).toString(16).padStart(8, '0')}`

const PRIVATE_PREFIX = 0x0a58

/**
 * `0a:58:` and the IPv4 address: what the CNI plugins' hwaddr package makes of an address, so that captures can be read
 * without a table. Of an IPv6 address, the last word.
 */
export function macOf(address: Address): Mac {
  const word = isV4(address) ? address : address.c ^ address.d
  return (PRIVATE_PREFIX * 0x1_0000_0000 + (word >>> 0)) as Mac
}

/** A locally administered MAC address drawn from a name: a machine's card, a tunnel end. */
export function macFromName(name: string): Mac {
  return (0x0e00 * 0x1_0000_0000 + (fnv(name) >>> 0)) as Mac
}

/** FNV-1a, 32 bits. */
function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
