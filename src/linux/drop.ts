import type { DropReason } from '../trace/drops.ts'
import type { PlaceId } from '../trace/step.ts'
import type { Kernel } from './kernel.ts'
import type { Skb } from './skb.ts'

/** The end of a packet: `kfree_skb_reason`. The caller forgets it. */
export function drop(kernel: Kernel, place: PlaceId, skb: Skb, reason: DropReason, detail?: string): void {
  const rec = kernel.recorder
  if (!rec.on) {
    skb.cause = rec.skip()
    return
  }
  const event = detail === undefined ? ({ kind: 'drop', reason } as const) : ({ kind: 'drop', reason, detail } as const)
  skb.cause = rec.step(kernel.simulation.now, place, skb.cause, skb.packet, null, event)
}
