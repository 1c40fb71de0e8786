import { writeTcp } from '../../../wire/fast/tcp.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import { Skb } from '../../skb.ts'
import { Segment } from '../tcp/segment.ts'
import { isTcp, type Sent, type TestIp } from './hosts.ts'

const NAMES = ['F', 'S', 'R', 'P', 'A'] as const

/** A sent TCP segment, read; `at` in nanoseconds. */
export interface Shown {
  readonly at: number
  /** As tcpdump writes flags, with A for ACK: `SA`, `PA`. */
  readonly flags: string
  readonly segment: Segment
}

export function show({ at, bytes }: Sent): Shown {
  const segment = new Segment(bytes, 0, bytes.length)
  return { at, flags: NAMES.filter((_, bit) => segment.flags & (1 << bit)).join(''), segment }
}

/** The TCP segments a host has sent, from the `skip`th on. */
export const segments = (host: TestIp, skip = 0): Shown[] => host.sent.filter(isTcp).slice(skip).map(show)
export const flagsOf = (host: TestIp, skip = 0): string[] => segments(host, skip).map(({ flags }) => flags)

export interface Forged {
  readonly seq: number
  readonly ack?: number
  readonly flags: number
  readonly window?: number
  readonly data?: Uint8Array
  readonly options?: Uint8Array
  readonly fromPort: number
  readonly toPort: number
}

/** Hands a segment made by hand to a host, as if its peer had sent it. */
export function forge(to: TestIp, from: TestIp, what: Forged): void {
  const frame = Frame.of(what.data ?? new Uint8Array(0))
  const { seq, ack = 0, flags, window = 1000, fromPort, toPort, options } = what
  const [source, destination] = [from.addresses[0], to.addresses[0]]
  writeTcp(frame, source, destination, fromPort, toPort, seq, ack, flags, window, options)
  to.sockets.receive(new Skb(frame, to.kernel.recorder.packet(), 0), PROTOCOL.tcp, source, destination, 64)
}
