import type { PlaceId } from '../trace/step.ts'
import { type Address, type Family, isV4, sameAddress, type V4, type V6 } from '../util/address.ts'
import type { Prefix } from '../util/prefix.ts'
import type { Device } from './device/device.ts'
import { Loopback } from './device/loopback.ts'
import { macFor } from './device/mac.ts'
import { type Driver, NetDevice } from './device/net-device.ts'
import type { VxlanPort } from './device/vxlan.ts'
import type { Errno } from './errno.ts'
import { isLinkLocal, isMulticast, linkLocal, selectOn } from './ip/address.ts'
import { type ErrorDetail, icmpErrorV4 } from './ip/icmp-error.ts'
import { IcmpLimit } from './ip/icmp-limit.ts'
import { icmpErrorV6 } from './ip/icmpv6-error.ts'
import { assign, reassign, routesOf, withdraw } from './ip/interface-address.ts'
import type { IpLayer, RouteAnswer, SendOptions, Transport } from './ip/layer.ts'
import { sendV4 } from './ip/output.ts'
import { sendV6 } from './ip/output6.ts'
import { PathMtus } from './ip/pmtu.ts'
import { type DefragUser, Reassembly } from './ip/reassembly.ts'
import { refusal } from './ip/refusal.ts'
import { tcpReset } from './ip/tcp-reset.ts'
import { wayToRealServer } from './ip/way-to-real-server.ts'
import type { Kernel } from './kernel.ts'
import type { AddressType, Netfilter, NetfilterHost } from './netfilter/netfilter.ts'
import { Fibs } from './route/fib.ts'
import { Route, type RouteSpec } from './route/route.ts'
import type { Skb } from './skb.ts'
import { SYSCTL, type Sysctl } from './sysctl.ts'

/**
 * A network namespace: devices, addresses, routes, neighbours, sysctls, and the hooks for netfilter and sockets. Everything a
 * pod may never need is made on first use.
 */
export class Namespace implements IpLayer, NetfilterHost {
  netfilter: Netfilter | null = null
  transport: Transport | null = null
  sysctl: Readonly<Sysctl> = SYSCTL
  readonly fibs = new Fibs()
  /** UDP ports that tunnels listen on. */
  tunnels: Map<number, VxlanPort> | null = null
  /** Replaced by `concat`, which makes a list exactly as long as it needs to be: one that grows has room for 16 more. */
  private named: readonly NetDevice[] = []
  private lo: NetDevice | null = null
  private nextIndex = 2
  private placeId = -1
  private ident = -1
  private pathMtus: PathMtus | null = null
  private limit: IcmpLimit | null = null
  private fragments: { 4: Reassembly; 6: Reassembly } | null = null

  /** `node` is the machine; `name` is `host` for its own namespace, else `NS/POD`. */
  constructor(
    readonly kernel: Kernel,
    readonly node: string,
    readonly name: string,
  ) {}

  get place(): PlaceId {
    if (this.placeId < 0) this.placeId = this.kernel.recorder.place(this.node, this.name, '')
    return this.placeId
  }

  /** All devices but `lo`, in order of creation. */
  get devices(): readonly NetDevice[] {
    return this.named
  }

  /** `lo`, made when first needed; its addresses are in every routing table. */
  get loopback(): NetDevice {
    this.lo ??= new NetDevice(this, 'lo', 1, 0 as NetDevice['mac'], 65_536, new Loopback())
    return this.lo
  }

  /** What ICMP told of paths; made when the first error comes. */
  get pmtu(): PathMtus {
    this.pathMtus ??= new PathMtus(this.kernel)
    return this.pathMtus
  }

  /** The MTU to a destination when the device allows `limit`. */
  pathMtu(destination: Address, limit: number): number {
    return this.pathMtus === null ? limit : this.pathMtus.to(destination, limit)
  }

