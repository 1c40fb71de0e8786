import type { Errno } from '../linux/errno.ts'
import type { PathError } from '../linux/ip/layer.ts'
import { SocketError } from '../linux/socket/error.ts'
import { type Process, Signal, wait } from '../sim/process.ts'
import { MILLISECOND, type Nanos, SECOND } from '../sim/time.ts'
import { type Address, type Family, familyOf, formatAddress, sameAddress } from '../util/address.ts'
import type { PodContext, Program } from './context.ts'
import { strerror } from './messages/errno.ts'
import { annotation, traceroute as say } from './messages/ping.ts'

export interface TracerouteOptions {
  /** -I: ICMP echo instead of UDP. */
  readonly icmp?: boolean
  /** -m, -q, -N, -w. */
  readonly hops?: number
  readonly queries?: number
  readonly simultaneous?: number
  readonly timeout?: Nanos
  /** -n. */
  readonly numeric?: boolean
  readonly family?: Family | null
}

/** What came of one probe; null from: nothing. */
interface Answer {
  readonly from: Address | null
  readonly time: Nanos
  readonly mark: string
  /** It came from where the probe was going, or nothing beyond can answer. */
  readonly final: boolean
}

/** Linux's first port, which each probe goes one beyond. */
const FIRST_PORT = 33_434
const PAYLOAD = 32
const SILENCE: Answer = { from: null, time: 0, mark: '', final: false }

/** What came of it, for programs that look at more than the exit code. */
export interface TracerouteResult {
  readonly code: number
  /** Who answered at each hop, first of its probes; null where nobody did. The target is among them when it was reached. */
  readonly hops: readonly (Address | null)[]
  readonly reached: boolean
  readonly error: Errno | null
}

/** traceroute as Linux distributions have it (Butskoy's): UDP to unlikely ports, or ICMP with -I; sixteen probes at a time. */
export function traceroute(target: string, options: TracerouteOptions = {}): Program {
  return function* (context) {
    return (yield* route(context, target, options)).code
  }
}

/** As `traceroute`, with what came of it. */
export function* route(
  context: PodContext,
  target: string,
  options: TracerouteOptions = {},
): Process<TracerouteResult> {
  const found = yield* context.names.resolve(target, options.family ?? null)
  if (found.kind !== 'found') {
    context.print(say.unknownHost(target))
    return { code: 2, hops: [], reached: false, error: null }
  }
  const [to] = found.addresses
  const { hops = 30, queries = 3 } = options
  const bytes = PAYLOAD + 8 + (familyOf(to) === 4 ? 20 : 40)
  context.print(say.header(target, formatAddress(to), hops, bytes))
  const seen: (Address | null)[] = []
  let error: Errno | null = null
  try {
    yield* trace(context, to, hops, queries, options, seen)
  } catch (thrown) {
    if (!(thrown instanceof SocketError)) throw thrown
    error = thrown.errno
    context.print(say.connect(strerror[thrown.errno]))
  }
  const last = seen.at(-1) ?? null
  const reached = last !== null && sameAddress(last, to)
  return { code: error === null ? 0 : 1, hops: seen, reached, error }
}

function* trace(
  context: PodContext,
  to: Address,
  hops: number,
  queries: number,
  options: TracerouteOptions,
  seen: (Address | null)[],
): Process {
  const answers: Answer[] = []
  const changed = new Signal<true>()
  const failures: unknown[] = []
  const probe = options.icmp === true ? echoProbe : udpProbe
  let end = hops * queries
  let sent = 0
  let active = 0
  let printed = 0
  while (printed * queries < end) {
    while (sent < end && active < (options.simultaneous ?? 16)) {
      const index = sent++
      active++
      context.fork(attempt(index), `probe ${index + 1}`)
    }
    yield* wait(changed)
    if (failures.length > 0) throw failures[0]
    while (printed * queries < end && isComplete(answers, printed, queries)) {
      const row = answers.slice(printed * queries, (printed + 1) * queries)
      seen.push(row.find(({ from }) => from !== null)?.from ?? null)
      context.print(say.hop(++printed, rowText(row, options.numeric ?? false)))
      if (row.some(({ final }) => final)) end = printed * queries
    }
  }

  function* attempt(index: number): Process {
    try {
      answers[index] = yield* probe(context, to, index, Math.floor(index / queries) + 1, options.timeout ?? 5 * SECOND)
    } catch (error) {
      failures.push(error)
    }
    active--
    changed.notify(true)
  }
}

function isComplete(answers: readonly Answer[], hop: number, queries: number): boolean {
  for (let i = hop * queries; i < (hop + 1) * queries; i++) if (answers[i] === undefined) return false
  return true
}

/** A socket for each probe, as traceroute has it, so that each has a source port of its own. */
function* udpProbe(context: PodContext, to: Address, index: number, ttl: number, timeout: Nanos): Process<Answer> {
  const socket = context.sockets.udp({ ttl, discover: 'dont', receiveErrors: true })
  const start = context.simulation.now
  try {
    socket.connect(to, FIRST_PORT + index)
    socket.send(Uint8Array.from({ length: PAYLOAD }, (_, i) => 0x40 + i))
    const answer = yield* socket.receive(timeout)
    return answer === null ? SILENCE : { from: to, time: context.simulation.now - start, mark: '', final: true }
  } catch (error) {
    const about = socket.errors.shift()
    if (!(error instanceof SocketError) || about === undefined) throw error
    return answerOf(about, to, context.simulation.now - start)
  } finally {
    socket.close()
  }
}

function* echoProbe(context: PodContext, to: Address, index: number, ttl: number, timeout: Nanos): Process<Answer> {
  const socket = context.sockets.ping()
  const start = context.simulation.now
  try {
    socket.echo(
      to,
      index + 1,
      Uint8Array.from({ length: PAYLOAD }, (_, i) => 0x40 + i),
      { ttl, discover: 'dont' },
    )
    const answer = yield* socket.receive(timeout)
    if (answer === null) return SILENCE
    const time = answer.at - start
    return answer.kind === 'reply'
      ? { from: answer.from, time, mark: '', final: true }
      : answerOf(answer.error, to, time)
  } finally {
    socket.close()
  }
}

/** An exceeded TTL is no end, even when it seems to come from the target: so it does all along the way to a Service's address. */
function answerOf({ from, type, code, mtu }: PathError, to: Address, time: Nanos): Answer {
  const family = familyOf(to)
  return { from, time, mark: annotation(family, type, code, mtu), final: type !== (family === 4 ? 11 : 3) }
}

/** The address is written where it changes. */
function rowText(row: readonly Answer[], numeric: boolean): string {
  let text = ''
  let last: Address | null = null
  for (const { from, time, mark } of row) {
    if (from === null) {
      text += say.silence
      continue
    }
    if (last === null || !sameAddress(from, last)) text += say.from(formatAddress(from), !numeric)
    last = from
    text += say.time(time / MILLISECOND) + (mark === '' ? '' : ` ${mark}`)
  }
  return text
}
