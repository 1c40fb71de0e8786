import type { NetnsDescription, NetnsMachine, NetnsNode, NetnsOverlay, NetnsPod } from './netns-description.ts'
import { masquerade } from './netns-masquerade.ts'
import { shellHead, shellTail } from './netns-shell.ts'

/**
 * A POSIX shell script that builds a cluster on a Linux machine in network namespaces (`up`) and removes it again (`down`).
 * Needs root, iproute2, iptables and ethtool there. The same description gives the same script.
 */
export function netnsScript(d: NetnsDescription): string {
  const names = ['underlay', ...d.machines.map((m) => m.name), ...d.nodes.map((n) => n.name), ...d.pods.map(podNetns)]
  const six = [...d.nodes, ...d.machines].some((m) => m.interfaces.some((i) => i.addresses.some(isSix)))
  return [
    '#!/bin/sh',
    ...comment(d.title),
    shellHead(d.prefix, names),
    'up() {',
    ...indent([
      ...namespaces(d, six),
      ...underlay(d),
      ...d.machines.flatMap((m) => machine(m, six)),
      ...d.nodes.flatMap((n) => node(n, d, six)),
      ...d.pods.flatMap((p) => pod(p, d)),
      ...offload(d),
    ]),
    '}',
    shellTail,
  ].join('\n')
}

/** A pod's namespace, less the prefix. Underscores cannot be in Kubernetes names, so no two pods share one. */
export const podNetns = (pod: Pick<NetnsPod, 'namespace' | 'name'>): string => `${pod.namespace}_${pod.name}`

function namespaces(d: NetnsDescription, six: boolean): string[] {
  const all = 'for each in $NAMES; do sysctls "$each"'
  const both = (...keys: string[]) =>
    ['all', 'default'].flatMap((c) => keys.map((k) => `net.ipv6.conf.${c}.${k}`)).join(' ')
  const quiet = six
    ? [
        '# IPv6: no duplicate address detection and no router solicitations, which would mix with the traffic to be watched.',
        `${all} ${both('accept_dad=0', 'router_solicitations=0', 'accept_ra=0')}; done`,
      ]
    : [
        '# No IPv6: its neighbour discovery and multicast reports would mix with the traffic to be watched.',
        `${all} ${both('disable_ipv6=1')}; done`,
      ]
  const forward = ['net.ipv4.ip_forward=1', ...(six ? ['net.ipv6.conf.all.forwarding=1'] : [])].join(' ')
  const routers = [...d.machines.filter((m) => m.forwards), ...d.nodes].map((m) => quote(m.name)).join(' ')
  const bridged = [
    'net.bridge.bridge-nf-call-iptables=1',
    ...(six ? ['net.bridge.bridge-nf-call-ip6tables=1'] : []),
  ].join(' ')
  return [
    'create',
    '',
    ...quiet,
    "# A new namespace inherits this machine's IPv4 settings; the reverse path filter depends on the distribution.",
    `${all} net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0; done`,
    '# The bridge plugin and flannel both need forwarding; Kubernetes wants bridged packets to pass iptables.',
    `for each in ${routers}; do sysctls "$each" ${forward}; done`,
    `for each in ${d.nodes.map((n) => quote(n.name)).join(' ')}; do sysctls "$each" ${bridged}; done`,
  ]
}

/** Each network is a bridge without an address, in a namespace of its own: a switch. */
function underlay(d: NetnsDescription): string[] {
  const all = [...d.machines, ...d.nodes]
  return [
    '',
    '# The networks between machines: switches in a namespace of their own, one port a machine.',
    'sysctls underlay net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0',
    ...batch('underlay', [
      ...d.networks.flatMap((n) => [
        `link add ${n.name} mtu ${n.mtu} type bridge stp_state 0 mcast_snooping 0`,
        `link set ${n.name} up`,
      ]),
      ...all.flatMap((m) =>
        m.interfaces.flatMap((i) => [
          `link add ${i.port} mtu ${i.mtu} type veth peer name ${i.name} mtu ${i.mtu} address ${i.mac} netns $PREFIX-${m.name}`,
          `link set ${i.port} master ${i.network} up`,
        ]),
      ),
    ]),
  ]
}

function machine(m: NetnsMachine, six: boolean): string[] {
  return [
    '',
    `# ${m.name}`,
    ...batch(m.name, [
      'link set lo up',
      ...m.interfaces.flatMap((i) => [
        `link set ${i.name} up`,
        ...i.addresses.filter((a) => six || !isSix(a)).map((a) => addressAdd(a, i.name)),
      ]),
      ...m.routes.map((r) => `route add ${r.to}${r.via ? ` via ${r.via}` : ''}${r.device ? ` dev ${r.device}` : ''}`),
    ]),
  ]
}

function node(n: NetnsNode, d: NetnsDescription, six: boolean): string[] {
  const { bridge } = n
  return [
    ...machine(n, six),
    '# The bridge plugin: cni0 is the gateway of the pods here. Its MAC is set, else it would follow its ports.',
    ...batch(n.name, [
      `link add ${bridge.name} mtu ${bridge.mtu} address ${bridge.mac} type bridge stp_state 0`,
      `link set ${bridge.name} up`,
      ...bridge.addresses.map((a) => addressAdd(a, bridge.name)),
    ]),
    ...n.overlays.flatMap((o) => overlay(n, o, d)),
    ...masquerade(n, d.clusterCidrs),
  ]
}