  get icmpLimit(): IcmpLimit {
    this.limit ??= new IcmpLimit(this.kernel)
    return this.limit
  }

  /** `sysctl -w`. */
  configure(change: Partial<Sysctl>): void {
    this.sysctl = { ...this.sysctl, ...change }
  }

  device(name: string): NetDevice | null {
    if (name === 'lo') return this.loopback
    return this.named.find((device) => device.name === name) ?? null
  }

  /** Adds a device with the driver behind it. `mac` is derived from its name when absent. Throws when the name is taken. */
  addDevice(name: string, driver: Driver, mtu: number, mac = macFor(this.node, this.name, name)): NetDevice {
    if (this.device(name) !== null) throw new Error(`device ${name} in ${this.node} ${this.name}: expected a new name`)
    const device = new NetDevice(this, name, this.nextIndex++, mac, mtu, driver)
    this.named = this.named.concat(device)
    return device
  }

  /** `ip link del`. */
  removeDevice(device: NetDevice): void {
    if (!this.named.includes(device)) return
    this.named = this.named.filter((other) => other !== device)
    this.setDown(device)
    device.port?.bridge.removePort(device.port)
    device.driver.remove?.(device)
  }

  /** `ip link set DEVICE down`: its routes and neighbours go. */
  setDown(device: NetDevice): void {
    device.up = false
    device.forgetNeighbours()
    this.fibs.removeDevice(device)
  }

  /** `ip link set DEVICE up`: the routes of its addresses come back, others do not. */
  setUp(device: NetDevice): void {
    if (device.up) return
    device.up = true
    for (const own of device.addresses) for (const route of routesOf(device, own)) this.fibs.add(route)
  }

  /** `ip addr add ADDRESS/LENGTH dev DEVICE`. Throws on text that is no such thing. */
  addAddress(device: NetDevice, address: string | Prefix): void {
    for (const route of assign(device, address)) this.fibs.add(route)
  }

  /** Makes a device's addresses exactly these, whatever they were. */
  replaceAddresses(device: NetDevice, addresses: readonly Prefix[]): void {
    const { added, gone } = reassign(device, addresses)
    for (const own of gone) {
      for (const route of routesOf(device, own)) this.removeRoute(route, route.table)
    }
    for (const route of added) this.fibs.add(route)
  }

  /** `ip addr del`. */
  removeAddress(device: NetDevice, address: Address): void {
    const gone = withdraw(device, address)
    if (gone === null) return
    for (const route of routesOf(device, gone)) this.removeRoute(route, route.table)
  }

  /** `ip route replace`. A gateway without a device is looked up. Throws when it cannot be reached. */
  addRoute(spec: RouteSpec): Route {
    const { via = null, kind = 'unicast' } = spec
    let device = spec.device ?? null
    if (device === null && kind === 'unicast') {
      const next = via === null ? null : this.fibs.lookup(via)
      if (next?.kind !== 'unicast') throw new Error('route: expected a device or a gateway that can be reached')
      device = next.device
    }
    const route = new Route({ ...spec, device })
    this.fibs.add(route)
    return route
  }

  /** `ip route del`. */
  removeRoute({ address, length }: Prefix, table: Route['table'] = 'main'): void {
    this.fibs
      .of(isV4(address) ? 4 : 6)
      .remove((route) => route.length === length && route.table === table && sameAddress(route.address, address))
  }

  isLocal(address: Address): boolean {
    const route = this.fibs.lookup(address)
    if (route !== null && route.kind === 'local') return true
    return !isV4(address) && isLinkLocal(address) && this.named.some(({ mac }) => sameAddress(linkLocal(mac), address))
  }

  /** As `isLocal`; a link-local address is one of this device alone. */
  isLocalOn(address: V6, device: NetDevice): boolean {
    return isLinkLocal(address) ? sameAddress(linkLocal(device.mac), address) : this.isLocal(address)
  }

