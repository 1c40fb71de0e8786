import { SocketError } from '../linux/socket/error.ts'
import type { Sockets } from '../linux/socket/table.ts'
import type { Process } from '../sim/process.ts'
import { type Nanos, SECOND } from '../sim/time.ts'
import type { StepId } from '../trace/step.ts'
import { type Address, sameAddress } from '../util/address.ts'
import type { Outcome } from './outcome.ts'
import { payload } from './probe.ts'

/** How long ping and traceroute wait for one answer: an absent neighbour takes three seconds to give up on. */
const WAIT: Nanos = 5 * SECOND
const TRACEROUTE_PORT = 33_434

export interface PingRequest {
  readonly to: Address
  readonly count: number
  readonly size: number
  readonly ttl: number | undefined
  readonly dontFragment: boolean
  readonly clock: () => Nanos
}

/** Echo requests one after the other. A send that fails ends it with its errno; so does an ICMP error, if no reply came. */
export function* ping(sockets: Sockets, request: PingRequest, cause: StepId): Process<Outcome> {
  const socket = sockets.ping(cause)
  const times: number[] = []
  let error: string | null = null
  let sent = 0
  try {
    for (let n = 1; n <= request.count; n++) {
      const began = request.clock()
      const discover = request.dontFragment ? 'do' : undefined
      socket.echo(request.to, n, payload(request.size), { ttl: request.ttl, discover, cause })
      sent++
      const answer = yield* socket.receive(WAIT)
      if (answer?.kind === 'reply') times.push(answer.at - began)
      else if (answer?.kind === 'error') error = answer.error.errno
    }
  } catch (thrown) {
    error = errnoOf(thrown)
  } finally {
    socket.close()
  }
  return { kind: 'ping', sent, received: times.length, times, error: times.length > 0 ? null : error }
}

/** One UDP datagram to an unlikely port for each hop limit, as traceroute(8) sends them, or an echo request. */
export function* traceroute(
  sockets: Sockets,
  request: { readonly to: Address; readonly proto: 'udp' | 'icmp'; readonly maxHops: number },
  cause: StepId,
): Process<Outcome> {
  const via: (Address | null)[] = []
  try {
    for (let ttl = 1; ttl <= request.maxHops; ttl++) {
      const from = yield* request.proto === 'udp'
        ? hopByUdp(sockets, request.to, ttl, cause)
        : hopByEcho(sockets, request.to, ttl, cause)
      if (from !== null && sameAddress(from, request.to)) return { kind: 'traceroute', via, reached: true, error: null }
      via.push(from)
      // Three silent hops in a row: nobody is there, and a reader has seen enough.
      if (via.length >= 3 && via.slice(-3).every((hop) => hop === null)) break
    }
    return { kind: 'traceroute', via, reached: false, error: null }
  } catch (thrown) {
    return { kind: 'traceroute', via, reached: false, error: errnoOf(thrown) }
  }
}

function* hopByUdp(sockets: Sockets, to: Address, ttl: number, cause: StepId): Process<Address | null> {
  const socket = sockets.udp({ ttl, receiveErrors: true, cause })
  try {
    socket.sendTo(payload(32), to, TRACEROUTE_PORT + ttl - 1)
    const answer = yield* socket.receive(WAIT)
    return answer === null ? null : answer.from.address
  } catch (thrown) {
    const error = socket.errors.at(0)
    if (error === undefined) throw thrown
    return error.from
  } finally {
    socket.close()
  }
}

function* hopByEcho(sockets: Sockets, to: Address, ttl: number, cause: StepId): Process<Address | null> {
  const socket = sockets.ping(cause)
  try {
    socket.echo(to, ttl, payload(32), { ttl, cause })
    const answer = yield* socket.receive(WAIT)
    if (answer === null) return null
    return answer.kind === 'reply' ? answer.from : answer.error.from
  } finally {
    socket.close()
  }
}

/** Opens a TCP connection, sends `send` bytes through it if there are any, waits for one answer to them, and closes it. */
export function* connect(
  sockets: Sockets,
  request: { readonly to: Address; readonly port: number; readonly send: number },
  cause: StepId,
): Process<Outcome> {
  try {
    const stream = yield* sockets.connect(request.to, request.port, { cause })
    if (request.send > 0) {
      yield* stream.write(payload(request.send))
      yield* stream.read(65_536)
    }
    stream.close()
    return { kind: 'connect', error: null }
  } catch (thrown) {
    return { kind: 'connect', error: errnoOf(thrown) }
  }
}

function errnoOf(thrown: unknown): string {
  if (thrown instanceof SocketError) return thrown.errno
  throw thrown
}
