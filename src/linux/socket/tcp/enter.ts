import type { Errno } from '../../errno.ts'
import type { Connection } from './connection.ts'
import { TIME_WAIT } from './constants.ts'
import type { TcpState } from './state.ts'

/** Changes state, and records it. */
export function enter(c: Connection, to: TcpState): void {
  const { kernel, place } = c.ip
  const from = c.state
  if (from === to) return
  c.state = to
  const { recorder, simulation } = kernel
  if (!recorder.on) return void recorder.skip()
  const event = { kind: 'tcp-state', from, to, local: c.local, remote: c.remote } as const
  c.cause = recorder.step(simulation.now, place, c.cause, c.packet, null, event)
}

/** The end: nothing finds the connection any more, and calls on it fail with `error`, when there is one. */
export function finish(c: Connection, error: Errno | null): void {
  if (c.state === 'CLOSED') return
  enter(c, 'CLOSED')
  c.error = error
  c.clearTimers()
  c.toSend.clear()
  c.flight.clear()
  c.host.forget(c)
  c.wakeReaders()
  c.wakeWriters()
}

/** RFC 9293 3.10.7.4: what is left is to acknowledge the peer's FIN, should it come again. */
export function enterTimeWait(c: Connection): void {
  enter(c, 'TIME-WAIT')
  c.clearTimers()
  c.toSend.clear()
  c.flight.clear()
  c.idleTimer.set(TIME_WAIT)
  c.wakeReaders()
  c.wakeWriters()
}
