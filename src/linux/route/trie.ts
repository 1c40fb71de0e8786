import type { Address } from '../../util/address.ts'
import type { Route } from './route.ts'

/**
 * Longest prefix match in strides of 8 bits, compiled from a whole table: each node is 256 entries, an entry is a route's
 * number (0: none) or, negative, a node. Prefixes are pushed down to the leaves, so a lookup reads at most one entry a byte.
 */
export class Trie {
  private nodes = new Int32Array(256)
  private used = 256
  private readonly routes: (Route | null)[] = [null]

  /** `routes` in the order of preference: the first of two with one prefix wins. */
  constructor(routes: readonly Route[]) {
    // Shorter prefixes first, so that longer ones overwrite them; the preferred of equals last.
    for (let i = routes.length - 1; i >= 0; i--) this.insert(routes[i])
    this.nodes = this.nodes.slice(0, this.used)
  }

  lookupV4(address: number): Route | null {
    const { nodes } = this
    let entry = nodes[address >>> 24]
    if (entry < 0) entry = nodes[-entry + ((address >>> 16) & 255)]
    if (entry < 0) entry = nodes[-entry + ((address >>> 8) & 255)]
    if (entry < 0) entry = nodes[-entry + (address & 255)]
    return this.routes[entry]
  }

  lookup(address: Address): Route | null {
    if (typeof address === 'number') return this.lookupV4(address)
    let entry = this.nodes[byteOf(address, 0)]
    for (let i = 1; entry < 0; i++) entry = this.nodes[-entry + byteOf(address, i)]
    return this.routes[entry]
  }

  private insert(route: Route): void {
    const { address, length } = route
    const number = this.routes.push(route) - 1
    let node = 0
    let depth = 0
    for (; depth + 8 < length; depth += 8) node = this.child(node + byteOf(address, depth >> 3))
    const first = length === 0 ? 0 : byteOf(address, depth >> 3)
    const span = 1 << (depth + 8 - length)
    this.nodes.fill(number, node + first, node + first + span)
  }

  /** The node below an entry; a new one inherits what the entry said. Nodes below are never covered by a shorter prefix. */
  private child(entry: number): number {
    const known = this.nodes[entry]
    if (known < 0) return -known
    if (this.used === this.nodes.length) {
      const wider = new Int32Array(this.nodes.length * 2)
      wider.set(this.nodes)
      this.nodes = wider
    }
    const node = this.used
    this.used += 256
    this.nodes.fill(known, node, node + 256)
    this.nodes[entry] = -node
    return node
  }
}

/** Byte `i` of an address, from the front. */
function byteOf(address: Address, i: number): number {
  const shift = 24 - ((i & 3) << 3)
  if (typeof address === 'number') return (address >>> shift) & 255
  const word = i < 4 ? address.a : i < 8 ? address.b : i < 12 ? address.c : address.d
  return (word >>> shift) & 255
}
