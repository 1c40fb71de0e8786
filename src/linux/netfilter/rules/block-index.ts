import { type Address, isV4 } from '../../../util/address.ts'
import type { Packet } from '../packet.ts'
import type { Match } from './match.ts'

/** Below this a linear walk is as fast. */
const WORTH_IT = 16

const NONE = new Int32Array(0)

/**
 * Which rules of a long block can match a packet at all, by its destination address or port. The others provably do not, and
 * skipping them has no effect: matches with a memory or by chance come after the ones indexed here.
 */
export class BlockIndex {
  private readonly mask: number
  /** Per bucket the first of its rules, ascending by `next`; -1 ends. */
  private readonly heads: Int32Array
  private readonly next: Int32Array
  /** Rules that any packet may match. */
  readonly wild: Int32Array

  constructor(
    private readonly by: 'address' | 'port',
    keys: readonly (number | null)[],
  ) {
    let size = 16
    while (size < keys.length) size <<= 1
    this.mask = size - 1
    this.heads = new Int32Array(size).fill(-1)
    this.next = new Int32Array(keys.length)
    const wild: number[] = []
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i]
      if (key === null) wild.push(i)
      else {
        const bucket = key & this.mask
        this.next[i] = this.heads[bucket]
        this.heads[bucket] = i
      }
    }
    this.wild = wild.length === 0 ? NONE : Int32Array.from(wild.reverse())
  }

  /** The first rule in the packet's bucket, or -1. */
  first(p: Packet): number {
    const key = this.by === 'address' ? addressHash(p.destination) : portHash(p.destinationPort)
    return this.heads[key & this.mask]
  }

  after(i: number): number {
    return this.next[i]
  }
}

/** A rule, or the destination address of one that is not made yet. */
type Indexed = { readonly matches: readonly Match[] } | { readonly destination: Address }

/** Null when the block is short, or its rules have nothing in common to look up. */
export function indexOf(rules: readonly Indexed[]): BlockIndex | null {
  if (rules.length < WORTH_IT) return null
  const addresses = rules.map((rule) => ('matches' in rule ? addressKey(rule.matches) : addressHash(rule.destination)))
  if (useful(addresses)) return new BlockIndex('address', addresses)
  const ports = rules.map((rule) => ('matches' in rule ? portKey(rule.matches) : null))
  return useful(ports) ? new BlockIndex('port', ports) : null
}

function useful(keys: readonly (number | null)[]): boolean {
  let wild = 0
  for (const key of keys) if (key === null) wild++
  return wild * 2 < keys.length
}

/** Of rules for one destination address. */
function addressKey(matches: readonly Match[]): number | null {
  for (const match of matches) {
    if (match.kind !== 'destination' || match.negate === true) continue
    const { address, length } = match.prefix
    if (length === (isV4(address) ? 32 : 128)) return addressHash(address)
  }
  return null
}

/** Of rules for one destination port, when nothing that remembers or draws is asked before it. */
function portKey(matches: readonly Match[]): number | null {
  for (const match of matches) {
    if (match.kind === 'random' || match.kind === 'recent' || match.kind === 'limit') return null
    if (match.kind !== 'destination-port' || match.negate === true) continue
    if (match.ports.low === match.ports.high) return portHash(match.ports.low)
  }
  return null
}

function addressHash(address: Address): number {
  if (isV4(address)) return mix(address)
  return mix(address.a ^ mix(address.b ^ mix(address.c ^ mix(address.d))))
}

function portHash(port: number): number {
  return mix(port)
}

function mix(value: number): number {
  const h = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  return h ^ (h >>> 15)
}
