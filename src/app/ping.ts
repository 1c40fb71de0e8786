import type { Errno } from '../linux/errno.ts'
import { SocketError } from '../linux/socket/error.ts'
import type { EchoAnswer, PingSocket } from '../linux/socket/ping/socket.ts'
import { type Process, sleep } from '../sim/process.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../sim/time.ts'
import { type Address, type Family, familyOf, formatAddress } from '../util/address.ts'
import { type PodContext, type Program, wallClock } from './context.ts'
import { strerror } from './messages/errno.ts'
import { icmpText, ping as say } from './messages/ping.ts'

export interface PingOptions {
  /** -c; a ping without end would never let a scenario come to rest. */
  readonly count?: number
  /** -i. */
  readonly interval?: Nanos
  /** -W: how long to wait for the last answers. */
  readonly timeout?: Nanos
  /** -s. */
  readonly size?: number
  /** -t. */
  readonly ttl?: number
  /** -M do and -M dont. */
  readonly discover?: 'want' | 'do' | 'dont'
  /** -4 and -6. */
  readonly family?: Family | null
}

/** What came of it, for programs that look at more than the exit code. */
export interface PingResult {
  readonly code: number
  readonly sent: number
  readonly received: number
  /** Round trips in nanoseconds, in the order the replies came. */
  readonly times: readonly Nanos[]
  /** What the last failed send or ICMP error said; EAI_NONAME's like are in `code` alone. */
  readonly error: Errno | null
}

interface Tally {
  readonly sentAt: Map<number, Nanos>
  readonly seen: Set<number>
  readonly times: Nanos[]
  duplicates: number
  errors: number
  error: Errno | null
}

/** ping as iputils has it: exit code 0 when anything came back, 1 when nothing did, 2 when nothing could be sent. */
export function ping(target: string, options: PingOptions = {}): Program {
  return function* (context) {
    return (yield* echo(context, target, options)).code
  }
}

/** As `ping`, with what came of it. */
export function* echo(context: PodContext, target: string, options: PingOptions = {}): Process<PingResult> {
  const tally: Tally = { sentAt: new Map(), seen: new Set(), times: [], duplicates: 0, errors: 0, error: null }
  const found = yield* context.names.resolve(target, options.family ?? null)
  if (found.kind !== 'found') {
    context.print(found.kind === 'unknown' ? say.unknownHost(target) : say.temporary(target))
    return result(2, tally)
  }
  return result(yield* pingAddress(context, target, found.addresses[0], options, tally), tally)
}

const result = (code: number, { sentAt, seen, times, error }: Tally): PingResult => ({
  code,
  sent: sentAt.size,
  received: seen.size,
  times,
  error,
})

function* pingAddress(
  context: PodContext,
  target: string,
  to: Address,
  options: PingOptions,
  tally: Tally,
): Process<number> {
  const { count = 4, interval = SECOND, size = 56 } = options
  const socket = context.sockets.ping()
  const family = familyOf(to)
  const address = formatAddress(to)
  const start = context.simulation.now
  const listener = context.fork(listen(context, socket, tally), 'listen')
  context.print(family === 4 ? say.header4(target, address, size) : say.header6(target, address, size))
  for (let sequence = 1; sequence <= count; sequence++) {
    if (sequence > 1) yield* sleep(interval)
    tally.sentAt.set(sequence, context.simulation.now)
    try {
      socket.echo(to, sequence, payload(context, size), { ttl: options.ttl, discover: options.discover })
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      tally.error = error.errno
      if (error.errno !== 'EMSGSIZE') {
        context.print(say.connect(strerror[error.errno]))
        return 2
      }
      tally.errors++
      context.print(say.localError(socket.pathMtu(to) ?? 0))
    }
  }
  const waitsFrom = context.simulation.now
  while (tally.seen.size + tally.errors < count && context.simulation.now - waitsFrom < patience(tally, options)) {
    yield* sleep(MILLISECOND)
  }
  listener.kill()
  summarise(context, target, tally, count, context.simulation.now - start)
  return tally.seen.size > 0 ? 0 : 1
}

/** Once something answered, twice the longest time is enough; before that, -W or ten seconds (`schedule_exit`). */
function patience(tally: Tally, { timeout = 10 * SECOND }: PingOptions): Nanos {
  return tally.times.length === 0 ? timeout : Math.max(MILLISECOND, 2 * Math.max(...tally.times))
}

function* listen(context: PodContext, socket: PingSocket, tally: Tally): Process {
  for (;;) {
    const answer = yield* socket.receive()
    if (answer !== null) hear(context, answer, tally)
  }
}

function hear(context: PodContext, answer: EchoAnswer, tally: Tally): void {
  if (answer.kind === 'error') {
    const { from, type, code, mtu, sequence, errno } = answer.error
    tally.errors++
    tally.error = errno
    context.print(say.error(formatAddress(from), sequence, icmpText(familyOf(from), type, code, mtu)))
    return
  }
  const { sequence, bytes, from, ttl, at } = answer
  const time = at - (tally.sentAt.get(sequence) ?? at)
  const duplicate = tally.seen.has(sequence)
  if (duplicate) tally.duplicates++
  else tally.times.push(time)
  tally.seen.add(sequence)
  context.print(say.reply(bytes.length + 8, formatAddress(from), sequence, ttl, timeText(time), duplicate))
}

function summarise(context: PodContext, target: string, tally: Tally, sent: number, elapsed: Nanos): void {
  const { times, seen, duplicates, errors } = tally
  const loss = Number((((sent - seen.size) * 100) / sent).toPrecision(6))
  const millis = Math.floor(elapsed / MILLISECOND)
  context.print('')
  context.print(say.statistics(target))
  context.print(say.counts(sent, seen.size, duplicates, errors, String(loss), millis))
  if (times.length === 0) return
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length
  const square = times.reduce((sum, time) => sum + time * time, 0) / times.length
  const figures = [Math.min(...times), mean, Math.max(...times), Math.sqrt(Math.max(0, square - mean * mean))]
  const [least, middle, most, deviation] = figures.map((time) => (time / MILLISECOND).toFixed(3))
  context.print(say.times(least, middle, most, deviation))
}

/** Milliseconds with three digits that count, from whole microseconds (`gather_statistics`). */
function timeText(time: Nanos): string {
  const micros = Math.floor(time / MICROSECOND)
  if (micros >= 100_000) return String(Math.round(micros / 1000))
  return (micros / 1000).toFixed(micros >= 10_000 ? 1 : micros >= 1_000 ? 2 : 3)
}

/** A struct timeval where it fits, then bytes that count up. */
function payload(context: PodContext, size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i)
  if (size < 16) return bytes
  const view = new DataView(bytes.buffer)
  const millis = wallClock(context)
  const micros = (millis % 1000) * 1000 + (Math.floor(context.simulation.now / MICROSECOND) % 1000)
  view.setBigUint64(0, BigInt(Math.floor(millis / 1000)), true)
  view.setBigUint64(8, BigInt(micros), true)
  return bytes
}
