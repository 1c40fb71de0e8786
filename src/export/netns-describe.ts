import { Bridge } from '../linux/device/bridge.ts'
import { Dummy } from '../linux/device/dummy.ts'
import type { NetDevice } from '../linux/device/net-device.ts'
import { Nic } from '../linux/device/nic.ts'
import type { Segment } from '../linux/device/segment.ts'
import { Veth } from '../linux/device/veth.ts'
import { Vxlan } from '../linux/device/vxlan.ts'
import { routesOf } from '../linux/ip/interface-address.ts'
import type { Namespace } from '../linux/namespace.ts'
import { NetfilterStack } from '../linux/netfilter/stack.ts'
import type { Route } from '../linux/route/route.ts'
import { type Address, type Family, formatAddress, formatMac, sameAddress } from '../util/address.ts'
import { formatPrefix, inPrefix } from '../util/prefix.ts'
import { iptablesSave } from './iptables.ts'
import { ipsetSave, ipvsadmSave } from './ipvs.ts'
import type { NetnsDescription, NetnsNamespace, NetnsRoute } from './netns-description.ts'
import { nftScript } from './nftables.ts'

const FAMILIES = [4, 6] as const

/** A namespace's name in the script, less the prefix. No Kubernetes name has an underscore, so no two pods share one. */
export const netnsName = ({ node, name }: { node: string; name: string }): string =>
  name === 'host' ? node : name.replace('/', '_')

/** Describes emulated namespaces as they are: every device, address, route and rule of theirs, whoever made it. */
export function describeNetns(title: string, prefix: string, namespaces: readonly Namespace[]): NetnsDescription {
  const cables = new Cables()
  return {
    title,
    prefix,
    namespaces: namespaces.map((namespace) => describe(namespace, cables)),
    networks: cables.networks(),
  }
}

function describe(namespace: Namespace, cables: Cables): NetnsNamespace {
  const stack = namespace.netfilter instanceof NetfilterStack ? namespace.netfilter : null
  const rules = (family: Family): string => (stack === null ? '' : iptablesSave(stack.ruleSet(family), family))
  const tables = (family: Family): string =>
    stack === null
      ? ''
      : stack
          .nftTables(family)
          .map((table) => nftScript(table, family))
          .join('')
  return {
    name: netnsName(namespace),
    title: namespace.name === 'host' ? namespace.node : `Pod ${namespace.name} on ${namespace.node}`,
    sysctls: sysctlsOf(namespace),
    devices: namespace.devices.map((device) => ({ ...link(device), ...kindOf(device, cables) })),
    routes: FAMILIES.flatMap((family) => routes(namespace, family)),
    rules: { 4: rules(4), 6: rules(6) },
    nftables: FAMILIES.map(tables).join(''),
    ipsets: stack === null ? '' : FAMILIES.map((family) => ipsetSave(stack.sets.values(), family)).join(''),
    ipvs: stack?.ipvs == null ? '' : FAMILIES.map((family) => ipvsadmSave(stack.ipvs!, family)).join(''),
  }
}

/** The networks that cards are plugged into, named in the order in which they are met, and the switches' sockets. */
class Cables {
  private readonly known = new Map<Segment, { name: string; mtu: number }>()
  private readonly sockets = new Set<string>()

  networks(): { name: string; mtu: number }[] {
    return [...this.known.values()]
  }

  plug(device: NetDevice, { segment }: Nic): { network: string; socket: string } {
    const network = this.known.get(segment) ?? { name: `lan${this.known.size}`, mtu: 0 }
    network.mtu = Math.max(network.mtu, device.mtu)
    this.known.set(segment, network)
    const { node } = device.namespace
    const free = node.length < 16 && !this.sockets.has(node) && !/^lan\d+$/.test(node)
    const socket = free ? node : `port${this.sockets.size}`
    this.sockets.add(socket)
    return { network: network.name, socket }
  }
}

