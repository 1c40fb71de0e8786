import type { PacketId, Step, StepId } from '../trace/step.ts'
import { type Flow, flowOf, reversed, sameFlow } from './flow.ts'
import { isKind, type StepIndex } from './record.ts'

/**
 * The steps of a packet that led somewhere. Copies that a bridge or a segment flooded to hosts that ignored them are left
 * out, unless nothing else is left.
 */
export function pathOf(index: StepIndex, packet: PacketId): readonly Step[] {
  const steps = index.ofPacket(packet)
  const dead = deadEnds(steps)
  return dead.size === 0 || dead.size === steps.length ? steps : steps.filter((step) => !dead.has(step.id))
}

/** What became of a packet: its delivery, else its drop, else the last thing seen of it. */
export function endOf(path: readonly Step[]): Step | null {
  const last = (kind: string): Step | undefined => path.findLast((step) => step.event.kind === kind)
  return last('deliver') ?? last('drop') ?? path.at(-1) ?? null
}

/**
 * The answer to a packet: the first packet it caused whose addresses and ports are the packet's turned round (as it arrived,
 * or as it was sent), or the ICMP error that was made of it. Null when nobody answered. A redirect answers nothing: the
 * packet went on.
 */
export function replyOf(index: StepIndex, packet: PacketId): PacketId | null {
  const sent = flowsOf(index, packet)
  const answers = (candidate: PacketId): boolean => {
    const cause = index.step(index.ofPacket(candidate)[0].cause)
    if (cause !== null && isKind(cause, 'icmp-error')) return cause.packet === packet && cause.event.why !== 'redirect'
    return flowsOf(index, candidate).some((flow) => sent.some((s) => sameFlow(reversed(s), flow)))
  }
  return index.descendants(packet).find(answers) ?? null
}

/** Every flow that a packet showed on its way: NAT gives it more than one. */
export function flowsOf(index: StepIndex, packet: PacketId): Flow[] {
  const flows: Flow[] = []
  let seen = -1
  for (const step of index.ofPacket(packet)) {
    if (step.frame === null || step.frame === seen) continue
    seen = step.frame
    const flow = flowOf(index.recorded.frame(step.frame))
    if (flow !== null && !flows.some((known) => sameFlow(known, flow))) flows.push(flow)
  }
  return flows
}

/** Steps all of whose consequences end in "not for this host". */
function deadEnds(steps: readonly Step[]): Set<StepId> {
  const alive = new Set<StepId>()
  const dead = new Set<StepId>()
  const causes = new Set(steps.map((step) => step.cause))
  const ignored = (step: Step): boolean => step.event.kind === 'drop' && step.event.reason === 'other-host'
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]
    const leaf = !causes.has(step.id)
    if (alive.has(step.id) || (leaf && !ignored(step))) alive.add(step.cause)
    else dead.add(step.id)
  }
  return dead
}
