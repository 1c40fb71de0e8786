import type { PacketId, Step } from '../trace/step.ts'
import type { Endpoint, PacketEvent, TuplePair } from '../trace/steps/packet.ts'
import { formatAddress, formatEndpoint, sameAddress } from '../util/address.ts'
import type { Facts } from './facts.ts'
import { type Hop, hopsOf } from './hops.ts'
import { en } from './messages/en.ts'
import { endOf, flowsOf, pathOf, replyOf } from './path.ts'
import { isKind, type StepIndex } from './record.ts'
import { icmpName, isIcmp, placeName, sentenceOf, whyOf } from './sentence.ts'

/**
 * delivered: it arrived and the answer came back. refused: a TCP RST. rejected: an ICMP error came back. dropped: it ended on
 * the way. unanswered: it arrived, and no answer reached the sender.
 */
export type Verdict = 'delivered' | 'refused' | 'rejected' | 'dropped' | 'unanswered'

/** What was asked for, in the words of whoever asked. */
export interface TraceRequest {
  readonly from: string
  readonly to: string
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly port: number | null
}

/** What the sender's socket had to say: the packet it sent (0 when none left), and the errno it ended with, if any. */
export interface Sent {
  readonly packet: PacketId
  readonly errno: string | null
}

export interface Delivered {
  readonly kind: 'pod' | 'node' | 'external'
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly address: string
  readonly port: number
}

/** What the rules of the node that decides make of a Service's address, or of a NodePort. */
export interface ServiceChoice {
  /** The node whose NodePort it is; absent for addresses of the Service itself, where the sender's node decides. */
  readonly nodePortOf?: string
  /** The device of the sender's node that has the address: kube-ipvs0, in ipvs mode; in other modes none has. */
  readonly device?: string
  readonly namespace: string
  readonly name: string
  readonly address: string
  readonly port: number
  /** In rule order. */
  readonly endpoints: readonly {
    readonly address: string
    readonly port: number
    readonly node: string
    readonly probability: number
  }[]
  /** How many ready endpoints the Service port has, when the rules lead this packet to none of them. */
  readonly withheld?: number
  /** What chance follows from. */
  readonly seed: number
  /** `ip:port` of the endpoint that this packet got; absent when it was translated to none. */
  readonly picked?: string
}

export interface ConntrackEntry {
  readonly node: string
  readonly protocol: number
  readonly state: string
  /** The echo id, for ICMP, which has no ports. */
  readonly id?: number
  readonly original: { readonly source: string; readonly destination: string }
  readonly reply: { readonly source: string; readonly destination: string }
}

/** One packet and its answer: the document behind `podwire trace -o json` (kind: Trace). Field names are a contract. */
export interface Trace {
  readonly request: TraceRequest
  readonly verdict: Verdict
  readonly reason?: string
  /** The errno of the sender's socket, when no packet left it. */
  readonly errno?: string
  readonly forward: { readonly hops: readonly Hop[] }
  readonly reply?: { readonly hops: readonly Hop[] }
  readonly delivered?: Delivered
  /** When a Service was asked for by its address. */
  readonly service?: ServiceChoice
  readonly conntrack: readonly ConntrackEntry[]
  readonly assumed: readonly string[]
  readonly unmodelled: readonly string[]
}

/** Judges what became of a packet from the steps alone. */
export function traceOf(
  index: StepIndex,
  request: TraceRequest,
  sent: Sent,
  facts: Facts,
  service: ServiceChoice | null = null,
): Trace {
  const path = pathOf(index, sent.packet)
  const end = endOf(path)
  const replyPacket = sent.packet === 0 ? null : replyOf(index, sent.packet)
  const reply = replyPacket === null ? null : hopsOf(index, replyPacket)
  const arrived = end !== null && end.event.kind === 'deliver'
  const judged = arrived ? judgeReply(index, replyPacket, reply) : judgeLoss(index, end, replyPacket, reply, sent)
  return {
    request,
    ...judged,
    ...(sent.packet === 0 && sent.errno !== null ? { errno: sent.errno } : {}),
    forward: { hops: hopsOf(index, sent.packet) },
    ...(reply === null ? {} : { reply: { hops: reply } }),
    ...(arrived ? { delivered: deliveredTo(index, end, facts) } : {}),
    ...(service === null ? {} : { service: { ...service, ...pickedBy(path) } }),
    conntrack: entries(index, sent.packet, [...path, ...(replyPacket === null ? [] : pathOf(index, replyPacket))]),
    assumed: facts.assumed,
    unmodelled: facts.unmodelled,
  }
}

function pickedBy(path: readonly Step[]): Pick<ServiceChoice, 'picked'> {
  for (const step of path) {
    if (!isKind(step, 'nat') || step.event.nat !== 'dnat' || step.event.reverse) continue
    const { address, port } = step.event.to
    return { picked: formatEndpoint(address, port) }
  }
  return {}
}

