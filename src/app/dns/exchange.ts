import { SocketError } from '../../linux/socket/error.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { Nanos } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { type Address, formatAddress } from '../../util/address.ts'
import { concat, Reader, Writer } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { type DnsMessage, dns } from '../../wire/dns/message.ts'
import { type DnsRecord, IN, typeName } from '../../wire/dns/record.ts'
import { PORT } from '../../wire/numbers.ts'
import type { PodContext } from '../context.ts'
import { rcodeName } from './rcode.ts'

export interface Answered {
  readonly message: DnsMessage
  readonly cause: StepId
}

const QUERY: Omit<DnsMessage, 'id' | 'questions'> = {
  response: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: true,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  answers: [],
  authorities: [],
  additionals: [],
}

/**
 * Asks one server for several types of a name at once, over one socket, as glibc asks for A and AAAA. Gives what was answered
 * within `timeout`, by type; over TCP what came truncated.
 */
export function* ask(
  context: PodContext,
  server: Address,
  name: string,
  types: readonly number[],
  timeout: Nanos,
  because: StepId = context.cause,
): Process<Map<number, Answered>> {
  const answers = new Map<number, Answered>()
  const socket = context.sockets.udp()
  const queries = new Map(types.map((type) => [context.rng.u16(), type]))
  const deadline = context.simulation.now + timeout
  try {
    socket.connect(server, PORT.dns)
    for (const [id, type] of queries) {
      const cause = context.record({ kind: 'dns-query', name, type: typeName(type), server }, because)
      socket.sendTo(encode(query(id, name, type)), server, PORT.dns, cause)
    }
    while (answers.size < types.length) {
      const datagram = yield* socket.receive(Math.max(0, deadline - context.simulation.now))
      if (datagram === null) break
      const message = decode(datagram.bytes)
      const type = message === null ? undefined : queries.get(message.id)
      if (message === null || type === undefined || !isAnswerTo(message, name, type)) continue
      const whole = message.truncated ? yield* askTcp(context, server, query(message.id, name, type)) : null
      answers.set(type, note(context, whole ?? { message, cause: datagram.cause }, name, type))
    }
  } catch (error) {
    // The server's port is closed, or there is no way there: the next server is asked.
    if (!(error instanceof SocketError)) throw error
  } finally {
    socket.close()
  }
  return answers
}

export function encode(message: DnsMessage): Uint8Array {
  const writer = new Writer(512)
  dns.write(writer, message)
  return writer.finish()
}

/** Null: not a DNS message. */
export function decode(bytes: Uint8Array): DnsMessage | null {
  try {
    return dns.read(new Reader(bytes, 'dns'))
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

/** RFC 1035 4.2.2: two bytes of length, then the message. Null at the end of the stream. */
export function* readFramed(stream: TcpStream): Process<DnsMessage | null> {
  let bytes = new Uint8Array(0)
  while (bytes.length < 2 || bytes.length < 2 + ((bytes[0] << 8) | bytes[1])) {
    const want = bytes.length < 2 ? 2 - bytes.length : 2 + ((bytes[0] << 8) | bytes[1]) - bytes.length
    const more = yield* stream.read(want)
    if (more === null) return null
    bytes = concat([bytes, more]) as Uint8Array<ArrayBuffer>
  }
  return decode(bytes.subarray(2))
}

export function framed(message: DnsMessage): Uint8Array {
  const bytes = encode(message)
  return concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

/** What a record says, as dig prints it. */
export function recordText(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return formatAddress(record.address)
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return `${record.target}.`
    case 'SRV':
      return `${record.priority} ${record.weight} ${record.port} ${record.target}.`
    default:
      return record.type
  }
}

function query(id: number, name: string, type: number): DnsMessage {
  return { ...QUERY, id, questions: [{ name, type, class: IN }] }
}

function isAnswerTo({ response, questions }: DnsMessage, name: string, type: number): boolean {
  const [question] = questions
  return response && question?.type === type && question.name.toLowerCase() === name.toLowerCase()
}

/** Null when that fails: what came truncated has to do. */
function* askTcp(context: PodContext, server: Address, question: DnsMessage): Process<Answered | null> {
  try {
    const stream = yield* context.sockets.connect(server, PORT.dns)
    try {
      yield* stream.write(framed(question))
      const message = yield* readFramed(stream)
      return message === null ? null : { message, cause: stream.cause }
    } finally {
      stream.close()
    }
  } catch (error) {
    if (error instanceof SocketError) return null
    throw error
  }
}

function note(context: PodContext, { message, cause }: Answered, name: string, type: number): Answered {
  const answers = message.answers.map(recordText)
  const event = { kind: 'dns-answer', name, type: typeName(type), rcode: rcodeName(message.rcode), answers } as const
  return { message, cause: context.record(event, cause) }
}
