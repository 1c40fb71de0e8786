import { SocketError } from '../../linux/socket/error.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Datagram, UdpSocket } from '../../linux/socket/udp/socket.ts'
import type { Process } from '../../sim/process.ts'
import type { Address } from '../../util/address.ts'
import type { Rng } from '../../util/rng.ts'
import { type DnsMessage, type Question, RCODE } from '../../wire/dns/message.ts'
import { type DnsRecord, type Opt, RECORD_TYPE } from '../../wire/dns/record.ts'
import { PORT } from '../../wire/numbers.ts'
import type { PodContext } from '../context.ts'
import { type Answered, decode, encode, framed, readFramed } from './exchange.ts'
import { Forwarder } from './forward.ts'
import type { Zone } from './zone.ts'

/** Without EDNS(0) (RFC 1035 4.2.1). */
const PLAIN_UDP = 512

/**
 * A DNS server over UDP and TCP as CoreDNS is with kubeadm's Corefile: zones asked in turn, the order of addresses shuffled
 * (`loadbalance`). What no zone knows is forwarded; without an `upstream` it fails as when none answers.
 */
export function coredns(context: PodContext, zones: readonly Zone[], upstream: Address | null = null): void {
  const forward = upstream === null ? null : new Forwarder(context, upstream)
  const server: Server = { context, zones, forward }
  context.sockets.listen('any', PORT.dns, (stream) => context.fork(overTcp(server, stream), 'tcp'))
  const socket = context.sockets.udp()
  // Bound here and not in the process, which begins an event later: the packet that had the server started finds it.
  socket.bind('any', PORT.dns)
  context.fork(overUdp(server, socket), 'udp')
}

interface Server {
  readonly context: PodContext
  readonly zones: readonly Zone[]
  readonly forward: Forwarder | null
}

function* overUdp(server: Server, socket: UdpSocket): Process {
  const { context, zones, forward } = server
  for (;;) {
    const datagram = yield* socket.receive()
    if (datagram === null) continue
    const question = decode(datagram.bytes)
    if (question === null || question.response) continue
    const answered = { message: reply(question, zones, context.rng), cause: datagram.cause }
    const outside = forward === null ? null : unknown(question, answered.message, zones)
    if (outside === null) send(socket, datagram, question, answered)
    else context.fork(asked(server, question, answered, outside, socket, datagram), 'forward')
  }
}

function* asked(
  server: Server,
  question: DnsMessage,
  own: Answered,
  outside: Question,
  socket: UdpSocket,
  datagram: Datagram,
): Process {
  send(socket, datagram, question, yield* forwarded(server, question, own, outside))
}

function send(socket: UdpSocket, { from, to }: Datagram, question: DnsMessage, { message, cause }: Answered): void {
  try {
    socket.sendTo(fitted(message, sizeLimit(question)), from.address, from.port, cause, to)
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
  }
}

function* overTcp(server: Server, stream: TcpStream): Process {
  const { context, zones, forward } = server
  try {
    for (let question = yield* readFramed(stream); question !== null; question = yield* readFramed(stream)) {
      const own = { message: reply(question, zones, context.rng), cause: stream.cause }
      const outside = forward === null ? null : unknown(question, own.message, zones)
      const { message } = outside === null ? own : yield* forwarded(server, question, own, outside)
      yield* stream.write(framed(message))
    }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
  } finally {
    stream.close()
  }
}

/** What of a question is for the upstream: all of it, or where an ExternalName of a zone here leads. */
function unknown(question: DnsMessage, own: DnsMessage, zones: readonly Zone[]): Question | null {
  if (question.opcode !== 0 || question.questions.length !== 1) return null
  const [{ name, type, class: klass }] = question.questions
  const isOutside = (target: string): boolean => zones.every((zone) => zone.answer(target, type) === null)
  if (isOutside(name)) return question.questions[0]
  const alias = own.answers.length === 1 && own.answers[0].type === 'CNAME' ? own.answers[0] : null
  if (alias === null || type === RECORD_TYPE.CNAME || !isOutside(alias.target)) return null
  return { name: alias.target, type, class: klass }
}

/** The upstream's answer, behind the alias that led there. Silence is SERVFAIL, or leaves the alias alone. */
function* forwarded(server: Server, question: DnsMessage, own: Answered, outside: Question): Process<Answered> {
  const answered = yield* server.forward!.ask(outside, own.cause)
  if (answered === null) return own
  const { rcode, answers, authorities } = answered.message
  const message = {
    ...own.message,
    rcode: own.message.answers.length > 0 ? own.message.rcode : rcode,
    answers: [...own.message.answers, ...answers],
    authorities,
    additionals: edns(question),
  }
  return { message, cause: answered.cause }
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
