import { type Address, sameAddress } from '../../../util/address.ts'
import { hashTuple } from '../tuple.ts'
import type { Connection } from './connection.ts'

/** Connections by both ends: a hash, and a chain where two share one. */
export class Connections {
  private readonly buckets = new Map<number, Connection>()
  size = 0

  find(local: Address, localPort: number, remote: Address, remotePort: number): Connection | null {
    let c = this.buckets.get(hashTuple(0, local, localPort, remote, remotePort)) ?? null
    while (c !== null && !isBetween(c, local, localPort, remote, remotePort)) c = c.sibling
    return c
  }

  add(c: Connection): void {
    const hash = hashOf(c)
    c.sibling = this.buckets.get(hash) ?? null
    this.buckets.set(hash, c)
    this.size++
  }

  delete(c: Connection): void {
    const hash = hashOf(c)
    let at = this.buckets.get(hash)
    if (at === c) {
      if (c.sibling === null) this.buckets.delete(hash)
      else this.buckets.set(hash, c.sibling)
    } else {
      while (at !== undefined && at.sibling !== c) at = at.sibling ?? undefined
      if (at === undefined) return
      at.sibling = c.sibling
    }
    c.sibling = null
    this.size--
  }

  /** A copy, so that the caller may add and delete. */
  all(): Connection[] {
    const all: Connection[] = []
    for (const first of this.buckets.values()) for (let c: Connection | null = first; c; c = c.sibling) all.push(c)
    return all
  }
}

function hashOf({ local, remote }: Connection): number {
  return hashTuple(0, local.address, local.port, remote.address, remote.port)
}

function isBetween(c: Connection, local: Address, localPort: number, remote: Address, remotePort: number): boolean {
  return (
    c.local.port === localPort &&
    c.remote.port === remotePort &&
    sameAddress(c.local.address, local) &&
    sameAddress(c.remote.address, remote)
  )
}
