import type { PacketId, Step } from '../../trace/step.ts'
import type { TlsEvent, TlsRole } from '../../trace/steps/tls.ts'
import type { StepIndex } from '../record.ts'
import { type LostAt, lostAt, type Sent, segmentOf } from './sent.ts'

/** A packet of TCP's three-way handshake, at the time when the client sent it or got it. */
export interface Opening {
  readonly flags: 'SYN' | 'SYN, ACK' | 'ACK'
  readonly by: TlsRole
  readonly packet: PacketId
  /** Nanoseconds of virtual time. */
  readonly at: number
  /** Of the IP packet. */
  readonly length: number
  readonly lost: LostAt | null
}

/** How TCP opened the connection that the client's TLS went over: each SYN, what answered, and the first ACK (RFC 9293 3.5). */
export function openingOf(index: StepIndex, own: readonly Step[]): Opening[] {
  const first = own.find(({ event }) => event.kind.startsWith('tls-'))
  if (first === undefined) return []
  const { connection } = first.event as TlsEvent
  const home = index.place(first)
  const isHome = (step: Step): boolean => {
    const { node, netns } = index.place(step)
    return node === home.node && netns === home.netns
  }
  const opening: Opening[] = []
  let sequence: number | null = null
  for (const packet of index.packets()) {
    const steps = index.ofPacket(packet)
    const [begin, end] = [steps[0], steps[steps.length - 1]]
    const by = isHome(begin) ? 'client' : 'server'
    if (by === 'server' && !isHome(end)) continue
    const seen = segmentOf(index, packet, by === 'client' ? 'first' : 'last')
    if (seen === null || (by === 'client' ? seen.source : seen.destination) !== connection) continue
    if (by === 'client' && seen.syn) {
      // The port may have been another connection's before, and may be one's again.
      if (begin.id > first.id) break
      if (seen.sequence !== sequence) opening.length = 0
      sequence = seen.sequence
    }
    const flags = flagsOf(seen, by, opening)
    if (flags === null) continue
    const { at } = by === 'client' ? begin : end
    opening.push({ flags, by, packet, at, length: seen.length, lost: lostAt(index, packet) })
    if (flags === 'ACK') sequence = null
  }
  return opening
}

/** Null for what is no part of it. */
function flagsOf({ syn, bytes }: Sent, by: TlsRole, before: readonly Opening[]): Opening['flags'] | null {
  const over = before.some(({ flags }) => flags === 'ACK')
  if (by === 'client' && syn) return 'SYN'
  if (over || before.length === 0) return null
  if (by === 'server') return syn ? 'SYN, ACK' : null
  return bytes === 0 && before.some(({ flags }) => flags === 'SYN, ACK') ? 'ACK' : null
}
