import { ACK, FIN, PSH, SYN } from '../../../wire/fast/tcp.ts'
import { dataSent } from './acknowledge.ts'
import type { Connection } from './connection.ts'
import type { InFlight } from './flight.ts'
import { syncMss } from './mss.ts'
import { after, distance, plus } from './sequence.ts'
import { armRetransmit, armWindowProbe } from './timer.ts'
import { payloadLimit, transmit } from './transmit.ts'

/** Sends what the peer's window, the congestion window and Nagle allow (`tcp_write_xmit`). */
export function push(c: Connection): void {
  switch (c.state) {
    case 'ESTABLISHED':
    case 'CLOSE-WAIT':
    case 'FIN-WAIT-1':
    case 'CLOSING':
    case 'LAST-ACK':
      break
    default:
      return
  }
  restartAfterIdle(c)
  let { pipe } = c
  let sent = false
  while (pipe < Math.floor(c.congestion.cwnd) && sendNext(c, payloadLimit(c))) {
    pipe++
    sent = true
  }
  if (sent) armRetransmit(c)
  if (c.flight.empty && (c.unsent > 0 || finWaits(c))) armWindowProbe(c)
}

/** Sends a SYN or SYN,ACK for the first time. */
export function sendSyn(c: Connection, flags: number): void {
  c.nxt = plus(c.iss, 1)
  c.bufferStart = c.nxt
  c.flight.add(segment(c, c.iss, c.nxt, SYN))
  transmit(c, c.iss, 0, flags)
  armRetransmit(c)
}

/** Sends a segment again, cut to the present MSS if the path takes less than it did. */
export function sendAgain(c: Connection, what: InFlight): void {
  let again = what
  const limit = payloadLimit(c)
  const data = distance(what.end, what.seq) - (what.flags === 0 ? 0 : 1)
  if (data > limit) {
    c.flight.split(what, limit)
    again = c.flight.segments.find(({ seq }) => seq === what.seq)!
  }
  again.lost = false
  again.transmissions++
  again.sentAt = c.now
  again.order = c.transmissions++
  const isSyn = (again.flags & SYN) !== 0
  const ack = isSyn && c.state === 'SYN-SENT' ? 0 : ACK
  const bytes = distance(again.end, again.seq) - (again.flags === 0 ? 0 : 1)
  if (!isSyn) c.clearAck()
  transmit(c, again.seq, bytes, again.flags | ack | (bytes > 0 && again.end === c.dataEnd ? PSH : 0))
}

/** The next segment of what was not sent yet. False: there is none, or it has to wait. */
function sendNext(c: Connection, limit: number): boolean {
  const { unsent } = c
  const count = Math.min(unsent, limit)
  const fin = finWaits(c) && count === unsent
  if (count === 0 && !fin) return false
  if (count + (fin ? 1 : 0) > distance(plus(c.una, c.sendWindow), c.nxt)) return false
  const last = count === unsent
  if (count < limit && !fin && !c.options.noDelay && nagle(c)) return false
  emit(c, count, (fin ? FIN : 0) | (last && count > 0 ? PSH : 0), limit)
  return true
}

/** Sends `count` bytes from SND.NXT on, whatever the windows say: window probes and loss probes do that too. */
export function emit(c: Connection, count: number, flags: number, limit = payloadLimit(c)): void {
  const seq = c.nxt
  const fin = flags & FIN
  c.nxt = plus(seq, count + (fin ? 1 : 0))
  if (fin) c.finSent = true
  if (count < limit) c.smallEnd = c.nxt
  c.flight.add(segment(c, seq, c.nxt, fin))
  if (count > 0) dataSent(c)
  c.clearAck()
  if (transmit(c, seq, count, flags | ACK) === 'EMSGSIZE') tooBig(c)
}

/** RFC 9293 3.7.4, with Minshall's change as Linux has it: only a small segment in flight holds back another. */
function nagle(c: Connection): boolean {
  return !c.flight.empty && after(c.smallEnd, c.una)
}

const finWaits = (c: Connection): boolean => c.finQueued && !c.finSent

/** The route's MTU shrank without this connection being told: it is cut smaller, and goes again at once. */
function tooBig(c: Connection): void {
  const route = c.ip.route(c.remote.address, c.local.address)
  if (typeof route === 'string' || route.mtu >= c.mtu) return
  syncMss(c, route.mtu)
  sendAgain(c, c.flight.tail)
}

function restartAfterIdle(c: Connection): void {
  if (c.flight.empty && c.unsent > 0 && c.lastSent > 0 && c.now - c.lastSent > c.roundTrip.timeout) {
    c.congestion.restart()
  }
}

function segment(c: Connection, seq: number, end: number, flags: number): InFlight {
  return { seq, end, flags, sentAt: c.now, order: c.transmissions++, transmissions: 1, sacked: false, lost: false }
}
