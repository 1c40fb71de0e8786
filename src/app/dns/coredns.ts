import { SocketError } from '../../linux/socket/error.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { UdpSocket } from '../../linux/socket/udp/socket.ts'
import type { Process } from '../../sim/process.ts'
import type { Rng } from '../../util/rng.ts'
import { type DnsMessage, RCODE } from '../../wire/dns/message.ts'
import type { DnsRecord, Opt } from '../../wire/dns/record.ts'
import { PORT } from '../../wire/numbers.ts'
import type { PodContext } from '../context.ts'
import { decode, encode, framed, readFramed } from './exchange.ts'
import type { Zone } from './zone.ts'

/** Without EDNS(0) (RFC 1035 4.2.1). */
const PLAIN_UDP = 512

/**
 * A DNS server over UDP and TCP as CoreDNS is with kubeadm's Corefile: zones asked in turn, the order of addresses shuffled
 * (`loadbalance`). What no zone knows would be forwarded; there is no upstream here, so it fails as when none answers.
 */
export function coredns(context: PodContext, zones: readonly Zone[], port: number = PORT.dns): void {
  context.sockets.listen('any', port, (stream) => context.fork(overTcp(context, stream, zones), 'tcp'))
  const socket = context.sockets.udp()
  // Bound here and not in the process, which begins an event later: the packet that had the server started finds it.
  socket.bind('any', port)
  context.fork(overUdp(context, socket, zones), 'udp')
}

function* overUdp(context: PodContext, socket: UdpSocket, zones: readonly Zone[]): Process {
  for (;;) {
    const datagram = yield* socket.receive()
    if (datagram === null) continue
    const question = decode(datagram.bytes)
    if (question === null || question.response) continue
    const { from, cause, to } = datagram
    try {
      socket.sendTo(
        fitted(reply(question, zones, context.rng), sizeLimit(question)),
        from.address,
        from.port,
        cause,
        to,
      )
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
    }
  }
}

function* overTcp(context: PodContext, stream: TcpStream, zones: readonly Zone[]): Process {
  try {
    for (let question = yield* readFramed(stream); question !== null; question = yield* readFramed(stream)) {
      yield* stream.write(framed(reply(question, zones, context.rng)))
    }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
  } finally {
    stream.close()
  }
}

/** The answer to a question, whole. */
export function reply(question: DnsMessage, zones: readonly Zone[], rng: Rng): DnsMessage {
  const base = { ...question, response: true, authoritative: false, recursionAvailable: true, authenticData: false }
  const none = { answers: [], authorities: [], additionals: edns(question) }
  if (question.opcode !== 0) return { ...base, ...none, rcode: RCODE.notImplemented }
  if (question.questions.length !== 1) return { ...base, ...none, rcode: RCODE.formatError }
  const [{ name, type }] = question.questions
  for (const zone of zones) {
    const answer = zone.answer(name, type)
    if (answer === null) continue
    const chased = chase(answer.answers, type, zones)
    return {
      ...base,
      authoritative: true,
      rcode: answer.rcode,
      answers: shuffled(chased, rng),
      authorities: answer.authorities,
      additionals: [...answer.additionals, ...edns(question)],
    }
  }
  return { ...base, ...none, rcode: RCODE.serverFailure }
}

/** The addresses behind an alias, where a zone here has them. */
function chase(answers: readonly DnsRecord[], type: number, zones: readonly Zone[]): readonly DnsRecord[] {
  const [first] = answers
  if (answers.length !== 1 || first.type !== 'CNAME') return answers
  for (const zone of zones) {
    const more = zone.answer(first.target, type)
    if (more !== null) return [first, ...more.answers]
  }
  return answers
}

/** Aliases first, then the others as they were, then the addresses in random order (`loadbalance round_robin`). */
function shuffled(answers: readonly DnsRecord[], rng: Rng): DnsRecord[] {
  const isHost = ({ type }: DnsRecord): boolean => type === 'A' || type === 'AAAA'
  const hosts = answers.filter(isHost)
  for (let i = hosts.length - 1; i > 0; i--) {
    const j = rng.below(i + 1)
    const held = hosts[i]
    hosts[i] = hosts[j]
    hosts[j] = held
  }
  return [...answers.filter((record) => !isHost(record)), ...hosts]
}

/** RFC 6891 6.1.1: an answer has an OPT record when the question has. */
function edns({ additionals }: DnsMessage): DnsRecord[] {
  const opt = optOf(additionals)
  return opt === null ? [] : [{ ...opt, extendedRcode: 0, options: [] }]
}

const optOf = (records: readonly DnsRecord[]): Opt | null =>
  records.find((record): record is Opt => record.type === 'OPT') ?? null

function sizeLimit({ additionals }: DnsMessage): number {
  return Math.max(PLAIN_UDP, optOf(additionals)?.udpSize ?? PLAIN_UDP)
}

/** RFC 2181 9: additional records go without a word; when answers have to go, the TC bit says so. */
function fitted(message: DnsMessage, limit: number): Uint8Array {
  let bytes = encode(message)
  if (bytes.length <= limit) return bytes
  const bare = { ...message, additionals: message.additionals.filter(({ type }) => type === 'OPT') }
  bytes = encode(bare)
  for (let count = message.answers.length - 1; bytes.length > limit && count >= 0; count--) {
    bytes = encode({ ...bare, answers: message.answers.slice(0, count), truncated: true })
  }
  return bytes
}
