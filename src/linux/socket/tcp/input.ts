import { MILLISECOND } from '../../../sim/time.ts'
import type { DropReason } from '../../../trace/drops.ts'
import { ACK, FIN } from '../../../wire/fast/tcp.ts'
import { acknowledge, challenge, dataArrived, quickAcks } from './acknowledge.ts'
import type { Connection } from './connection.ts'
import { TIME_WAIT } from './constants.ts'
import { enter, enterTimeWait, finish } from './enter.ts'
import type { InFlight } from './flight.ts'
import { establish, inSynSent, measureHandshake } from './handshake.ts'
import { delivered } from './losses.ts'
import { push, sendAgain } from './output.ts'
import { type AckNews, react } from './recovery.ts'
import type { Segment } from './segment.ts'
import { after, before, distance, plus } from './sequence.ts'
import { canReceive } from './state.ts'
import { armRetransmit, clear } from './timer.ts'
import { sendAck, timestamp } from './transmit.ts'
import { refuse } from './validate.ts'
import { offeredWindow } from './window.ts'

/** What became of a segment. 'reset': it is to be answered with a reset made from the segment itself. */
export type Verdict = { readonly kind: 'done' } | { readonly kind: 'reset' | 'drop'; readonly reason: DropReason }

const DONE: Verdict = { kind: 'done' }
const drop = (reason: DropReason): Verdict => ({ kind: 'drop', reason })
const reset = (reason: DropReason): Verdict => ({ kind: 'reset', reason })

/** SEGMENT ARRIVES (RFC 9293 3.10.7), for every state but CLOSED, LISTEN and TIME-WAIT. */
export function arrive(c: Connection, segment: Segment): Verdict {
  c.lastHeard = c.now
  c.keepAliveProbes = 0
  if (c.state === 'SYN-SENT') {
    const outcome = inSynSent(c, segment)
    return outcome === 'done' ? DONE : outcome === 'reset' ? reset('tcp-invalid-ack') : drop('tcp-flags')
  }
  if (c.state === 'SYN-RECEIVED' && segment.isSyn && segment.seq === c.irs) {
    sendAgain(c, c.flight.head)
    return DONE
  }
  const refusal = refuse(c, segment)
  // A reset that was taken is no drop.
  if (refusal !== null) return isClosed(c) ? DONE : drop(refusal)
  if (!segment.has(ACK)) return drop('tcp-flags')
  if (c.state === 'SYN-RECEIVED') {
    const refused = completeHandshake(c, segment)
    if (refused !== null) return refused
  }
  if (after(segment.ack, c.nxt) || before(segment.ack, plus(c.una, -c.maxSendWindow))) {
    challenge(c)
    return drop('tcp-invalid-ack')
  }
  keepTimestamp(c, segment)
  takeAck(c, segment)
  if (isClosed(c)) return DONE
  return takeText(c, segment)
}

/** The state changes within a call, which the compiler cannot know. */
const isClosed = (c: Connection): boolean => c.state === 'CLOSED' || c.state === 'TIME-WAIT'

function completeHandshake(c: Connection, segment: Segment): Verdict | null {
  if (!after(segment.ack, c.una) || after(segment.ack, c.nxt)) return reset('tcp-invalid-ack')
  if (c.passive && !c.host.admit(c)) return drop('listen-overflow')
  measureHandshake(c)
  c.una = segment.ack
  c.wl1 = segment.seq
  c.wl2 = segment.ack
  c.sendWindow = segment.window << c.sendScale
  c.maxSendWindow = Math.max(c.maxSendWindow, c.sendWindow)
  establish(c)
  return null
}

/** RFC 7323 4.3: only from a segment that covers the last acknowledgment sent. */
function keepTimestamp(c: Connection, segment: Segment): void {
  if (!c.timestampsOn || !segment.timestamps || after(segment.seq, c.windowFrom)) return
  if (!before(segment.tsValue, c.tsRecent)) c.tsRecent = segment.tsValue
}

function takeAck(c: Connection, segment: Segment): void {
  const { ack } = segment
  const inFlight = c.flight.segments.length
  const advanced = after(ack, c.una)
  const windowBefore = c.sendWindow
  updateWindow(c, segment)
  c.probes = 0
  const selected = c.sackOn && segment.sack !== null ? takeSack(c, segment, segment.sack) : []
  const acked = advanced ? release(c, segment) : []
  if (c.sackOn) for (const sent of [...selected, ...acked]) delivered(c, sent, segment)
  const duplicate = !advanced && ack === c.una && inFlight > 0 && segment.length === 0 && windowBefore === c.sendWindow
  if (c.pending === 'window-probe' && after(plus(c.una, c.sendWindow), c.nxt)) {
    clear(c)
    c.roundTrip.backoff = 0
  }
  const news: AckNews = { advanced, acked, duplicate, inFlight }
  react(c, news)
  if (advanced && c.finSent && c.una === c.nxt) finAcknowledged(c)
}

/** RFC 2018; a first block below the acknowledgment is a D-SACK (RFC 2883): something was sent again that had arrived. */
function takeSack(c: Connection, segment: Segment, edges: readonly number[]): InFlight[] {
  if (before(edges[0], segment.ack)) c.rack.widen()
  const highest = c.flight.highestSacked
  const hadSacked = c.flight.sackedCount > 0
  const selected = c.flight.select(edges)
  if (hadSacked && selected.some((sent) => sent.transmissions === 1 && before(sent.end, highest)))
    c.rack.reordered = true
  return selected
}

