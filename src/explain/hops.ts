import type { Step } from '../trace/step.ts'
import type { PacketEvent } from '../trace/steps/packet.ts'
import { flowOf } from './flow.ts'
import { type FrameSummary, summarise } from './frame-summary.ts'
import { pathOf } from './path.ts'
import type { StepIndex } from './record.ts'
import { noteOf, ruleName, whyOf } from './sentence.ts'

export type Action =
  | 'transmit'
  | 'receive'
  | 'bridge'
  | 'route'
  | 'dnat'
  | 'snat'
  | 'masquerade'
  | 'encap'
  | 'decap'
  | 'arp'
  | 'deliver'
  | 'reject'
  | 'drop'
  | 'icmp-error'

/** One line of a trace: something that happened to the packet at one place. */
export interface Hop {
  /** Counts from 1 in its list. */
  readonly n: number
  /** Nanoseconds of virtual time. */
  readonly at: number
  readonly packet: number
  readonly step: number
  readonly node: string
  /** `host` or `NS/POD`. */
  readonly netns: string
  readonly device: string
  readonly direction: 'in' | 'out' | 'local'
  readonly action: Action
  /** What a tap there sees; null where no frame exists yet. */
  readonly frame: FrameSummary | null
  readonly why: string
  readonly rule: string | null
  /** What else happened on the way to this hop: conntrack, marks, the ARP exchange it waited for. */
  readonly context: readonly string[]
}

/** The hops of a packet, in order. Steps that only explain a neighbouring hop become its `why` or its `context`. */
export function hopsOf(index: StepIndex, packet: number): Hop[] {
  const hops: Hop[] = []
  let pending: string[] = []
  let lead = ''
  let rule: string | null = null
  for (const step of pathOf(index, packet)) {
    const { event } = step
    const action = actionOf(event)
    if (action !== null) {
      const own = whyOf(event)
      const context = action === 'arp' ? [...pending, ...arpExchange(index, step)] : pending
      hops.push(
        hop(
          index,
          step,
          hops.length + 1,
          action,
          [lead, own].filter(Boolean).join('; '),
          ruleOf(event) ?? rule,
          context,
        ),
      )
      pending = []
      lead = ''
      rule = null
    } else if (event.kind === 'route') {
      lead = whyOf(event)
    } else if (event.kind === 'rule' && event.verdict === 'DROP') {
      rule = ruleName(event.rule)
    } else {
      const note = noteOf(event)
      if (note !== '') pending.push(note)
    }
  }
  return pending.length === 0 || hops.length === 0 ? hops : withContext(hops, pending)
}

function hop(
  index: StepIndex,
  step: Step,
  n: number,
  action: Action,
  why: string,
  rule: string | null,
  context: readonly string[],
): Hop {
  const { node, netns, device } = index.place(step)
  const frame = index.frame(step)
  return {
    n,
    at: step.at,
    packet: step.packet,
    step: step.id,
    node,
    netns,
    device,
    direction: action === 'transmit' ? 'out' : action === 'receive' ? 'in' : 'local',
    action,
    frame: frame === null ? null : summarise(frame),
    why,
    rule,
    context,
  }
}

/** Null for steps that are no hop of their own: decisions about the host's own packets, marks, conntrack, fragments. */
function actionOf(event: Step['event']): Action | null {
  switch (event.kind) {
    case 'transmit':
    case 'receive':
    case 'bridge':
    case 'encap':
    case 'decap':
    case 'deliver':
    case 'drop':
    case 'icmp-error':
      return event.kind
    case 'route':
      return event.decision === 'forward' ? 'route' : null
    case 'neighbour':
      return event.change === 'wait' ? 'arp' : null
    case 'nat':
      // Undoing DNAT rewrites the source of the answer, and undoing SNAT its destination.
      if (event.reverse) return event.nat === 'dnat' ? 'snat' : 'dnat'
      return event.nat
    case 'rule':
      return event.verdict === 'REJECT' ? 'reject' : null
    default:
      return null
  }
}

function ruleOf(event: Step['event']): string | null {
  if (event.kind === 'nat') return event.rule === null ? null : ruleName(event.rule)
  return event.kind === 'rule' ? ruleName(event.rule) : null
}

/** The requests and answers on the wire that a packet's waiting led to. */
function arpExchange(index: StepIndex, wait: Step): string[] {
  const lines: string[] = []
  for (const packet of index.descendants(wait.packet)) {
    const first = index.ofPacket(packet)[0]
    const frame = index.frame(first)
    if (frame === null || flowOf(frame) !== null || ancestorOf(index, first, wait.packet) !== wait.id) continue
    const { arp } = summarise(frame)
    if (arp === undefined) continue
    const { node, netns, device } = index.place(first)
    const what =
      arp.operation === 'request'
        ? `who has ${arp.targetIp}? tell ${arp.senderIp}`
        : `${arp.senderIp} is at ${arp.senderMac}`
    lines.push(`${netns === 'host' ? node : netns} ${device}: ${what}`)
  }
  return lines
}

/** The nearest step of `packet` among a step's causes. */
function ancestorOf(index: StepIndex, step: Step, packet: number): number | null {
  for (let up = index.step(step.cause); up !== null; up = index.step(up.cause)) if (up.packet === packet) return up.id
  return null
}

function withContext(hops: readonly Hop[], notes: readonly string[]): Hop[] {
  const last = hops[hops.length - 1]
  return [...hops.slice(0, -1), { ...last, context: [...last.context, ...notes] }]
}

export type { PacketEvent }