function overlay(n: NetnsNode, o: NetnsOverlay, d: NetnsDescription): string[] {
  const peers = d.nodes.filter((peer) => peer !== n)
  if (o.kind === 'host-gw') {
    const same = (p: NetnsOverlay) => p.kind === 'host-gw' && isSix(p.podCidr) === isSix(o.podCidr)
    const routes = peers.flatMap((p) => p.overlays.filter(same).map((q) => ({ to: q.podCidr, via: q.address })))
    return [
      '# flannel, host-gw: each node is the gateway to its own pods.',
      ...batch(
        n.name,
        routes.map((r) => `route add ${r.to} via ${r.via}`),
      ),
    ]
  }
  const remote = peers.flatMap((p) =>
    p.overlays.flatMap((q) => (q.kind === 'vxlan' && q.device === o.device ? [q] : [])),
  )
  return [
    '# flannel, vxlan: nothing is learnt. For each other node a neighbour (whose address is the network address of its pods),',
    '# an FDB entry (behind which machine that MAC is), and a route through it. `onlink`: the address is in no connected network.',
    ...batch(n.name, [
      `link add ${o.device} mtu ${o.mtu} address ${o.mac} type vxlan id ${o.vni} local ${o.local} dev ${o.underlay} dstport ${o.port} nolearning`,
      addressAdd(`${o.address}/${isSix(o.address) ? 128 : 32}`, o.device),
      `link set ${o.device} up`,
      ...remote.map((q) => `neigh add ${q.address} lladdr ${q.mac} dev ${o.device} nud permanent`),
      ...remote.map((q) => `route add ${q.podCidr} via ${q.address} dev ${o.device} onlink`),
    ]),
    ...bridgeBatch(
      n.name,
      remote.map((q) => `fdb append ${q.mac} dev ${o.device} dst ${q.local} self permanent`),
    ),
  ]
}

function pod(p: NetnsPod, d: NetnsDescription): string[] {
  const { bridge } = d.nodes.find((n) => n.name === p.node)!
  const gateways = bridge.addresses.map((a) => a.replace(/\/.*/, ''))
  return [
    '',
    `# Pod ${p.namespace}/${p.name} on ${p.node}`,
    ...batch(p.node, [
      `link add ${p.veth} mtu ${p.mtu} address ${p.vethMac} type veth peer name eth0 mtu ${p.mtu} address ${p.mac} netns $PREFIX-${podNetns(p)}`,
      `link set ${p.veth} master ${bridge.name} up`,
    ]),
    ...bridgeBatch(p.node, [`link set dev ${p.veth} hairpin on`]),
    ...batch(podNetns(p), [
      'link set lo up',
      'link set eth0 up',
      ...p.addresses.map((a) => addressAdd(a, 'eth0')),
      ...p.addresses.flatMap((a) =>
        gateways.filter((g) => isSix(g) === isSix(a)).map((g) => `route add default via ${g} dev eth0`),
      ),
    ]),
  ]
}

function offload(d: NetnsDescription): string[] {
  const line = (name: string, devices: readonly string[]) => `offload_off ${quote(name)} ${devices.join(' ')}`
  return [
    '',
    '# Virtual devices leave checksums and segmentation to hardware that is not there. Off, a capture shows frames as a wire',
    '# would carry them: checksums right, nothing larger than the MTU.',
    line('underlay', [...d.networks.map((n) => n.name), ...[...d.machines, ...d.nodes].flatMap(ports)]),
    ...d.machines.map((m) =>
      line(
        m.name,
        m.interfaces.map((i) => i.name),
      ),
    ),
    ...d.nodes.map((n) =>
      line(n.name, [
        ...n.interfaces.map((i) => i.name),
        n.bridge.name,
        ...n.overlays.flatMap((o) => (o.kind === 'vxlan' ? [o.device] : [])),
        ...d.pods.filter((p) => p.node === n.name).map((p) => p.veth),
      ]),
    ),
    ...d.pods.map((p) => line(podNetns(p), ['eth0'])),
  ]
}

const ports = (m: NetnsMachine): string[] => m.interfaces.map((i) => i.port)
const isSix = (text: string): boolean => text.includes(':')
const addressAdd = (a: string, device: string): string => `addr add ${a} dev ${device}${isSix(a) ? ' nodad' : ''}`
const quote = (name: string): string => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`)
const comment = (text: string): string[] => text.split('\n').map((line) => `# ${line}`)
/** Here-documents stay at the margin: POSIX shells would take the indentation as part of the end mark. */
const indent = (lines: readonly string[]): string[] => {
  let here = false
  return lines.map((line) => {
    const inside = here
    if (line === 'EOF') here = false
    else if (line.endsWith('<<EOF')) here = true
    return inside || line === '' ? line : `  ${line}`
  })
}

function batch(name: string, lines: readonly string[], tool = 'ip'): string[] {
  return lines.length === 0 ? [] : [`${tool} -n "$PREFIX-${name}" -batch - <<EOF`, ...lines, 'EOF']
}

const bridgeBatch = (name: string, lines: readonly string[]): string[] => batch(name, lines, 'bridge')