/** Frees what was acknowledged, measures the round trip, and starts the timer anew. */
function release(c: Connection, segment: Segment): InFlight[] {
  const acked = c.flight.acknowledge(segment.ack)
  const bytes = Math.min(Math.max(0, distance(segment.ack, c.bufferStart)), c.toSend.length)
  c.toSend.release(bytes)
  c.bufferStart = plus(c.bufferStart, bytes)
  c.una = segment.ack
  c.ip.confirm(c.remote.address)
  measure(c, acked, segment)
  c.retransmits = 0
  c.softError = null
  c.roundTrip.backoff = 0
  if (c.lossProbeEnd !== null && !before(c.una, c.lossProbeEnd)) c.lossProbeEnd = null
  if (c.flight.empty) clear(c)
  else armRetransmit(c)
  if (bytes > 0) c.wakeWriters()
  return acked
}

/** Karn: what was sent twice tells nothing, unless timestamps say which of both was answered (RFC 7323 4.1). */
function measure(c: Connection, acked: readonly InFlight[], segment: Segment): void {
  const once = acked.find(({ transmissions }) => transmissions === 1)
  if (once !== undefined && acked.every(({ transmissions }) => transmissions === 1)) {
    c.roundTrip.measure(c.now - once.sentAt)
  } else if (c.timestampsOn && segment.timestamps && segment.tsEcho !== 0) {
    c.roundTrip.measure(Math.max(0, (timestamp(c) - segment.tsEcho) | 0) * MILLISECOND)
  }
}

/** `tcp_may_update_window`: not from a segment older than the last that did. */
function updateWindow(c: Connection, segment: Segment): void {
  const window = segment.window << c.sendScale
  const newer =
    after(segment.ack, c.una) || after(segment.seq, c.wl1) || (segment.seq === c.wl1 && window > c.sendWindow)
  if (!newer && !(segment.seq === c.wl1 && window === 0)) return
  c.wl1 = segment.seq
  c.wl2 = segment.ack
  c.sendWindow = window
  c.maxSendWindow = Math.max(c.maxSendWindow, window)
}

function finAcknowledged(c: Connection): void {
  switch (c.state) {
    case 'FIN-WAIT-1':
      enter(c, 'FIN-WAIT-2')
      if (c.orphan) c.idleTimer.set(TIME_WAIT)
      break
    case 'CLOSING':
      enterTimeWait(c)
      break
    case 'LAST-ACK':
      finish(c, null)
  }
}

/** Data and FIN. */
function takeText(c: Connection, segment: Segment): Verdict {
  const { seq, dataLength } = segment
  const fin = segment.has(FIN)
  if (!canReceive(c.state)) {
    // What comes after the peer's FIN is at most that FIN once more.
    if (segment.length > 0) sendAck(c)
    return DONE
  }
  if (c.orphan && dataLength > 0 && after(plus(seq, dataLength), c.received)) {
    finish(c, null)
    return reset('tcp-close')
  }
  if (dataLength === 0 && !fin) return DONE
  const limit = plus(c.received, offeredWindow(c))
  const verdict = takeData(c, segment, limit)
  if (c.finAt !== null && !before(c.received, c.finAt)) takeFin(c, plus(c.finAt, 1))
  else acknowledge(c)
  push(c)
  return verdict
}

function takeData(c: Connection, segment: Segment, limit: number): Verdict {
  const { seq } = segment
  const end = plus(seq, segment.dataLength)
  const fin = segment.has(FIN) && !after(end, limit)
  if (fin) c.finAt ??= end
  if (!after(end, c.received) && !(fin && end === c.received)) {
    quickAcks(c)
    c.arrived.repeated(seq, end)
    return drop('tcp-old-data')
  }
  if (!before(seq, limit) && segment.dataLength > 0) {
    quickAcks(c)
    sendAck(c)
    return drop('tcp-over-window')
  }
  const count = segment.dataLength - Math.max(0, distance(end, limit))
  const bytes = segment.bytes.slice(segment.dataStart, segment.dataStart + count)
  if (count > 0) dataArrived(c, count, !after(seq, c.received))
  if (after(seq, c.received)) {
    quickAcks(c)
    c.arrived.hold(seq, bytes, fin)
    return DONE
  }
  if (count > 0 && before(seq, c.received)) c.arrived.repeated(seq, c.received)
  c.received = c.arrived.accept(c.received, seq, bytes)
  c.wakeReaders()
  return DONE
}

/** Only the first FIN of a connection waits for an answer to travel with (`tcp_fin`). */
function takeFin(c: Connection, end: number): void {
  c.received = end
  c.finReceived = true
  c.wakeReaders()
  switch (c.state) {
    case 'ESTABLISHED':
      enter(c, 'CLOSE-WAIT')
      c.pingpong = true
      return void acknowledge(c)
    case 'FIN-WAIT-1':
      sendAck(c)
      return void enter(c, 'CLOSING')
    case 'FIN-WAIT-2':
      sendAck(c)
      return void enterTimeWait(c)
  }
}
