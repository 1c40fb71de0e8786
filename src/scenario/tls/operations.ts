import type { CurlOptions } from '../../app/curl/options.ts'
import { exchangesOf, placeOfProgram } from '../../explain/exchange.ts'
import { isKind } from '../../explain/record.ts'
import { routesOf } from '../../explain/request/ingress.ts'
import { type CarriedRecord, carriedBy } from '../../explain/request/segments.ts'
import { ROLES } from '../../explain/text/alert.ts'
import { alpnChangeText } from '../../explain/text/alpn.ts'
import { exchangeText } from '../../explain/text/exchange.ts'
import { ingressTlsText, routesText } from '../../explain/text/ingress.ts'
import { lostText } from '../../explain/text/lost.ts'
import { tlsConnections } from '../../explain/tls-connections.ts'
import { CLASSIC_GROUPS, type Version } from '../../tls/tls.ts'
import { type Address, parseAddress } from '../../util/address.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import type { Emulation } from '../emulation.ts'
import type { Host } from '../host.ts'
import { durationOf } from '../load/duration.ts'
import type { Operation } from '../load/scenario-kind.ts'
import { involvedIn } from './involved.ts'

type With<Name extends Operation['name']> = Extract<Operation, { readonly name: Name }>['with']

/** Who runs curl, and how. Throws InputError when a Secret or ConfigMap is not there. */
export function curlOptions(
  emulation: Emulation,
  step: With<'curl'>,
  at: SourcePosition,
): { readonly host: Host; readonly options: CurlOptions } {
  const { from, insecure = false, tlsMax, tlsMin, roots, cert, groups, suites, keyShares, alpn } = step
  const { sessions, earlyData, resolve = [], maxTime } = step
  const host = emulation.host(from, at)
  const { tls } = emulation
  const namespace = host.namespace.name === 'host' ? 'default' : host.namespace.name.split('/')[0]
  const name = host.namespace.name === 'host' ? host.namespace.node : host.namespace.name.split('/')[1]
  const https = tls.client({
    insecure,
    roots: roots === undefined || roots === 'cluster-ca' ? undefined : tls.roots(roots, namespace, at),
    versions: versionsOf(tlsMin, tlsMax),
    groups: groups === 'classic' ? CLASSIC_GROUPS : groups,
    keyShares,
    suites,
    alpn,
    sessions: sessions === undefined ? null : tls.sessions(sessions),
    earlyData,
    ...(cert !== undefined && tls.clientIdentity(cert, namespace, name, emulation.now, at)),
  })
  const pins = new Map(resolve.map((text) => pinOf(text, at)))
  const limit = maxTime === undefined ? null : durationOf(maxTime)
  return { host, options: { upgrades: { https }, resolve: pins, maxTime: limit } }
}

function versionsOf(least: '1.2' | '1.3' = '1.2', most: '1.2' | '1.3' = '1.3'): readonly Version[] | undefined {
  if (most === '1.2') return ['TLS 1.2']
  return least === '1.3' ? ['TLS 1.3'] : undefined
}

function pinOf(text: string, at: SourcePosition): [string, readonly Address[]] {
  const [host, port, ...rest] = text.split(':')
  const address = parseAddress(rest.join(':').replace(/^\[|\]$/g, ''))
  if (address === null) throw inputError(`resolve: ${text}`, 'HOST:PORT:ADDRESS', at)
  return [`${host}:${port}`, [address]]
}

export function rotateCert(emulation: Emulation, step: With<'rotateCert'>, at: SourcePosition): void {
  const { secret, names, validFor, key, fault } = step
  const name = secret.includes('/') ? secret : `default/${secret}`
  const spec = {
    ...(names !== undefined && { names }),
    ...(key !== undefined && { key }),
    ...(fault !== undefined && { fault }),
    ...(validFor !== undefined && { validFor: durationOf(validFor) / 1e6 }),
  }
  emulation.tls.rotate(name, spec, emulation.now, at)
  emulation.ingress.news.tell(`Secret ${name}`, 0)
}

/** What the steps of a curl show of its handshakes: a few lines each, and what of them was lost on the way. */
export interface Handshakes {
  readonly lines: readonly string[]
  /** Records that never came through, with the hop where their segments ended. */
  readonly lost: readonly CarriedRecord[]
}

export function handshakesSince(emulation: Emulation, from: number, operation: Operation['name']): Handshakes {
  if (operation !== 'curl') return { lines: [], lost: [] }
  const { recorder, index, tls } = emulation
  const steps = recorder.steps.slice(from)
  const place = placeOfProgram(steps, 'curl')
  if (place === null) return { lines: [], lost: [] }
  const lines = exchangesOf(steps, place).flatMap((exchange) => exchangeText(exchange, (mark) => tls.origins.of(mark)))
  const { node, netns } = recorder.places[place]
  const since = { steps, places: recorder.places, frame: (ref: number) => recorder.frame(ref) }
  const own = tlsConnections(since).filter(({ client }) => client.node === node && client.netns === netns)
  const carried = own.map((connection) => carriedBy(index, connection))
  const start = steps.find((step) => isKind(step, 'program') && step.event.program === 'curl')?.id ?? 0
  const more = [
    ...own.flatMap((connection) => alpnChangeText(connection, involvedIn(emulation, connection))),
    ...own.flatMap((connection) => ingressTlsText(connection, involvedIn(emulation, connection))),
    ...routesText(routesOf(index, start)),
    ...carried.flatMap((one) => lostText(one, ROLES)),
  ]
  return {
    lines: [...lines, ...more.map((line) => `    ${line}`)],
    lost: carried.flatMap(({ lost }) => (lost === null ? [] : [lost])),
  }
}
