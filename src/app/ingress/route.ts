import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { IngressCertificateChoice, IngressEvent } from '../../trace/steps/ingress.ts'
import { headerOf } from '../../wire/http/head.ts'
import type { PodContext } from '../context.ts'
import type { Upgrade } from '../curl/options.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import type { RoundRobin } from './balance.ts'
import { certificateFor, unservedFor } from './certificate.ts'
import type { Location, ProxyConfig, Source } from './config.ts'
import { downstreamHeaders, type Front, upstreamHeaders, withHsts } from './headers.ts'
import { hostOf, locate, pathOf, serverFor } from './locate.ts'
import { page } from './pages.ts'
import { type Attempt, ask, nameOf, TRIES } from './upstream.ts'

type Route = Extract<IngressEvent, { kind: 'ingress-route' }>

/** Whatever stays the same from request to request. */
export interface Router {
  readonly context: PodContext
  readonly config: () => ProxyConfig
  readonly balance: RoundRobin
  /** Begins TLS towards an endpoint. */
  readonly connect: Upgrade
}

/** Leads a request by its Host and path to an endpoint of a Service, or answers it itself. */
export function* route(router: Router, request: HttpRequest, peer: TcpStream, front: Front): Process<HttpResponse> {
  const { context } = router
  const config = router.config()
  const authority = headerOf(request.headers, 'host')
  const path = pathOf(request.target)
  // RFC 9112 3.2: a request without Host is bad.
  if (authority === null || path === null) return page(400)
  const host = hostOf(authority)
  const location = locate(serverFor(config, host).locations, path)
  const about = { host, path, location, unserved: unservedFor(config, host) }
  if (location !== null && redirects(config, location, host, front)) {
    note(context, peer, about, 'redirected', [])
    const bare = authority.replace(/:\d+$/, '')
    // preserve-trailing-slash is off.
    return page(308, [['Location', `https://${bare}${request.target.replace(/\/$/, '')}`]])
  }
  return withHsts(yield* answer(router, request, peer, front, about), front)
}

interface About {
  readonly host: string
  readonly path: string
  readonly location: Location | null
  /** Somebody wrote the host down, and no server has it. */
  readonly unserved: IngressCertificateChoice | null
}

function* answer(
  router: Router,
  request: HttpRequest,
  peer: TcpStream,
  front: Front,
  about: About,
): Process<HttpResponse> {
  const { context, balance } = router
  const { location } = about
  if (location === null || location.backend.kind === 'none') {
    note(context, peer, about, 'no-backend', [])
    return page(404)
  }
  const { service, port, endpoints } = location.backend
  if (endpoints.length === 0) {
    note(context, peer, about, 'no-endpoints', [])
    return page(503)
  }
  const headers = upstreamHeaders(request, peer, front, location.vhost, context.rng)
  const tried: string[] = []
  let last: Attempt | null = null
  for (let left = TRIES; left > 0; left--) {
    const endpoint = balance.next(`${service}:${port}`, endpoints)
    tried.push(nameOf(endpoint))
    // What goes to the endpoint is due to the decision to ask it.
    const decided = note(context, peer, about, 'forwarded', tried)
    peer.cause = decided
    last = yield* ask(context, peer, endpoint, { request, headers, protocol: location.protocol }, router.connect)
    if (last.kind === 'answered') {
      const { response, cause } = last
      peer.cause = cause
      return { ...response, headers: downstreamHeaders(response, request.method) }
    }
    context.print(`${last.error} while connecting to upstream, host: "${about.host}", upstream: "${nameOf(endpoint)}"`)
    if (!last.again) break
  }
  note(context, peer, about, 'unreachable', tried)
  return page(last?.kind === 'failed' && last.why === 'timeout' ? 504 : 502)
}

/** lua_ingress.lua, redirect_to_https. */
function redirects(config: ProxyConfig, { redirect }: Location, host: string, { scheme }: Front): boolean {
  if (scheme === 'https' || redirect === 'never') return false
  return redirect === 'always' || certificateFor(config, host) !== null
}

const NO_BACKEND = { service: '', port: '', lacking: '' }
const NO_SOURCE: Source = { ingress: '', field: '' }

function note(
  context: PodContext,
  peer: TcpStream,
  { host, path, location, unserved }: About,
  outcome: Route['outcome'],
  endpoints: readonly string[],
): number {
  const backend = location?.backend
  const { service, port, lacking } = backend?.kind === 'service' ? backend : NO_BACKEND
  const nowhere = outcome === 'no-backend' ? unserved : null
  const { ingress, field } = location?.source ?? nowhere ?? NO_SOURCE
  const detail = outcome === 'no-endpoints' ? lacking : (nowhere?.detail ?? '')
  const event: Route = {
    kind: 'ingress-route',
    ...{ host, path, outcome, ingress, field, service, port, detail },
    endpoints: [...endpoints],
  }
  return context.record(event, peer.cause)
}
