import type { FrameSummary } from '../frame-summary.ts'
import { type Hop, isNat } from '../hops.ts'
import { en } from '../messages/en.ts'
import { icmpName } from '../sentence.ts'
import type { ConntrackEntry, Trace } from '../trace.ts'
import { columns } from './columns.ts'
import { onRealNode } from './commands.ts'
import { serviceSection } from './service.ts'
import { standing } from './standing.ts'

/** A trace as `podwire trace` prints it: the verdict first, why at every hop, and what shows the same on a real node. */
export function traceText(trace: Trace): string[] {
  const sections = [
    [verdictLine(trace)],
    ...standing(trace),
    serviceSection(trace),
    hopSection(en.heading.forward, trace.forward.hops, true),
    trace.reply === undefined ? [] : hopSection(en.heading.reply, trace.reply.hops, false),
    conntrackSection(trace.conntrack),
    onRealNode(trace),
  ]
  return sections.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
}

function verdictLine({ verdict, reason, delivered }: Trace): string {
  const word = en.verdict[verdict]
  if (delivered === undefined) return `${word}  ${reason ?? ''}`.trimEnd()
  const { kind, namespace, name, node, address, port } = delivered
  const who = kind === 'pod' ? `${namespace}/${name} on ${node}` : name
  const where = port === 0 ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return `${word}  ${who}, ${where}   ${reason ?? en.reply.ok}`
}

function hopSection(title: string, hops: readonly Hop[], explained: boolean): string[] {
  if (hops.length === 0) return []
  const first = hops.find((h) => h.frame?.ip !== undefined)?.frame ?? null
  const heads = columns(
    hops.map((h, i) => [String(h.n).padStart(2), who(h), h.device || '-', h.action, detail(h, hops[i - 1])]),
  )
  const lines = hops.flatMap((h, i) => [
    heads[i],
    ...notes(h, explained).map(([tag, text]) => `     ${tag.padEnd(6)}${text}`),
  ])
  return [`${title}  ${first === null ? '' : packetTitle(first)}`.trimEnd(), ...lines]
}

/** The pod's name inside a pod, the node's on a node. */
function who({ netns, node }: Hop): string {
  return netns === 'host' ? node : (netns.split('/')[1] ?? netns)
}

/** What the hop did; between taps also what became of the packet's ttl and length. */
function detail(hop: Hop, before: Hop | undefined): string {
  const { frame, action, what } = hop
  if (frame === null || (action !== 'transmit' && action !== 'receive')) return what
  const ip = frame.outer?.ip ?? frame.ip
  if (ip === undefined) return frame.arp === undefined ? `len ${frame.length}` : arpTitle(frame)
  const last = before?.frame?.outer?.ip ?? before?.frame?.ip
  const seen = before !== undefined && before.action !== 'arp' && !isNat(before.action)
  return seen && last?.ttl === ip.ttl && last.length === ip.length ? '' : `ttl ${ip.ttl}  len ${ip.length}`
}

function notes(hop: Hop, explained: boolean): [string, string][] {
  const lines: [string, string][] = []
  const always = hop.action === 'drop' || hop.action === 'icmp-error' || hop.action === 'reject'
  if (hop.why !== '' && (explained || always || isNat(hop.action))) lines.push(['why', hop.why])
  if (hop.rule !== null) lines.push(['rule', hop.rule])
  const { outer } = hop.frame ?? {}
  if (outer !== undefined && hop.action === 'transmit') {
    lines.push(['outer', `${outer.ip.source} > ${outer.ip.destination}  ttl ${outer.ip.ttl}  VNI ${outer.vni}`])
  }
  if (explained || always) for (const text of hop.context) lines.push(['note', text])
  return lines
}

/** `SYN 10.244.1.2:40112 > 10.96.0.80:80`. */
export function packetTitle(frame: FrameSummary): string {
  if (frame.arp !== undefined) return arpTitle(frame)
  const { ip, tcp, udp, icmp } = frame
  if (ip === undefined) return `EtherType 0x${frame.eth.type.toString(16)}`
  const end = (address: string, port?: number): string =>
    port === undefined ? address : ip.version === 6 ? `[${address}]:${port}` : `${address}:${port}`
  const ports = tcp ?? udp
  const pair = `${end(ip.source, ports?.sourcePort)} > ${end(ip.destination, ports?.destinationPort)}`
  if (tcp !== undefined) return `${tcp.flags} ${pair}`
  if (udp !== undefined) return `UDP ${pair}`
  if (icmp !== undefined) return `${icmpTitle(frame)} ${pair}`
  return `${ip.fragment === undefined ? `protocol ${ip.protocol}` : `fragment at ${ip.fragment.offset}`} ${pair}`
}

function icmpTitle({ ip, icmp }: FrameSummary): string {
  if (icmp === undefined || ip === undefined) return ''
  const query = ECHO[`${ip.version} ${icmp.type}`]
  if (query !== undefined) return `ICMP ${query}`
  const mtu = icmp.mtu === undefined ? '' : ` (mtu ${icmp.mtu})`
  return `ICMP ${icmpName(icmp.type, icmp.code, ip.version)}${mtu}`
}

function arpTitle({ arp }: FrameSummary): string {
  if (arp === undefined) return ''
  return arp.operation === 'request'
    ? `ARP who has ${arp.targetIp}? tell ${arp.senderIp}`
    : `ARP ${arp.senderIp} is at ${arp.senderMac}`
}

const ECHO: Readonly<Record<string, string>> = {
  '4 8': 'echo request',
  '4 0': 'echo reply',
  '6 128': 'echo request',
  '6 129': 'echo reply',
}
const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' }

function conntrackSection(entries: readonly ConntrackEntry[]): string[] {
  return entries.flatMap((entry) => [
    `${en.heading.conntrack} ${entry.node}  ${PROTOCOLS[entry.protocol] ?? entry.protocol} ${entry.state}`.trimEnd() +
      neverSaw(entry, entries),
    ...columns(
      [entry.original, entry.reply].map(({ source, destination }) => [
        `  ${source}`,
        `> ${destination}${entry.id === undefined ? '' : ` id ${entry.id}`}`,
      ]),
      ' ',
    ),
  ])
}

/** A node beyond the one that translated knows only translated addresses. */
function neverSaw({ node, original }: ConntrackEntry, entries: readonly ConntrackEntry[]): string {
  const first = entries[0].original.destination
  return first === original.destination ? '' : `  (${en.conntrack.neverSaw(node, first)})`
}
