import type { Event, FrameRef, PacketId, Place, Step, StepId } from '../trace/step.ts'

/** What a run left behind: the recorder itself, or a saved trace read back. */
export interface Recorded {
  readonly steps: readonly Step[]
  readonly places: readonly Place[]
  frame(ref: FrameRef): Uint8Array
}

/** Recorded steps, indexed for questions about packets and causes. Build once a run; a question takes in steps added since. */
export class StepIndex {
  private readonly byPacket = new Map<PacketId, Step[]>()
  /** The packets that each packet caused directly. */
  private readonly children = new Map<PacketId, PacketId[]>()
  /** For each packet, the packet of the step that caused its first step; 0 for one that began by itself. */
  private readonly parents = new Map<PacketId, PacketId>()
  private seen = 0

  constructor(readonly recorded: Recorded) {}

  /** Ids ascend, and have gaps only where recording was off for a while: most lie at their own place. */
  step(id: StepId): Step | null {
    const { steps } = this.recorded
    if (steps[id - 1]?.id === id) return steps[id - 1]
    let low = 0
    let high = Math.min(steps.length, id)
    while (low < high) {
      const middle = (low + high) >> 1
      if (steps[middle].id < id) low = middle + 1
      else high = middle
    }
    return low < steps.length && steps[low].id === id ? steps[low] : null
  }

  place(step: Step): Place {
    return this.recorded.places[step.place]
  }

  frame(step: Step): Uint8Array | null {
    return step.frame === null ? null : this.recorded.frame(step.frame)
  }

  /** All steps of a packet, in the order they happened. */
  ofPacket(packet: PacketId): readonly Step[] {
    this.refresh()
    return this.byPacket.get(packet) ?? []
  }

  /** Packets whose chain of causes contains a step of `packet`, in the order they began. */
  descendants(packet: PacketId): PacketId[] {
    this.refresh()
    const found = [...(this.children.get(packet) ?? [])]
    for (let i = 0; i < found.length; i++) found.push(...(this.children.get(found[i]) ?? []))
    const began = (child: PacketId): StepId => this.byPacket.get(child)![0].id
    return found.sort((a, b) => began(a) - began(b))
  }

  /** The packet whose step caused this one to be made; 0 when none did. */
  parent(packet: PacketId): PacketId {
    this.refresh()
    return this.parents.get(packet) ?? 0
  }

  /** Every packet seen, in the order they began. */
  packets(): Iterable<PacketId> {
    this.refresh()
    return this.byPacket.keys()
  }

  private refresh(): void {
    const { steps } = this.recorded
    for (; this.seen < steps.length; this.seen++) this.add(steps[this.seen])
  }

  private add(step: Step): void {
    if (step.packet === 0) return
    const known = this.byPacket.get(step.packet)
    if (known !== undefined) {
      known.push(step)
      return
    }
    this.byPacket.set(step.packet, [step])
    const parent = this.packetAbove(step)
    this.parents.set(step.packet, parent)
    const siblings = this.children.get(parent)
    if (siblings === undefined) this.children.set(parent, [step.packet])
    else siblings.push(step.packet)
  }

  /** Walks up from a packet's first step to the nearest step of another packet. */
  private packetAbove(step: Step): PacketId {
    for (let up = this.step(step.cause); up !== null; up = this.step(up.cause)) {
      if (up.packet !== 0 && up.packet !== step.packet) return up.packet
    }
    return 0
  }
}

/** Narrows a step to one kind of event. */
export function isKind<K extends Event['kind']>(step: Step, kind: K): step is Step<Extract<Event, { kind: K }>> {
  return step.event.kind === kind
}
