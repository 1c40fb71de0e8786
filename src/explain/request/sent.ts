import type { DropReason } from '../../trace/drops.ts'
import type { PacketId, Step } from '../../trace/step.ts'
import { hasTransport, Layout, locate } from '../../wire/fast/layout.ts'
import { flags as flagsOf, headerLength, SYN, sequence as sequenceOf } from '../../wire/fast/tcp.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import { hopsOf } from '../hops.ts'
import { endOf, pathOf } from '../path.ts'
import { isKind, type StepIndex } from '../record.ts'
import { sentenceOf } from '../sentence.ts'

/** Where on its way a packet ended. */
export interface LostAt {
  /** Its number in the packet's hop list, as `podwire trace` prints one. */
  readonly hop: number
  readonly node: string
  readonly netns: string
  readonly device: string
  readonly reason: DropReason
  readonly why: string
  /** Of the IP packet on the device that dropped it, a tunnel's headers included. */
  readonly length: number | null
}

/** TCP as a tap saw it. */
export interface Sent {
  readonly source: number
  readonly destination: number
  readonly sequence: number
  readonly syn: boolean
  readonly bytes: number
  readonly length: number
}

const ETHERNET = 14

/** Null for what is not TCP. */
export function segmentOf(index: StepIndex, packet: PacketId, tap: 'first' | 'last' = 'first'): Sent | null {
  const steps = index.ofPacket(packet)
  const framed = (step: Step): boolean => step.frame !== null
  const seen = tap === 'first' ? steps.find(framed) : steps.findLast(framed)
  const b = seen === undefined ? null : index.frame(seen)
  if (b === null) return null
  const l = new Layout()
  if (!locate(b, ETHERNET, b.length, l) || l.protocol !== PROTOCOL.tcp || !hasTransport(l)) return null
  const t = l.transport
  return {
    source: (b[t] << 8) | b[t + 1],
    destination: (b[t + 2] << 8) | b[t + 3],
    sequence: sequenceOf(b, t),
    syn: (flagsOf(b, t) & SYN) !== 0,
    bytes: l.end - t - headerLength(b, t),
    length: l.end - l.network,
  }
}

/** What a socket refuses (an old segment, one for a closed socket) has arrived, and is not lost. */
export function lostAt(index: StepIndex, packet: PacketId): LostAt | null {
  const end = endOf(pathOf(index, packet))
  if (end === null || !isKind(end, 'drop')) return null
  const { reason } = end.event
  if (reason.startsWith('tcp-') || reason === 'no-socket' || reason === 'other-host') return null
  const hops = hopsOf(index, packet)
  const hop = hops.find(({ step }) => step === end.id)
  const { node, netns, device } = index.place(end)
  const frame = hop?.frame ?? null
  const length = frame?.outer?.ip.length ?? frame?.ip?.length ?? null
  return { hop: hop?.n ?? hops.length, node, netns, device, reason, why: sentenceOf(end.event), length }
}
