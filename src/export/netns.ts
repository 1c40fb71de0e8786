import type { NetnsDescription, NetnsDevice, NetnsNamespace } from './netns-description.ts'
import { shellHead, shellTail } from './netns-shell.ts'

/**
 * A POSIX shell script that builds a cluster on a Linux machine in network namespaces (`up`) and removes it again (`down`).
 * Needs root, iproute2, iptables and ethtool there. The same description gives the same script.
 */
export function netnsScript(d: NetnsDescription): string {
  const names = ['underlay', ...d.namespaces.map(({ name }) => name)]
  const six = d.namespaces.some(({ devices }) => devices.some(({ addresses }) => addresses.some(isSix)))
  return [
    '#!/bin/sh',
    ...d.title.split('\n').map((line) => `# ${line}`),
    shellHead(d.prefix, names),
    'up() {',
    ...indent([...settings(six), ...underlay(d), ...d.namespaces.flatMap(namespace), ...offload(d)]),
    '}',
    shellTail,
  ].join('\n')
}

function settings(six: boolean): string[] {
  const each = (keys: readonly string[]) => `for each in $NAMES; do sysctls "$each" ${keys.join(' ')}; done`
  const both = (family: string, ...keys: string[]) =>
    ['all', 'default'].flatMap((c) => keys.map((k) => `${family}.${c}.${k}`))
  const quiet = six
    ? [
        '# No duplicate address detection and no router solicitations: they would mix with the traffic to be watched.',
        each(both('net.ipv6.conf', 'accept_dad=0', 'router_solicitations=0', 'accept_ra=0')),
      ]
    : [
        '# No IPv6: its neighbour discovery and multicast reports would mix with the traffic to be watched.',
        each(both('net.ipv6.conf', 'disable_ipv6=1')),
      ]
  return [
    'create',
    '',
    ...quiet,
    "# A new namespace inherits this machine's IPv4 settings; distributions differ in the reverse path filter.",
    each(both('net.ipv4.conf', 'rp_filter=0')),
  ]
}

/** Each network is a bridge without an address, in a namespace of its own. */
function underlay({ networks, namespaces }: NetnsDescription): string[] {
  const cards = namespaces.flatMap(({ name, devices }) =>
    devices.flatMap((device) => (device.kind === 'card' ? [{ netns: name, device }] : [])),
  )
  return [
    '',
    '# The networks between machines: switches, in a namespace of their own, with a socket for each card.',
    'sysctls underlay net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0',
    ...batch('ip', 'underlay', [
      ...networks.flatMap(({ name, mtu }) => [
        `link add ${name} mtu ${mtu} type bridge stp_state 0 mcast_snooping 0`,
        `link set ${name} up`,
      ]),
      ...cards.flatMap(({ netns, device: { name, mac, mtu, network, socket } }) => [
        `link add ${socket} mtu ${mtu} type veth peer name ${name} mtu ${mtu} address ${mac} netns $PREFIX-${netns}`,
        `link set ${socket} master ${network} up`,
      ]),
    ]),
  ]
}

function namespace(ns: NetnsNamespace, _: number, all: readonly NetnsNamespace[]): string[] {
  const { name, devices, sysctls, rules } = ns
  const tunnels = devices.filter((d) => d.kind === 'vxlan')
  const ports = devices.filter((d) => d.port !== null)
  return [
    '',
    `# ${ns.title}`,
    ...(sysctls.length === 0 ? [] : [`sysctls ${name} ${sysctls.join(' ')}`]),
    ...batch('ip', name, [
      'link set lo up',
      ...devices.flatMap((device) => create(ns, device, all)),
      ...devices.flatMap((d) => d.addresses.map((a) => `addr add ${a} dev ${d.name}${isSix(a) ? ' nodad' : ''}`)),
      ...devices.flatMap((d) =>
        d.neighbours.map(({ address, mac }) => `neigh add ${address} lladdr ${mac} dev ${d.name} nud permanent`),
      ),
      ...ns.routes.map(({ to, via, device, onlink }) =>
        ['route add', to, via && `via ${via}`, device && `dev ${device}`, onlink && 'onlink'].filter(Boolean).join(' '),
      ),
    ]),
    ...batch('bridge', name, [
      ...tunnels.flatMap((d) =>
        d.fdb.map(({ mac, remote }) => `fdb append ${mac} dev ${d.name} dst ${remote} self permanent`),
      ),
      ...ports.map((d) => `link set dev ${d.name} hairpin ${d.port?.hairpin ? 'on' : 'off'}`),
    ]),
    ...restore('ipset restore', name, ns.ipsets),
    ...restore('iptables-restore', name, rules[4]),
    ...restore('ip6tables-restore', name, rules[6]),
    ...restore('nft -f -', name, ns.nftables),
    ...restore('ipvsadm -R', name, ns.ipvs),
  ]
}