type Judged = Pick<Trace, 'verdict' | 'reason'>

function judgeReply(index: StepIndex, packet: PacketId | null, hops: readonly Hop[] | null): Judged {
  if (packet === null || hops === null) return { verdict: 'unanswered', reason: en.reason.silent }
  const end = endOf(pathOf(index, packet))
  if (end === null || end.event.kind !== 'deliver') {
    return {
      verdict: 'unanswered',
      reason: en.reason.replyLost(end === null ? '' : placeName(index, end), end === null ? '' : sentenceOf(end.event)),
    }
  }
  const frame = hops[0]?.frame
  if (frame?.tcp?.flags.includes('RST')) return refused(hops)
  if (frame?.icmp?.quoted !== undefined) return rejected(index, packet, hops)
  return { verdict: 'delivered' }
}

function judgeLoss(
  index: StepIndex,
  end: Step | null,
  packet: PacketId | null,
  hops: readonly Hop[] | null,
  sent: Sent,
): Judged {
  if (packet !== null && hops !== null && endOf(pathOf(index, packet))?.event.kind === 'deliver')
    return hops[0]?.frame?.tcp?.flags.includes('RST') ? refused(hops) : rejected(index, packet, hops)
  if (end === null) return { verdict: 'dropped', reason: en.reason.notSent(sent.errno ?? '') }
  return { verdict: 'dropped', reason: en.reason.lostAt(placeName(index, end), lossWhy(end)) }
}

const refused = (hops: readonly Hop[]): Judged => ({
  verdict: 'refused',
  reason: en.reason.rst(hops[0]?.frame?.ip?.source ?? ''),
})

function rejected(index: StepIndex, packet: PacketId, hops: readonly Hop[]): Judged {
  const icmp = hops[0]?.frame?.icmp
  const from = hops[0]?.frame?.ip?.source ?? ''
  const error = index.step(index.ofPacket(packet)[0].cause)
  const why = error !== null && isKind(error, 'icmp-error') ? `: ${errorWhy(index, error)}` : ''
  const what = icmp === undefined ? '' : icmpName(icmp.type, icmp.code, hops[0]?.frame?.ip?.version ?? 4)
  return { verdict: 'rejected', reason: en.reason.icmp(what, from) + why }
}

function errorWhy(index: StepIndex, error: Step<Extract<PacketEvent, { kind: 'icmp-error' }>>): string {
  const cause = index.step(error.cause)
  const ruled = cause !== null && isKind(cause, 'rule') && cause.event.verdict === 'REJECT'
  return ruled ? en.reason.rejectedBy(whyOf(cause.event)) : en.drop[error.event.why]
}

function lossWhy(end: Step): string {
  return isKind(end, 'drop') || isKind(end, 'icmp-error') ? sentenceOf(end.event) : en.drop['not-specified']
}

function deliveredTo(index: StepIndex, end: Step, facts: Facts): Delivered | undefined {
  if (!isKind(end, 'deliver')) return undefined
  const { address } = end.event.local
  const echo = end.event.protocol === 1 || end.event.protocol === 58
  const port = echo ? 0 : end.event.local.port
  const { node, netns } = index.place(end)
  const [namespace, name] = netns === 'host' ? ['', node] : netns.split('/')
  const kind = netns !== 'host' ? 'pod' : facts.owner(address)?.kind === 'external' ? 'external' : 'node'
  return { kind, namespace, name, node, address: formatAddress(address), port }
}

/** The conntrack entries that the packet and its answer made or used (not their tunnel's), in their latest state. */
function entries(index: StepIndex, packet: PacketId, steps: readonly Step[]): ConntrackEntry[] {
  const flows = flowsOf(index, packet)
  const latest = new Map<string, ConntrackEntry>()
  for (const step of steps) {
    if (!isKind(step, 'conntrack')) continue
    const { original, protocol } = step.event.tuples
    const own = flows.some((flow) => flow.protocol === protocol && sameAddress(flow.source, original.source.address))
    if (!own) continue
    const { node } = index.place(step)
    latest.set(`${node} ${step.event.connection}`, entry(node, step.event.state, step.event.tuples))
  }
  return [...latest.values()]
}

function entry(node: string, state: string, { protocol, original, reply }: TuplePair): ConntrackEntry {
  const icmp = isIcmp(protocol)
  const text = ({ address, port }: Endpoint): string => (icmp ? formatAddress(address) : formatEndpoint(address, port))
  return {
    node,
    protocol,
    state,
    ...(icmp ? { id: original.source.port } : {}),
    original: { source: text(original.source), destination: text(original.destination) },
    reply: { source: text(reply.source), destination: text(reply.destination) },
  }
}
