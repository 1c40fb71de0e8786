import type { PacketId, Place, Step, StepId } from '../trace/step.ts'
import type { CertificateEvent } from '../trace/steps/cert.ts'
import type { TlsEvent, TlsProtection } from '../trace/steps/tls.ts'
import { formatEndpoint } from '../util/address.ts'
import { type Hop, hopsOf } from './hops.ts'
import { flowsOf } from './path.ts'
import type { StepIndex } from './record.ts'
import type { Involved } from './request/change.ts'
import { type Carried, type CarriedRecord, carriedBy } from './request/segments.ts'
import { type RoundTrip, roundTripsOf } from './round-trips.ts'
import { type AlertExplained, explainAlert } from './text/alert.ts'
import { type TlsConnection, tlsConnections } from './tls-connections.ts'

type Kind<K extends TlsEvent['kind']> = Extract<TlsEvent, { kind: K }>
export type TlsMessage = Kind<'tls-message'>
export type TlsRecord = Kind<'tls-record'>

/** A rung of the ladder: a message, an alert, or application data; with the record that carried it. */
export interface Rung {
  readonly step: StepId
  readonly at: number
  readonly direction: 'sent' | 'received'
  readonly event: TlsMessage | Kind<'tls-alert'> | TlsRecord
  readonly record: TlsRecord | null
  /** What this side derived, decided, hashed and verified after it, up to the next rung. */
  readonly after: readonly TlsEvent[]
}

/** A TLS connection as its client saw it. */
export interface Handshake {
  readonly at: number
  /** The pod's or the node's name. */
  readonly client: string
  /** By the name in the ClientHello; empty when it sent none. */
  readonly server: string
  readonly rungs: readonly Rung[]
  readonly certificates: readonly CertificateEvent[]
  /** `10.244.1.2:46962`, and as what the client asked it and what answered: `10.96.0.80:443`, `10.244.2.2:8443`. */
  readonly ends: { readonly client: string; readonly asked: string; readonly server: string } | null
  /** Where the server runs: `web-2`; empty when it never got the ClientHello. */
  readonly pod: string
  readonly carried: Carried
  readonly roundTrips: readonly RoundTrip[]
  /** What is to be changed, where an alert ended it. */
  readonly alert: AlertExplained | null
  /** What happened to a packet of it, hop by hop. */
  way(packet: PacketId): readonly Hop[]
}

/** Every TLS connection of the recording that a client began, in the order in which they did. */
export function handshakesOf(
  index: StepIndex,
  involved: (connection: TlsConnection) => Involved | null = () => null,
): Handshake[] {
  return tlsConnections(index.recorded).map((connection) => {
    const { client, server, at, steps, events } = connection
    const rungs = rungsOf(steps)
    const carried = carriedBy(index, connection)
    const hello = rungs.find(({ event }) => event.kind === 'tls-message' && event.message === 'ClientHello')?.event
    return {
      at,
      client: nameOf(client),
      server: hello?.kind === 'tls-message' ? serverName(hello) : '',
      rungs,
      certificates: steps.flatMap(({ event }) => (isCertificate(event) ? [event] : [])),
      ends: carried.syn === null ? null : endsOf(index, carried.syn.packet),
      pod: server === null ? '' : nameOf(server),
      carried,
      roundTrips: roundTripsOf(carried.opening, rungs),
      alert: explainAlert(events, 'client', involved(connection)),
      way: (packet) => hopsOf(index, packet),
    }
  })
}

const nameOf = ({ node, netns }: Place): string => (netns === 'host' ? node : netns.replace(/^default\//, ''))

/** As the SYN had them when it left, and when it arrived. */
function endsOf(index: StepIndex, syn: PacketId): Handshake['ends'] {
  const flows = flowsOf(index, syn)
  const [first, last] = [flows[0], flows.at(-1)]
  if (first === undefined || last === undefined) return null
  return {
    client: formatEndpoint(first.source, first.sourcePort),
    asked: formatEndpoint(first.destination, first.destinationPort),
    server: formatEndpoint(last.destination, last.destinationPort),
  }
}

/** The record of a rung among those that its sender sent, by its place in the stream. */
export function carriedRecord({ rungs, carried }: Handshake, rung: number): CarriedRecord | null {
  const { direction } = rungs[rung]
  const by = direction === 'sent' ? 'client' : 'server'
  const wanted = wireOrder(rungs, rung)
  return carried.records.filter((one) => one.by === by && one.contentType !== CHANGE_CIPHER_SPEC)[wanted] ?? null
}

const CHANGE_CIPHER_SPEC = 'change_cipher_spec'

/** How many other records of the same sender came before the rung's. */
function wireOrder(rungs: readonly Rung[], rung: number): number {
  const { direction, record } = rungs[rung]
  const seen = new Set<TlsRecord | null>()
  for (const one of rungs) {
    if (one.direction !== direction) continue
    if (one.record === record) return seen.size
    seen.add(one.record)
  }
  return seen.size
}

const isCertificate = (event: Step['event']): event is CertificateEvent => event.kind.startsWith('cert-')
const isTls = (event: Step['event']): event is TlsEvent => event.kind.startsWith('tls-')

function serverName({ fields }: TlsMessage): string {
  const value = fields.find(({ field }) => field === 'host_name')?.value
  return typeof value === 'string' ? readable(value) : ''
}

/** Bytes in hexadecimal as text, where they are text; else as they are. */
export function readable(hex: string): string {
  if (!/^([0-9a-f]{2})+$/.test(hex)) return hex
  const bytes = hex.match(/../g)!.map((pair) => Number.parseInt(pair, 16))
  return bytes.length > 1 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? String.fromCharCode(...bytes) : hex
}

/** A message that we send is followed by its record, one that we receive follows it; several may share a record. */
function rungsOf(steps: readonly Step[]): Rung[] {
  const rungs: (Omit<Rung, 'record' | 'after'> & { record: TlsRecord | null; after: TlsEvent[] })[] = []
  let received: TlsRecord | null = null
  for (const { id, at, event } of steps) {
    if (!isTls(event)) continue
    if (event.kind === 'tls-record') {
      const data = event.protection?.innerType === 'application_data'
      if (data) rungs.push({ step: id, at, direction: event.direction, event, record: event, after: [] })
      else if (event.direction === 'received') received = event
      else for (const rung of rungs) if (carries(event, rung)) rung.record ??= event
    } else if (event.kind === 'tls-message' || event.kind === 'tls-alert') {
      const record = event.direction === 'received' ? received : null
      rungs.push({ step: id, at, direction: event.direction, event, record, after: [] })
    } else rungs.at(-1)?.after.push(event)
  }
  return rungs
}

function carries(
  record: TlsRecord,
  { event, direction, record: known }: Pick<Rung, 'event' | 'direction' | 'record'>,
): boolean {
  if (known !== null || direction !== 'sent') return false
  const type = record.protection?.innerType ?? record.contentType
  return type === (event.kind === 'tls-alert' ? 'alert' : 'handshake')
}

/** How long a rung is on the wire: of a message its own bytes, of data what is inside. */
export function lengthOf({ event }: Rung): number {
  if (event.kind === 'tls-message') return event.bytes.length / 2
  if (event.kind === 'tls-record') return event.protection?.content ?? event.length
  return 2
}

export const protectionOf = ({ record }: Rung): TlsProtection | null => record?.protection ?? null
