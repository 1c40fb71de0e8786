import type { Connection } from './connection.ts'
import { TIME_WAIT } from './constants.ts'
import { enter, finish } from './enter.ts'
import { push } from './output.ts'
import { needsReset } from './state.ts'
import { sendReset } from './transmit.ts'

/** shutdown(SHUT_WR): a FIN follows what was written (RFC 9293 3.10.4). Reading goes on. */
export function shutdown(c: Connection): void {
  if (c.state === 'ESTABLISHED') enter(c, 'FIN-WAIT-1')
  else if (c.state === 'CLOSE-WAIT') enter(c, 'LAST-ACK')
  else return
  c.finQueued = true
  push(c)
}

/**
 * close(2), and what SIGKILL does to every socket of a process: FIN, or RST when there is data that nobody will read now
 * (RFC 2525 2.17; `__tcp_close`).
 */
export function close(c: Connection): void {
  if (c.orphan) return
  c.orphan = true
  const unread = c.arrived.available > 0
  c.arrived.clear()
  switch (c.state) {
    case 'SYN-SENT':
      return void finish(c, null)
    case 'SYN-RECEIVED':
    case 'ESTABLISHED':
    case 'CLOSE-WAIT':
      if (unread || c.state === 'SYN-RECEIVED') abort(c)
      else shutdown(c)
      return
    case 'FIN-WAIT-1':
      if (unread) abort(c)
      return
    case 'FIN-WAIT-2':
      if (unread) abort(c)
      else c.idleTimer.set(TIME_WAIT)
      return
    default:
  }
}

/** ABORT (RFC 9293 3.10.5), as SO_LINGER with a time of 0 does. */
export function abort(c: Connection): void {
  c.orphan = true
  if (needsReset(c.state)) sendReset(c)
  if (c.state !== 'TIME-WAIT') finish(c, null)
}
