import type { Step, StepId } from '../trace/step.ts'
import type { CertificateEvent } from '../trace/steps/cert.ts'
import type { TlsEvent, TlsProtection } from '../trace/steps/tls.ts'
import type { Recorded } from './record.ts'
import { tlsConnections } from './tls-connections.ts'

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
}

/** Every TLS connection of the recording that a client began, in the order in which they did. */
export function handshakesOf(recorded: Recorded): Handshake[] {
  return tlsConnections(recorded).map(({ client: { node, netns }, at, steps }) => {
    const rungs = rungsOf(steps)
    const hello = rungs.find(({ event }) => event.kind === 'tls-message' && event.message === 'ClientHello')?.event
    return {
      at,
      client: netns === 'host' ? node : netns.replace(/^default\//, ''),
      server: hello?.kind === 'tls-message' ? serverName(hello) : '',
      rungs,
      certificates: steps.flatMap(({ event }) => (isCertificate(event) ? [event] : [])),
    }
  })
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
