import type { Nanos } from '../../../sim/time.ts'
import type { Address } from '../../../util/address.ts'
import type { Connection, Tuple } from '../connection.ts'

/**
 * The hash table of nf_conntrack: both tuples of every confirmed connection. Entries that have run out are dropped when a
 * lookup meets them and when the table grows, so a connection costs no timer.
 */
export class ConntrackTable {
  private buckets: (Tuple | null)[] = new Array(64).fill(null)
  private readonly connections = new Set<Connection>()
  /** Entries ever made: while it stays the same, a tuple that was free is free. */
  insertions = 0

  constructor(
    private readonly now: () => Nanos,
    /** An entry ran out. */
    private readonly onExpired: (connection: Connection) => void,
  ) {}

  /** Confirmed connections, those that have run out but were not met again included. */
  get size(): number {
    return this.connections.size
  }

  /** Live connections in the order they were confirmed. */
  *[Symbol.iterator](): Generator<Connection> {
    const now = this.now()
    for (const connection of this.connections) if (connection.expires > now) yield connection
  }

  find(
    source: Address,
    destination: Address,
    sourcePort: number,
    destinationPort: number,
    protocol: number,
  ): Tuple | null {
    const hash = hashOf(source, destination, sourcePort, destinationPort, protocol)
    let tuple = this.buckets[hash & (this.buckets.length - 1)]
    while (tuple !== null) {
      if (
        tuple.hash === hash &&
        tuple.sourcePort === sourcePort &&
        tuple.destinationPort === destinationPort &&
        tuple.protocol === protocol &&
        same(tuple.source, source) &&
        same(tuple.destination, destination)
      ) {
        if (tuple.connection.expires > this.now()) return tuple
        this.expire(tuple.connection)
        return null
      }
      tuple = tuple.next
    }
    return null
  }

  findTuple(tuple: Tuple): Tuple | null {
    return this.find(tuple.source, tuple.destination, tuple.sourcePort, tuple.destinationPort, tuple.protocol)
  }

  /** The caller has seen that neither tuple is there. */
  insert(connection: Connection): void {
    if (this.connections.size * 2 >= this.buckets.length) this.grow()
    this.insertions++
    this.connections.add(connection)
    connection.confirmed = true
    this.link(connection.original)
    this.link(connection.reply)
  }

  remove(connection: Connection): void {
    if (!this.connections.delete(connection)) return
    connection.dead = true
    this.unlink(connection.original)
    this.unlink(connection.reply)
  }

  /** Drops every entry that has run out. */
  sweep(): void {
    const now = this.now()
    for (const connection of this.connections) if (connection.expires <= now) this.expire(connection)
  }

  private expire(connection: Connection): void {
    this.remove(connection)
    this.onExpired(connection)
  }

  private grow(): void {
    this.sweep()
    if (this.connections.size * 2 < this.buckets.length) return
    this.buckets = new Array(this.buckets.length * 2).fill(null)
    for (const { original, reply } of this.connections) {
      this.link(original)
      this.link(reply)
    }
  }

  private link(tuple: Tuple): void {
    tuple.hash = hashOf(tuple.source, tuple.destination, tuple.sourcePort, tuple.destinationPort, tuple.protocol)
    const bucket = tuple.hash & (this.buckets.length - 1)
    tuple.next = this.buckets[bucket]
    this.buckets[bucket] = tuple
  }

  private unlink(tuple: Tuple): void {
    const bucket = tuple.hash & (this.buckets.length - 1)
    let at = this.buckets[bucket]
    if (at === tuple) {
      this.buckets[bucket] = tuple.next
      return
    }
    while (at !== null && at.next !== tuple) at = at.next
    if (at !== null) at.next = tuple.next
  }
}

function same(a: Address, b: Address): boolean {
  if (a === b) return true
  if (typeof a === 'number' || typeof b === 'number') return false
  return a.a === b.a && a.b === b.b && a.c === b.c && a.d === b.d
}

function hashOf(
  source: Address,
  destination: Address,
  sourcePort: number,
  destinationPort: number,
  protocol: number,
): number {
  const ports = (sourcePort << 16) | destinationPort
  return mix(word(source) ^ mix(word(destination) ^ mix(ports ^ mix(protocol))))
}

function word(address: Address): number {
  return typeof address === 'number' ? address : address.a ^ mix(address.b ^ mix(address.c ^ mix(address.d)))
}

function mix(value: number): number {
  const h = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  return h ^ (h >>> 15)
}
