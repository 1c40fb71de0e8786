import type { PodContext } from '../app/context.ts'
import { fetch } from '../app/curl/curl.ts'
import type { CurlOptions } from '../app/curl/options.ts'
import { echo, type PingOptions } from '../app/ping.ts'
import { route } from '../app/traceroute.ts'
import { SocketError } from '../linux/socket/error.ts'
import type { Process } from '../sim/process.ts'
import { SECOND } from '../sim/time.ts'
import { type Address, formatAddress, sameAddress } from '../util/address.ts'
import type { Outcome } from './outcome.ts'
import { payload } from './probe.ts'

/** An absent neighbour takes three seconds to give up on: waiting longer shows nothing new. */
const PATIENCE = 5 * SECOND

export function* ping(context: PodContext, to: Address, options: PingOptions): Process<Outcome> {
  const { sent, received, times, error } = yield* echo(context, formatAddress(to), { timeout: PATIENCE, ...options })
  return { kind: 'ping', sent, received, times, error: received > 0 ? null : error }
}

/** One probe a hop and one hop at a time, so that its steps can be read one after the other. */
export function* traceroute(
  context: PodContext,
  to: Address,
  { proto, maxHops }: { readonly proto: 'udp' | 'icmp'; readonly maxHops: number },
): Process<Outcome> {
  const options = {
    icmp: proto === 'icmp',
    hops: maxHops,
    queries: 1,
    simultaneous: 1,
    numeric: true,
    timeout: PATIENCE,
  }
  const { hops, reached, error } = yield* route(context, formatAddress(to), options)
  const via = hops.filter((hop) => hop === null || !sameAddress(hop, to))
  return { kind: 'traceroute', via, reached, error }
}

export function* curl(context: PodContext, url: string, options: CurlOptions): Process<Outcome> {
  const { code, status, message, tls } = yield* fetch(context, url, options)
  return { kind: 'curl', status, exit: code, error: message, tls }
}

/** Opens a TCP connection, sends `send` bytes through it if there are any, waits for one answer to them, and closes it. */
export function* connect(context: PodContext, to: Address, port: number, send: number): Process<Outcome> {
  try {
    const stream = yield* context.sockets.connect(to, port)
    if (send > 0) {
      yield* stream.write(payload(send))
      yield* stream.read(65_536)
    }
    stream.close()
    return { kind: 'connect', error: null }
  } catch (thrown) {
    if (!(thrown instanceof SocketError)) throw thrown
    return { kind: 'connect', error: thrown.errno }
  }
}
