import { type Process, Signal, wait, within } from '../../sim/process.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Nanos } from '../../sim/time.ts'

/** Waits for at most `timeout` (null: for ever) until `signal` is notified. False: the time ran out. */
export function* waitFor(signal: Signal<true>, timeout: Nanos | null): Process<boolean> {
  if (timeout === null) return yield* wait(signal)
  return (yield* wait(within(signal, timeout))) !== null
}

/** The receive queue of a datagram socket: messages in order, bounded by bytes (`sk_rcvbuf`). */
export class Mailbox<T> {
  private readonly items: { readonly item: T; readonly charge: number }[] = []
  private readonly arrived = new Signal<true>()
  private charged = 0

  constructor(private readonly limit: number) {}

  /** As Linux tests it (`__sock_queue_rcv_skb`): on what is held already, so that one message always fits. */
  get full(): boolean {
    return this.charged >= this.limit
  }

  /** False when the queue is full. */
  offer(item: T, charge: number): boolean {
    if (this.full) return false
    this.charged += charge
    this.items.push({ item, charge })
    this.wake()
    return true
  }

  poll(): T | null {
    const first = this.items.shift()
    if (first === undefined) return null
    this.charged -= first.charge
    return first.item
  }

  /** Makes whoever waits look again: an error is pending, or the socket was closed. */
  wake(): void {
    this.arrived.notify(true)
  }

  /**
   * The next message; null once `timeout` has passed. `check` runs before every look at the queue and throws what is
   * pending on the socket: errors come before messages (`__skb_try_recv_datagram`).
   */
  *take(simulation: Simulation, timeout: Nanos | null, check: () => void): Process<T | null> {
    const deadline = timeout === null ? null : simulation.now + timeout
    for (;;) {
      check()
      const item = this.poll()
      if (item !== null) return item
      if (!(yield* waitFor(this.arrived, deadline === null ? null : Math.max(0, deadline - simulation.now))))
        return null
    }
  }
}

/** net.core.rmem_default. */
export const RECEIVE_BUFFER = 212_992
/** What a small message costs beside its bytes: sk_buff and its shared info, by order of magnitude (`skb->truesize`). */
export const MESSAGE_OVERHEAD = 768
