import type { DropReason } from '../trace/drops.ts'
import type { Step } from '../trace/step.ts'
import type { RuleTaken } from '../trace/steps/packet.ts'
import { formatAddress } from '../util/address.ts'
import { type FrameSummary, summarise } from './frame-summary.ts'
import { en } from './messages/en.ts'
import { neighbourFrame } from './neighbour-frame.ts'
import { pathOf } from './path.ts'
import type { StepIndex } from './record.ts'
import { noteOf, placeName, ruleName, whatOf, whyOf } from './sentence.ts'

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
  /** What a tap at this hop sees; between two taps what the last one saw, for NAT the next. Null when none saw it. */
  readonly frame: FrameSummary | null
  /** What was done, in short: `ttl 64 => 63`, `10.96.0.80:80 => 10.244.2.2:8080`. Empty where the action says it all. */
  readonly what: string
  /** The reason it was done. */
  readonly why: string
  readonly rule: string | null
  /** What else happened on the way to this hop: conntrack, marks, the answer it waited for. */
  readonly context: readonly string[]
  /** For a drop: the key of its reason in `trace/drops.ts`. */
  readonly drop?: DropReason
}

/** What a hop did and why, in one line. */
export const hopSentence = ({ what, why }: Hop): string => [what, why].filter(Boolean).join('; ')

/** The hops of a packet, in order. Steps that only explain a neighbouring hop become its `why` or its `context`. */
export function hopsOf(index: StepIndex, packet: number): Hop[] {
  const hops: Hop[] = []
  let pending = new Pending()
  for (const step of pathOf(index, packet)) {
    const action = actionOf(step.event)
    if (action === null) {
      pending.add(step.event)
      continue
    }
    hops.push(hop(index, step, hops.length + 1, action, pending))
    pending = new Pending(action === 'arp' ? step.event : null)
  }
  return withFrames(withContext(hops, pending.notes()))
}

/** What was recorded since the last hop and belongs to the next one. */
class Pending {
  /** The route that leads to the next hop, or what IPVS chose. */
  lead = ''
  private readonly lines: string[] = []
  private rule: RuleTaken | null = null
  private readonly waiting: string

  /** `wait`: the hop before waited for a link-layer address, and told who answered. */
  constructor(wait: Step['event'] | null = null) {
    this.waiting = wait?.kind === 'neighbour' ? formatAddress(wait.address) : ''
  }

  add(event: Step['event']): void {
    if (event.kind === 'route' || event.kind === 'ipvs') this.lead = whyOf(event)
    else if (event.kind === 'rule' && EXPLAINED.has(event.verdict)) this.rule = event.rule
    else if (event.kind !== 'neighbour' || formatAddress(event.address) !== this.waiting) {
      const note = noteOf(event)
      if (note !== '') this.lines.push(note)
    }
  }

  /** The rule behind a hop that a rule ordered: it needs no note of its own. */
  takeRule(): string | null {
    const { rule } = this
    this.rule = null
    return rule === null ? null : ruleName(rule)
  }

  notes(): readonly string[] {
    return this.lines
  }
}

/** Verdicts whose effect is a hop. */
const EXPLAINED: ReadonlySet<string> = new Set(['DROP', 'DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT'])

function hop(index: StepIndex, step: Step, n: number, action: Action, pending: Pending): Hop {
  const { event } = step
  const { node, netns, device } = index.place(step)
  const frame = index.frame(step)
  const ordered = action === 'drop' || event.kind === 'nat' ? pending.takeRule() : null
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
    what: whatOf(event),
    why: [pending.lead, whyOf(event)].filter(Boolean).join('; '),
    rule: ruleOf(event) ?? ordered,
    context: action === 'arp' ? [...pending.notes(), ...addressExchange(index, step)] : pending.notes(),
    ...(event.kind === 'drop' ? { drop: event.reason } : {}),
  }
}

/** Between two taps a hop shows what the last one saw; NAT, and what comes before any tap, what the next one sees. */
function withFrames(hops: readonly Hop[]): Hop[] {
  const filled = [...hops]
  for (let i = 0; i < filled.length; i++) {
    if (filled[i].frame !== null) continue
    const before = filled[i - 1]?.frame ?? null
    const after = hops.slice(i + 1).find((hop) => hop.frame !== null)?.frame ?? null
    filled[i] = { ...filled[i], frame: isNat(filled[i].action) ? (after ?? before) : (before ?? after) }
  }
  return filled
}

export const isNat = (action: Action): boolean => action === 'dnat' || action === 'snat' || action === 'masquerade'

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
      // IPVS forwards too, through OUTPUT: it takes one of the TTL.
      return event.ttl !== null ? 'route' : null
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

/** Who answered for a link-layer address that a packet waited for (ARP, or NDP), or how often nobody did. */
function addressExchange(index: StepIndex, wait: Step): string[] {
  const answers: string[] = []
  let asked = 0
  for (const packet of index.descendants(wait.packet)) {
    const first = index.ofPacket(packet)[0]
    const frame = index.frame(first)
    if (frame === null || ancestorOf(index, first, wait.packet) !== wait.id) continue
    const answer = neighbourFrame(frame)
    if (answer === null) continue
    if (answer === 'request') asked++
    else answers.push(en.note.answered(placeName(index, first), answer.address, answer.mac))
  }
  return answers.length > 0 ? answers : asked > 0 ? [en.note.unanswered(asked)] : []
}

/** The nearest step of `packet` among a step's causes. */
function ancestorOf(index: StepIndex, step: Step, packet: number): number | null {
  for (let up = index.step(step.cause); up !== null; up = index.step(up.cause)) if (up.packet === packet) return up.id
  return null
}

function withContext(hops: readonly Hop[], notes: readonly string[]): Hop[] {
  const last = hops.at(-1)
  if (last === undefined || notes.length === 0) return [...hops]
  return [...hops.slice(0, -1), { ...last, context: [...last.context, ...notes] }]
}
