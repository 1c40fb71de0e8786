import type { Step } from '../../trace/step.ts'
import { formatAddress } from '../../util/address.ts'
import { Layout, locate } from '../../wire/fast/layout.ts'
import { option, SYN } from '../../wire/fast/tcp.ts'
import { TCP_OPTION } from '../../wire/tcp-options.ts'
import { isKind, type StepIndex } from '../record.ts'
import type { PacketLine } from '../session.ts'

/** What a program asked of DNS, and who answered. */
export interface DnsSeen {
  /** The address that was asked. */
  readonly server: string
  /** Who stood behind it: `kube-system/coredns`, `10.244.0.2:53`. */
  readonly by: Peer | null
  readonly questions: readonly {
    readonly name: string
    readonly type: string
    /** Empty: nobody answered. */
    readonly rcode: string
    readonly answers: readonly string[]
  }[]
}

/** The TCP connection that a program ended up with, or tried for. */
export interface TcpSeen {
  /** As the program asked for it: `10.96.0.80:443`. */
  readonly to: string
  /** Who answered behind it. Null when nobody did. */
  readonly by: Peer | null
  /** The largest segment that both ends agreed to, before options. Null when there was no answer. */
  readonly mss: number | null
  /** Where the first packet, or its answer, ended, and why: `nothing listens on that port`. */
  readonly problem: { readonly at: string; readonly why: string } | null
}

export interface Peer {
  readonly name: string
  readonly address: string
}

/** `steps`: those of the place where the program runs, in order. */
export function dnsSeen(steps: readonly Step[], packets: readonly PacketLine[]): DnsSeen | null {
  const asked = steps.flatMap(({ event }) => (event.kind === 'dns-query' ? [event] : []))
  if (asked.length === 0) return null
  const server = formatAddress(asked[0].server)
  const answers = steps.flatMap(({ event }) => (event.kind === 'dns-answer' ? [event] : []))
  const line = packets.find(({ frame, lost }) => frame.udp?.destinationPort === DNS && lost === null)
  const questions = new Map<string, DnsSeen['questions'][number]>()
  for (const { name, type } of asked) {
    const answer = answers.find((one) => one.name === name && one.type === type)
    questions.set(`${name} ${type}`, { name, type, rcode: answer?.rcode ?? '', answers: answer?.answers ?? [] })
  }
  return {
    server,
    by: line === undefined ? null : peerOf(line, `${server}:${DNS}`),
    questions: [...questions.values()],
  }
}

const DNS = 53

/** Of several that were tried, the one that was answered, else the last. */
export function tcpSeen(index: StepIndex, packets: readonly PacketLine[]): TcpSeen | null {
  const opened = packets.filter(({ direction, frame }) => direction === 'sent' && frame.tcp?.flags === 'SYN')
  const found = opened.findLast((line) => answerTo(line, packets) !== undefined) ?? opened.at(-1)
  if (found?.frame.ip === undefined || found.frame.tcp === undefined) return null
  const to = endpoint(found.frame.ip.destination, found.frame.tcp.destinationPort)
  const answer = answerTo(found, packets)
  const refused = packets.find((line) => isReset(line) && sameTurned(line, found))
  const sizes = answer === undefined ? [] : [mssOf(index, found), mssOf(index, answer)].filter((size) => size !== null)
  return {
    to,
    by: found.lost !== null && refused === undefined ? null : peerOf(found, to),
    mss: sizes.length === 0 ? null : Math.min(...sizes),
    problem: problemOf(answer ?? found),
  }
}

const problemOf = ({ lost, end }: PacketLine): TcpSeen['problem'] => (lost === null ? null : { at: end, why: lost })

const answerTo = (asked: PacketLine, packets: readonly PacketLine[]): PacketLine | undefined =>
  packets.find(
    (line) => line.direction === 'received' && line.frame.tcp?.flags === 'SYN,ACK' && sameTurned(line, asked),
  )

const isReset = ({ direction, frame }: PacketLine): boolean =>
  direction === 'received' && (frame.tcp?.flags.includes('RST') ?? false)

const sameTurned = ({ frame: a }: PacketLine, { frame: b }: PacketLine): boolean =>
  a.tcp?.destinationPort === b.tcp?.sourcePort && a.tcp?.sourcePort === b.tcp?.destinationPort

function peerOf({ end, translated }: PacketLine, asked: string): Peer {
  return { name: end, address: translated ?? asked }
}

const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const ETHERNET = 14

/** RFC 9293 3.7.1, read off the frame as the program's host saw it. */
function mssOf(index: StepIndex, { packet, direction }: PacketLine): number | null {
  const seen = index.ofPacket(packet).filter((step) => step.frame !== null)
  const step = direction === 'sent' ? seen[0] : seen.at(-1)
  const b = step === undefined ? null : index.frame(step)
  const l = new Layout()
  if (b === null || !locate(b, ETHERNET, b.length, l) || (b[l.transport + 13] & SYN) === 0) return null
  const at = option(b, l.transport, TCP_OPTION.mss)
  return at < 0 ? null : (b[at + 2] << 8) | b[at + 3]
}

/** The steps of the place where a program began, from then on. */
export function stepsOfProgram(index: StepIndex, start: number): readonly Step[] {
  const begin = index.step(start)
  if (begin === null || !isKind(begin, 'program')) return []
  return index.recorded.steps.filter((step) => step.id >= start && step.place === begin.place)
}
