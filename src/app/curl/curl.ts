import type { Stream } from '../../linux/socket/stream.ts'
import { type Process, wait, within } from '../../sim/process.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { type Address, familyOf, formatAddress, formatEndpoint } from '../../util/address.ts'
import { concat, text } from '../../util/bytes.ts'
import type { PodContext, Program } from '../context.ts'
import { strerror } from '../messages/errno.ts'
import { CODE, CurlFailure } from './failure.ts'
import { connectAny } from './happy-eyeballs.ts'
import { say } from './messages.ts'
import type { CurlOptions, CurlResult, Hear } from './options.ts'
import { expectedLength, type Progress, transfer } from './transfer.ts'
import { parseUrl, type Url } from './url.ts'

const CONNECT_TIMEOUT = 300 * SECOND

/** curl: prints what curl prints with -sS and the options given, and exits as it does. */
export function curl(url: string, options: CurlOptions = {}): Program {
  return function* (context) {
    return (yield* fetch(context, url, options)).code
  }
}

/** As `curl`, with what came of it. */
export function* fetch(context: PodContext, address: string, options: CurlOptions = {}): Process<CurlResult> {
  const progress: Progress = { connected: false, resolved: false, head: null, body: [], received: 0, tls: null }
  const talk = (line: string): void => (options.verbose ? context.print(line) : undefined)
  const failure = yield* attempt(context, address, options, progress, talk)
  const { head } = progress
  if (failure === null || failure.code !== CODE.httpError) show(context, options, progress)
  const result = {
    status: head?.status ?? null,
    headers: head?.headers ?? [],
    body: concat(progress.body),
    tls: progress.tls,
  }
  if (failure === null) return { ...result, code: 0, message: null }
  talk(`* ${failure.message}`)
  talk(say.closing(failure.code === CODE.badUrl || failure.code === CODE.unsupportedProtocol ? -1 : 0))
  context.print(say.error(failure.code, failure.message))
  return { ...result, code: failure.code, message: failure.message }
}

/** Null: it went well. The time limit is over the whole, so the work is a process of its own. */
function* attempt(
  context: PodContext,
  address: string,
  options: CurlOptions,
  progress: Progress,
  talk: (line: string) => void,
): Process<CurlFailure | null> {
  const start = context.simulation.now
  const work = context.fork(guarded(get(context, address, options, progress, talk)), 'transfer')
  const limit = options.maxTime ?? null
  if (limit === null) yield* wait(work.ended)
  else if ((yield* wait(within(work.ended, limit))) === null) {
    work.kill()
    return new CurlFailure(CODE.timeout, timeoutText(progress, millis(context, start)))
  }
  const outcome = work.outcome
  if (outcome?.kind !== 'returned') return new CurlFailure(CODE.timeout, say.timeoutReached)
  return outcome.value
}

function* guarded(process: Process): Process<CurlFailure | null> {
  try {
    yield* process
    return null
  } catch (error) {
    if (error instanceof CurlFailure) return error
    throw error
  }
}

function timeoutText(progress: Progress, elapsed: number): string {
  if (progress.connected) return say.operationTimedOut(elapsed, progress.received, expectedLength(progress))
  return progress.resolved ? say.connectionTimedOut(elapsed) : say.resolvingTimedOut(elapsed)
}

function* get(
  context: PodContext,
  address: string,
  options: CurlOptions,
  progress: Progress,
  talk: (line: string) => void,
): Process {
  const url = parseUrl(address)
  if (url === null) throw new CurlFailure(CODE.badUrl, say.badUrl)
  const upgrade = options.upgrades?.[url.scheme] ?? null
  if (url.scheme !== 'http' && upgrade === null) {
    throw new CurlFailure(CODE.unsupportedProtocol, say.badScheme(url.scheme))
  }
  const start = context.simulation.now
  const { addresses, cause } = yield* resolve(context, url, options)
  progress.resolved = true
  const tcp = yield* connect(context, url, addresses, cause, options, start, talk)
  let stream: Stream = tcp
  try {
    if (upgrade !== null) {
      const hear: Hear = { talk: options.verbose ? talk : null, tls: (result) => (progress.tls = result) }
      stream = yield* upgraded(context, upgrade(tcp, url, context, options, hear), options, start)
    }
    progress.connected = true
    yield* transfer(context, tcp, stream, url, options, progress, talk)
    talk(say.intact(url.host))
  } finally {
    stream.close()
    tcp.close()
  }
}

