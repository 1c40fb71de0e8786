import type { Connection } from './connection.ts'
import { RECEIVE_SPACE } from './constants.ts'
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
  const free = c.windowLimit - c.arrived.available
  if (free < Math.min(c.mss, c.windowLimit / 2)) return 0
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

function align(c: Connection, window: number): number {
  const unit = 1 << Math.max(0, c.receiveScale)
  return Math.ceil(window / unit) * unit
}