  route(destination: Address, source: Address | null = null, device: Device | null = null): RouteAnswer | Errno {
    const route = this.routeTo(destination, device)
    const errno = refusal(route)
    if (errno !== null) return errno
    const output = this.outputOf(route!)
    const chosen = source ?? this.sourceOf(route!, destination)
    if (chosen === null) return 'EADDRNOTAVAIL'
    return { device: output, source: chosen, mtu: this.pathMtu(destination, output.mtu) }
  }

  send(skb: Skb, options: SendOptions): Errno | null {
    const { destination, source } = options
    if (isV4(destination) !== isV4(source)) return 'EAFNOSUPPORT'
    return isV4(destination) ? sendV4(this, skb, options, destination) : sendV6(this, skb, options, destination)
  }

  /** The route to a destination; with a device, the best that leaves by it. */
  routeTo(destination: Address, device: Device | null): Route | null {
    if (device === null) return this.fibs.lookup(destination)
    return this.fibs.of(isV4(destination) ? 4 : 6).lookupBy(destination, device as NetDevice)
  }

  /** What is for ourselves goes by `lo`. */
  outputOf(route: Route): NetDevice {
    return route.kind === 'local' ? this.loopback : route.device!
  }

  /** `fib_result_prefsrc`: the source for packets of our own by this route. */
  sourceOf(route: Route, destination: Address): Address | null {
    if (route.kind === 'local') return destination
    if (route.source !== null) return route.source
    return this.addressOn(route.device!, route.via ?? destination)
  }

  /** The device's own address to speak to `towards` with, or, when it has none, any other device's. */
  addressOn(device: NetDevice, towards: V4): V4 | null
  addressOn(device: NetDevice, towards: Address): Address | null
  addressOn(device: NetDevice, towards: Address): Address | null {
    const own = selectOn(device, towards)
    if (own !== null) return own
    for (const other of this.named) {
      const address = selectOn(other, towards)
      if (address !== null) return address
    }
    return null
  }

  sourceFor(output: Device, destination: Address): Address | null {
    const route = this.fibs.lookup(destination)
    const via = route?.device === output ? route.via : null
    return this.addressOn(output as NetDevice, via ?? destination)
  }

  addressType(address: Address, device: Device | null = null): AddressType {
    if (isMulticast(address)) return 'multicast'
    if (address === -1 || (isV4(address) && address >>> 24 === 0)) return 'broadcast'
    const route = this.fibs.lookup(address)
    if (route === null || route.table !== 'local' || (device !== null && route.device !== device)) return 'unicast'
    return route.kind
  }

  confirm(destination: Address): void {
    const route = this.fibs.lookup(destination)
    if (route?.kind === 'unicast') route.device!.neighbours.confirm(route.via ?? destination)
  }

  icmpError(skb: Skb, family: Family, type: number, code: number, detail: ErrorDetail = REJECTED): void {
    if (family === 4) icmpErrorV4(this, skb, type, code, detail)
    else icmpErrorV6(this, skb, type, code, detail)
  }

  tcpReset(skb: Skb, _family: Family): void {
    tcpReset(this, skb)
  }

  wayTo(skb: Skb, _family: Family, to: Address): 'local' | (() => void) | null {
    return wayToRealServer(this, skb, to)
  }

  defragment(skb: Skb, family: Family, user: DefragUser): Skb | null {
    this.fragments ??= { 4: new Reassembly(this, 4), 6: new Reassembly(this, 6) }
    return this.fragments[family].add(skb, user)
  }

  /** The next IPv4 identification: a counter that starts where chance has it. */
  nextIdent(): number {
    if (this.ident < 0) this.ident = this.kernel.rng.fork(`ident/${this.node}/${this.name}`).u16()
    this.ident = (this.ident + 1) & 0xffff
    return this.ident
  }
}

/** A rule rejected the packet. */
const REJECTED: ErrorDetail = { why: 'netfilter' }