/** --connect-timeout holds for the handshake too: curl counts it among connecting. */
function* upgraded(context: PodContext, upgrade: Process<Stream>, options: CurlOptions, start: Nanos): Process<Stream> {
  const left = (options.connectTimeout ?? CONNECT_TIMEOUT) - (context.simulation.now - start)
  const work = context.fork(caught(upgrade), 'handshake')
  if (left <= 0 || (yield* wait(within(work.ended, left))) === null) {
    work.kill()
    throw new CurlFailure(CODE.timeout, say.sslTimeout)
  }
  const outcome = work.outcome
  if (outcome?.kind !== 'returned') throw new CurlFailure(CODE.timeout, say.sslTimeout)
  if (outcome.value instanceof CurlFailure) throw outcome.value
  return outcome.value
}

function* caught(process: Process<Stream>): Process<Stream | CurlFailure> {
  try {
    return yield* process
  } catch (error) {
    if (error instanceof CurlFailure) return error
    throw error
  }
}

/** Where to connect to, and the step that says so. */
interface Found {
  readonly addresses: readonly Address[]
  readonly cause: StepId
}

function* resolve(context: PodContext, url: Url, options: CurlOptions): Process<Found> {
  const pinned = options.resolve?.get(`${url.host}:${url.port}`)
  if (pinned !== undefined) return { addresses: pinned, cause: context.cause }
  const found = yield* context.names.resolve(url.host, options.family ?? null)
  if (found.kind !== 'found') throw new CurlFailure(CODE.resolve, say.unresolved(url.host))
  return { addresses: found.addresses, cause: found.cause || context.cause }
}

function* connect(
  context: PodContext,
  { host, port }: Url,
  addresses: readonly Address[],
  cause: StepId,
  options: CurlOptions,
  start: Nanos,
  talk: (line: string) => void,
) {
  const timeout = options.connectTimeout ?? CONNECT_TIMEOUT
  const left = Math.max(0, timeout - (context.simulation.now - start))
  const race = { port, timeout: left, source: options.source ?? null, cause }
  const result = yield* connectAny(context, addresses, race, {
    trying: (address) => talk(say.trying(formatEndpoint(address, port))),
    timedOut: (address, after) => talk(say.connectTimeout(familyOf(address), Math.round(after / MILLISECOND))),
    failed: (address, errno) => talk(say.connectFailed(formatAddress(address), port, strerror[errno])),
  })
  if (result.kind === 'connected') {
    const address = formatAddress(result.stream.remote.address)
    talk(say.connected(host, address, port))
    return result.stream
  }
  const elapsed = millis(context, start)
  if (result.kind === 'timeout') {
    throw new CurlFailure(CODE.timeout, say.failed(host, port, elapsed, say.timeoutReached))
  }
  const code = result.errno === 'ETIMEDOUT' ? CODE.timeout : CODE.connect
  throw new CurlFailure(code, say.failed(host, port, elapsed, say.couldNotConnect))
}

/** Headers with -i and -I, then the body, line by line. */
function show(context: PodContext, { include, head: headOnly }: CurlOptions, { head, body }: Progress): void {
  if (head !== null && (include || headOnly)) {
    context.print(`HTTP/${head.version} ${head.status} ${head.reason}`)
    for (const [name, value] of head.headers) context.print(`${name}: ${value}`)
    context.print('')
  }
  if (body.length === 0) return
  for (const line of text(concat(body)).replace(/\n$/, '').split('\n')) context.print(line)
}

const millis = (context: PodContext, start: Nanos): number => Math.floor((context.simulation.now - start) / MILLISECOND)
