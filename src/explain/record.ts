import type { Event, FrameRef, PacketId, Place, Step, StepId } from '../trace/step.ts'

/** What a run left behind: the recorder itself, or a saved trace read back. */
export interface Recorded {
  readonly steps: readonly Step[]
  readonly places: readonly Place[]
  frame(ref: FrameRef): Uint8Array
}

/** Recorded steps, indexed for questions about packets and causes. Build once a run; `refresh` takes in steps added since. */
export class StepIndex {
  private readonly byPacket = new Map<PacketId, Step[]>()
  private readonly byId = new Map<StepId, Step>()
  /** For each packet, the packet of the step that caused its first step; 0 for one that began by itself. */
  private readonly parents = new Map<PacketId, PacketId>()
  private seen = 0

  constructor(readonly recorded: Recorded) {
    this.refresh()
  }

  refresh(): void {
    const { steps } = this.recorded
    for (; this.seen < steps.length; this.seen++) this.add(steps[this.seen])
  }

  step(id: StepId): Step | null {
    return this.byId.get(id) ?? null
  }

  place(step: Step): Place {
    return this.recorded.places[step.place]
  }

  frame(step: Step): Uint8Array | null {
    return step.frame === null ? null : this.recorded.frame(step.frame)
  }

  /** All steps of a packet, in the order they happened. */
  ofPacket(packet: PacketId): readonly Step[] {
    return this.byPacket.get(packet) ?? []
  }

  /** Packets whose chain of causes contains a step of `packet`, in the order they began. */
  descendants(packet: PacketId): PacketId[] {
    const found: PacketId[] = []
    for (const candidate of this.byPacket.keys())
      if (candidate !== packet && this.descends(candidate, packet)) found.push(candidate)
    return found
  }

  /** The packet whose step caused this one to be made; 0 when none did. */
  parent(packet: PacketId): PacketId {
    return this.parents.get(packet) ?? 0
  }

  /** Every packet seen, in the order they began. */
  packets(): Iterable<PacketId> {
    return this.byPacket.keys()
  }

  private descends(packet: PacketId, ancestor: PacketId): boolean {
    for (let at = this.parent(packet); at !== 0; at = this.parent(at)) if (at === ancestor) return true
    return false
  }

  private add(step: Step): void {
    this.byId.set(step.id, step)
    if (step.packet === 0) return
    const known = this.byPacket.get(step.packet)
    if (known !== undefined) {
      known.push(step)
      return
    }
    this.byPacket.set(step.packet, [step])
    this.parents.set(step.packet, this.packetAbove(step))
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
