import { type Address, type Family, familyOf, type V4, type V6 } from '../../util/address.ts'
import { inPrefix, prefix } from '../../util/prefix.ts'
import type { NetDevice } from '../device/net-device.ts'
import { compareRoutes, Route } from './route.ts'
import { Trie } from './trie.ts'

/** Up to here walking the list is as fast as the trie, and a pod's table takes no further memory. */
const SMALL = 16

/**
 * The forwarding table of one family: the local and the main table in one, as Linux has it while no `ip rule` was added.
 * Lookups allocate nothing. The trie is compiled at the first lookup after a change.
 */
export class Fib {
  /** In the order of preference, so that the first match is the longest. */
  private routes: Route[]
  private trie: Trie | null = null

  constructor(routes: readonly Route[] = []) {
    this.routes = [...routes].sort(compareRoutes)
  }

  /** The route of equal destination, table and metric is replaced (`ip route replace`). */
  add(route: Route): void {
    this.trie = null
    const { routes } = this
    let low = 0
    let high = routes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareRoutes(routes[middle], route) < 0) low = middle + 1
      else high = middle
    }
    if (low < routes.length && compareRoutes(routes[low], route) === 0) {
      routes[low] = route
      return
    }
    // A small list stays exactly as long as it needs to be.
    if (routes.length > SMALL) routes.splice(low, 0, route)
    else this.routes = routes.toSpliced(low, 0, route)
  }

  /** Removes every route for which `gone` holds; returns how many. */
  remove(gone: (route: Route) => boolean): number {
    if (!this.routes.some(gone)) return 0
    const before = this.routes.length
    this.routes = this.routes.filter((route) => !gone(route))
    this.trie = null
    return before - this.routes.length
  }

  lookupV4(address: V4): Route | null {
    const { routes } = this
    if (routes.length > SMALL) return this.compiled().lookupV4(address)
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]
      if (((address ^ (route.address as V4)) & route.mask) === 0) return route
    }
    return null
  }

  lookupV6(address: V6): Route | null {
    const { routes } = this
    if (routes.length > SMALL) return this.compiled().lookup(address)
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]
      if (((address.a ^ (route.address as V6).a) & route.mask) === 0 && inPrefix(address, route)) return route
    }
    return null
  }

  lookup(address: Address): Route | null {
    return typeof address === 'number' ? this.lookupV4(address) : this.lookupV6(address)
  }

  /** The best route that leaves by a device: what `oif` asks for (SO_BINDTODEVICE). */
  lookupBy(address: Address, device: NetDevice): Route | null {
    for (const route of this.routes) if (route.device === device && inPrefix(address, route)) return route
    return null
  }

  /** As `ip route show table all` would list them, longest prefix first. */
  list(): readonly Route[] {
    return this.routes
  }

  private compiled(): Trie {
    this.trie ??= new Trie(this.routes)
    return this.trie
  }
}

/** 127/8 is ours everywhere. No device is named, so that all namespaces can share these. */
const LOOPBACK_V4 = [
  new Route({ destination: prefix('127.0.0.0/8'), kind: 'local', table: 'local' }),
  new Route({ destination: prefix('127.255.255.255/32'), kind: 'broadcast', table: 'local' }),
]
const LOOPBACK_V6 = [new Route({ destination: prefix('::1/128'), kind: 'local', table: 'local' })]

/** Both families of a namespace. */
export class Fibs {
  readonly v4 = new Fib(LOOPBACK_V4)
  /** Made when the first IPv6 route comes. */
  private six: Fib | null = null

  get v6(): Fib {
    this.six ??= new Fib(LOOPBACK_V6)
    return this.six
  }

  of(family: Family): Fib {
    return family === 4 ? this.v4 : this.v6
  }

  lookup(address: Address): Route | null {
    if (typeof address === 'number') return this.v4.lookupV4(address)
    return this.v6.lookupV6(address)
  }

  add(route: Route): void {
    this.of(familyOf(route.address)).add(route)
  }

  removeDevice(device: NetDevice): void {
    this.v4.remove((route) => route.device === device)
    this.six?.remove((route) => route.device === device)
  }
}
