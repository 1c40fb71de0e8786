import type { NetDevice } from '../linux/device/net-device.ts'
import type { Ipvs } from '../linux/netfilter/ipvs/ipvs.ts'
import { realText, serverText } from '../linux/netfilter/ipvs/text.ts'
import { formatEntry, type IpSet } from '../linux/netfilter/rules/ipset.ts'
import { protocolName } from '../linux/netfilter/rules/names.ts'
import type { NetfilterStack } from '../linux/netfilter/stack.ts'
import { type Family, familyOf } from '../util/address.ts'
import { formatPrefix } from '../util/prefix.ts'
import { iptablesSave } from './iptables.ts'

/**
 * What kube-proxy's ipvs mode has on a node, as a shell script that sets it up in an empty namespace: `dummy` with its addresses, sets,
 * rules and virtual servers, each as its own tool saves and restores it.
 */
export function ipvsScript(stack: NetfilterStack, dummy: NetDevice, family: Family): string {
  const { name } = dummy
  const own = dummy.addresses.filter(({ address }) => familyOf(address) === family)
  return [
    '#!/bin/sh',
    'set -e',
    'sysctl -qw net.ipv4.vs.conntrack=1 net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.expire_quiescent_template=1',
    `ip link add ${name} type dummy`,
    ...fed('ip -b -', own.map((address) => `addr add ${formatPrefix(address)} dev ${name}`).join('\n')),
    ...fed('ipset restore', ipsetSave(stack.sets.values(), family)),
    ...fed(family === 4 ? 'iptables-restore' : 'ip6tables-restore', iptablesSave(stack.ruleSet(family), family)),
    ...fed('ipvsadm -R', stack.ipvs === null ? '' : ipvsadmSave(stack.ipvs, family)),
    '',
  ].join('\n')
}

const fed = (command: string, text: string): string[] =>
  text === '' ? [] : [`${command} <<'EOF'`, ...text.trimEnd().split('\n'), 'EOF']

/** As `ipset save` prints sets: each set, then its members. */
export function ipsetSave(sets: Iterable<IpSet>, family: Family): string {
  const lines: string[] = []
  for (const set of sets) {
    if (set.family !== family) continue
    const options = set.type === 'bitmap:port' ? 'range 0-65535' : `family ${family === 4 ? 'inet' : 'inet6'} ${SIZE}`
    lines.push(`create ${set.name} ${set.type} ${options}`)
    for (const entry of set.entries) lines.push(`add ${set.name} ${formatEntry(entry, protocolName)}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** kube-proxy's own (pkg/proxy/ipvs/ipset). */
const SIZE = 'hashsize 1024 maxelem 65536'

/** As `ipvsadm-save -n` prints them. */
export function ipvsadmSave(ipvs: Ipvs, family: Family): string {
  const lines: string[] = []
  for (const server of ipvs.virtualServers(family)) {
    lines.push(serverText(server))
    for (const real of ipvs.realsOf(server)) lines.push(realText(server, real))
  }
  return lines.map((line) => `${line}\n`).join('')
}
