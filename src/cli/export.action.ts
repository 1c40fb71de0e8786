import { en } from '../explain/messages/en.ts'
import { iptablesSave } from '../export/iptables.ts'
import { ipvsScript } from '../export/ipvs.ts'
import { netnsScript } from '../export/netns.ts'
import { describeCluster } from '../export/netns-cluster.ts'
import { nftScript } from '../export/nftables.ts'
import { pcapng } from '../export/pcapng.ts'
import { DUMMY_DEVICE } from '../kube/node/proxy/ipvs/proxy.ts'
import { netfilterOf, nodeNamespace } from '../scenario/proxy-decision.ts'
import { captureFilter } from './capture.ts'
import type { NetnsOptions, PcapngOptions, RulesOptions } from './export.ts'
import { emulationOf } from './input.ts'
import { writeNew } from './output.ts'

export function exportPcapng(options: PcapngOptions): void {
  const emulation = emulationOf(options)
  emulation.trace({ from: options.from, to: options.to, proto: options.proto })
  const at = captureFilter(emulation, options.capture, options.from)
  writeNew(options.out, pcapng(emulation.recorder, { at, epoch: emulation.epoch }), options)
}

/** Prints the script that builds the same cluster on a Linux machine. */
export function exportNetns(options: NetnsOptions): void {
  const emulation = emulationOf(options, 'off')
  const title = `The cluster of ${options.file?.join(', ') ?? 'the scenario `first`'}, as podwire builds it.`
  process.stdout.write(netnsScript(describeCluster(emulation, title, options.prefix)))
}

/** Prints a node's iptables rules, of whoever made them. */
export function exportIptables(options: RulesOptions): void {
  const emulation = emulationOf(options, 'off')
  const family = options.family === '4' ? 4 : 6
  const rules = netfilterOf(nodeNamespace(emulation, options.node)).ruleSet(family)
  if (Object.keys(rules).length === 0) process.stderr.write(`${en.proxy.noIptables(options.node)}\n`)
  process.stdout.write(iptablesSave(rules, family))
}

/** Prints what ipvs mode has on a node: nothing in other modes, which is said on stderr. */
export function exportIpvs(options: RulesOptions): void {
  const emulation = emulationOf(options, 'off')
  const namespace = nodeNamespace(emulation, options.node)
  const dummy = namespace.device(DUMMY_DEVICE)
  if (dummy === null) process.stderr.write(`${en.proxy.noIpvs(options.node, emulation.plan.path.proxyMode)}\n`)
  else process.stdout.write(ipvsScript(netfilterOf(namespace), dummy, options.family === '4' ? 4 : 6))
}

/** Prints a node's nftables tables: empty unless kube-proxy runs in that mode, which is said on stderr. */
export function exportNftables(options: RulesOptions): void {
  const emulation = emulationOf(options, 'off')
  const family = options.family === '4' ? 4 : 6
  const tables = netfilterOf(nodeNamespace(emulation, options.node)).nftTables(family)
  if (tables.length === 0) process.stderr.write(`${en.proxy.noNftables(options.node, emulation.plan.path.proxyMode)}\n`)
  process.stdout.write(tables.map((table) => nftScript(table, family)).join(''))
}
