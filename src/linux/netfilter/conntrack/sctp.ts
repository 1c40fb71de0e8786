import { u16 } from '../../../wire/fast/bytes.ts'
import type { Connection } from '../connection.ts'
import type { Timeouts } from './timeouts.ts'

/** States of nf_conntrack_proto_sctp. */
export const SCTP_STATES = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
] as const

const HEADER = 12
const NONE = 0
const CLOSED = 1
const COOKIE_WAIT = 2
const COOKIE_ECHOED = 3
const ESTABLISHED = 4
const SHUTDOWN_SENT = 5
const SHUTDOWN_RECD = 6
const SHUTDOWN_ACK_SENT = 7
const HEARTBEAT_SENT = 8

/** Chunk types (RFC 9260 3.2). */
const INIT = 1
const INIT_ACK = 2
const HEARTBEAT = 4
const ABORT = 6
const SHUTDOWN = 7
const SHUTDOWN_ACK = 8
const COOKIE_ECHO = 10
const COOKIE_ACK = 11
const SHUTDOWN_COMPLETE = 14

/** The state of an association that begins with this packet; NONE when none can. */
export function newSctp(b: Uint8Array, t: number, end: number): number {
  const type = firstChunk(b, t, end)
  switch (type) {
    case INIT:
      return COOKIE_WAIT
    case HEARTBEAT:
      return HEARTBEAT_SENT
    case INIT_ACK:
    case ABORT:
    case SHUTDOWN_COMPLETE:
      return NONE
    default:
      return type < 0 ? NONE : CLOSED
  }
}

/** False: invalid. The verification tags are not looked at. */
export function sctpPacket(
  connection: Connection,
  direction: 0 | 1,
  b: Uint8Array,
  t: number,
  end: number,
  timeouts: Timeouts['sctp'],
  refresh: (connection: Connection, seconds: number) => void,
): boolean {
  if (firstChunk(b, t, end) < 0) return false
  for (let o = t + HEADER; o + 4 <= end; o += Math.max(4, (u16(b, o + 2) + 3) & ~3)) {
    connection.sctp = advance(connection.sctp, direction, b[o])
  }
  if (connection.sctp === ESTABLISHED && connection.seenReply) connection.assured = true
  refresh(connection, timeouts[connection.sctp])
  return true
}

function advance(state: number, direction: 0 | 1, chunk: number): number {
  switch (chunk) {
    case INIT:
      return direction === 0 && (state <= COOKIE_WAIT || state === SHUTDOWN_ACK_SENT) ? COOKIE_WAIT : state
    case ABORT:
      return CLOSED
    case COOKIE_ECHO:
      return direction === 0 && (state === COOKIE_WAIT || state === CLOSED) ? COOKIE_ECHOED : state
    case COOKIE_ACK:
      return direction === 1 && state === COOKIE_ECHOED ? ESTABLISHED : state
    case SHUTDOWN:
      return state === ESTABLISHED ? (direction === 0 ? SHUTDOWN_SENT : SHUTDOWN_RECD) : state
    case SHUTDOWN_ACK:
      return state === SHUTDOWN_SENT || state === SHUTDOWN_RECD ? SHUTDOWN_ACK_SENT : state
    case SHUTDOWN_COMPLETE:
      return state === SHUTDOWN_ACK_SENT ? CLOSED : state
    default:
      return state === HEARTBEAT_SENT && direction === 1 ? ESTABLISHED : state
  }
}

function firstChunk(b: Uint8Array, t: number, end: number): number {
  return end - t < HEADER + 4 ? -1 : b[t + HEADER]
}