/** The first end of a pair to be met makes both; a card was made with its cable. */
function create({ name: netns }: NetnsNamespace, device: NetnsDevice, all: readonly NetnsNamespace[]): string[] {
  const { name, mac, mtu, port } = device
  const made = `link add ${name} mtu ${mtu} address ${mac}`
  const up = `link set ${name}${port === null ? '' : ` master ${port.bridge}`} up`
  switch (device.kind) {
    case 'card':
      return [up]
    case 'dummy':
      return [`${made} type dummy`]
    case 'bridge':
      return [
        '# The gateway of the pods here. Its MAC is set, else it would follow its ports.',
        `${made} type bridge stp_state 0`,
        up,
      ]
    case 'vxlan':
      return [
        '# flannel: nothing is learnt; neighbours, FDB entries and routes by the other ends are written for each other node.',
        `${made} type vxlan id ${device.vni} local ${device.local} dev ${device.underlay} dstport ${device.udpPort} nolearning`,
        up,
      ]
    case 'veth': {
      const index = (wanted: string): number => all.findIndex((ns) => ns.name === wanted)
      const { netns: peerNetns, name: peerName } = device.peer
      if (index(peerNetns) < index(netns)) return [up]
      const peer = all[index(peerNetns)]?.devices.find((d) => d.name === peerName)
      if (peer === undefined) throw new Error(`veth ${name}: expected a device ${peerName} in ${peerNetns}`)
      const there = `peer name ${peerName} mtu ${peer.mtu} address ${peer.mac} netns $PREFIX-${peerNetns}`
      return [`${made} type veth ${there}`, up]
    }
  }
}

function restore(command: string, name: string, rules: string): string[] {
  return rules === '' ? [] : [`inside ${name} ${command} <<EOF`, ...rules.trimEnd().split('\n'), 'EOF']
}

function offload({ networks, namespaces }: NetnsDescription): string[] {
  const sockets = namespaces.flatMap(({ devices }) => devices.flatMap((d) => (d.kind === 'card' ? [d.socket] : [])))
  return [
    '',
    '# Virtual devices leave checksums and segmentation to hardware that is not there. Off, a capture shows frames as a wire',
    '# would carry them: checksums right, nothing larger than the MTU.',
    `offload_off underlay ${[...networks.map(({ name }) => name), ...sockets].join(' ')}`,
    ...namespaces.map(({ name, devices }) => `offload_off ${name} ${devices.map((d) => d.name).join(' ')}`),
  ]
}

const isSix = (text: string): boolean => text.includes(':')

function batch(tool: 'ip' | 'bridge', name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${tool} -n "$PREFIX-${name}" -batch - <<EOF`, ...lines, 'EOF']
}

/** Here-documents stay at the margin: a shell would take the indentation as part of the end mark. */
function indent(lines: readonly string[]): string[] {
  let here = false
  return lines.map((line) => {
    const inside = here
    if (line === 'EOF') here = false
    else if (line.endsWith('<<EOF')) here = true
    return inside || line === '' ? line : `  ${line}`
  })
}
