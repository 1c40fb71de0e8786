import type { Connection } from './connection.ts'
import { RECEIVE_SPACE, RECEIVE_SPACE_FULL, RECEIVE_SPACE_MOST } from './constants.ts'
import { TIMESTAMPS_LENGTH } from './options.ts'
import { distance, plus } from './sequence.ts'

/** The first window: whole segments, and no more than a SYN can say (`tcp_select_initial_window`). */
export function firstWindow(space: number, mss: number): number {
  const whole = space > mss ? Math.floor(space / mss) * mss : space
  return Math.min(whole, RECEIVE_SPACE - 1)
}

/** What is left of the window that was offered last. */
export function offeredWindow(c: Connection): number {
  return Math.max(0, distance(plus(c.windowFrom, c.window), c.received))
}

/** The window there is room for now: 0 rather than a sliver (RFC 9293 3.8.6.2.2), in units of the scale. */
export function freeWindow(c: Connection): number {
  const room = c.windowClamp - c.arrived.available
  if (room < Math.min(c.mss, c.windowClamp / 2)) return 0
  const free = Math.min(room, c.windowLimit)
  return c.receiveScale > 0 ? align(c, free) : Math.min(free, 0xffff)
}

/** Chooses the window to offer, which never shrinks (RFC 9293 3.8.6), and returns what stands in the header. */
export function selectWindow(c: Connection): number {
  const offered = offeredWindow(c)
  const free = freeWindow(c)
  c.window = free < offered ? align(c, offered) : free
  c.windowFrom = c.received
  return Math.min(0xffff, c.window >>> Math.max(0, c.receiveScale))
}

/** Data came: a little more may be offered (`tcp_grow_window`), for small segments cost the buffer more than they hold. */
export function growWindow(c: Connection, count: number): void {
  if (count < 128) return
  if (c.options.receiveSpace === undefined && c.windowClamp < RECEIVE_SPACE_FULL) c.windowClamp = RECEIVE_SPACE_FULL
  const step = 2 * (c.advertisedMss - (c.timestampsOn ? TIMESTAMPS_LENGTH : 0))
  if (c.windowLimit < c.windowClamp) c.windowLimit = Math.min(c.windowClamp, c.windowLimit + step)
}

/**
 * Receive buffer autotuning (`tcp_rcv_space_adjust`): a user who reads more in a round trip than before gets room for twice
 * that. A buffer that was set by hand stays as it is.
 */
export function tuneWindow(c: Connection, count: number): void {
  c.readBytes += count
  if (c.options.receiveSpace !== undefined || c.now - c.readSince < c.roundTrip.smoothed) return
  if (c.readBytes > c.readMost) {
    c.readMost = c.readBytes
    const wanted = 2 * c.readBytes + 16 * c.advertisedMss
    if (wanted > c.windowClamp) c.windowClamp = Math.min(RECEIVE_SPACE_MOST, wanted)
  }
  c.readBytes = 0
  c.readSince = c.now
}

function align(c: Connection, window: number): number {
  const unit = 1 << Math.max(0, c.receiveScale)
  return Math.ceil(window / unit) * unit
}