function link(device: NetDevice) {
  const permanent = device.neighbours.list().filter(({ state }) => state === 'permanent')
  return {
    name: device.name,
    mac: formatMac(device.mac),
    mtu: device.mtu,
    addresses: device.addresses.map(formatPrefix),
    port: device.port === null ? null : { bridge: device.port.bridge.device.name, hairpin: device.port.hairpin },
    neighbours: permanent.map(({ address, mac }) => ({ address: formatAddress(address), mac: formatMac(mac) })),
  }
}

function kindOf(device: NetDevice, cables: Cables) {
  const { driver } = device
  if (driver instanceof Nic) return { kind: 'card' as const, ...cables.plug(device, driver) }
  if (driver instanceof Dummy) return { kind: 'dummy' as const }
  if (driver instanceof Bridge) return { kind: 'bridge' as const }
  if (driver instanceof Veth && driver.peer !== null) {
    const { namespace, name } = driver.peer
    return { kind: 'veth' as const, peer: { netns: netnsName(namespace), name } }
  }
  if (driver instanceof Vxlan) return tunnel(device.namespace, driver)
  throw new Error(`device ${device.name}: expected one that ip link can make, got ${driver.kind}`)
}

function tunnel(namespace: Namespace, vxlan: Vxlan) {
  const { vni, local, port = 8472 } = vxlan.spec
  const underlay = namespace.devices.find((d) => d.addresses.some(({ address }) => sameAddress(address, local)))
  if (underlay === undefined) throw new Error(`vxlan ${vxlan.device.name}: expected a device with its local address`)
  const fdb = Array.from(vxlan.fdbEntries(), ([mac, remote]) => ({
    mac: formatMac(mac),
    remote: formatAddress(remote),
  }))
  return { kind: 'vxlan' as const, vni, udpPort: port, local: formatAddress(local), underlay: underlay.name, fdb }
}

/** Those that an administrator or a plugin added: what comes with addresses comes with them here too. On-link ones first. */
function routes({ fibs, devices }: Namespace, family: Family): NetnsRoute[] {
  const own = new Set(
    devices.flatMap((d) =>
      d.addresses.flatMap((a) => routesOf(d, a).map((r) => `${formatPrefix(r.destination)} ${d.name}`)),
    ),
  )
  const added = fibs
    .of(family)
    .list()
    .filter(
      (r) => r.table === 'main' && !(r.via === null && own.has(`${formatPrefix(r.destination)} ${r.device?.name}`)),
    )
  const connected = (via: Address, device: NetDevice | null): boolean =>
    fibs
      .of(family)
      .list()
      .some((r) => r.table === 'main' && r.via === null && r.device === device && inPrefix(via, r.destination))
  return added
    .toSorted((a, b) => Number(a.via !== null) - Number(b.via !== null))
    .map((r) => ({
      to: `${r.kind === 'unicast' ? '' : `${r.kind} `}${destination(r)}`,
      via: r.via === null ? null : formatAddress(r.via),
      device: r.device?.name ?? null,
      onlink: r.via !== null && !connected(r.via, r.device),
    }))
}

const destination = ({ destination: d }: Route): string => (d.length === 0 ? 'default' : formatPrefix(d))

/** What differs from a kernel's own defaults. */
function sysctlsOf({ sysctl, devices }: Namespace): string[] {
  const bridges = devices.some(({ driver }) => driver instanceof Bridge)
  return [
    ...(sysctl.ipForward ? ['net.ipv4.ip_forward=1'] : []),
    ...(sysctl.ipv6Forward ? ['net.ipv6.conf.all.forwarding=1'] : []),
    ...(sysctl.rpFilter === 0 ? [] : [`net.ipv4.conf.all.rp_filter=${sysctl.rpFilter}`]),
    ...(sysctl.acceptLocal ? ['net.ipv4.conf.all.accept_local=1'] : []),
    ...(sysctl.routeLocalnet ? ['net.ipv4.conf.all.route_localnet=1'] : []),
    ...(bridges ? [`net.bridge.bridge-nf-call-iptables=${Number(sysctl.bridgeNfCallIptables)}`] : []),
    ...(bridges ? [`net.bridge.bridge-nf-call-ip6tables=${Number(sysctl.bridgeNfCallIp6tables)}`] : []),
  ]
}
