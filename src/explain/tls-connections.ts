import type { Event, Place, Step } from '../trace/step.ts'
import type { TlsEvent, TlsRole } from '../trace/steps/tls.ts'
import type { Recorded } from './record.ts'

/** One TLS connection of a recording, from both ends where both were recorded. */
export interface TlsConnection {
  readonly client: Place
  /** Null when the server is no program of this emulation. */
  readonly server: Place | null
  /** Nanoseconds of virtual time of the ClientHello. */
  readonly at: number
  /** What the client did, and the judgements of certificates at its end, in order. */
  readonly steps: readonly Step[]
  /** The same of the server, and how an ingress controller chose its certificate; empty when it is no program of this emulation, or never got the ClientHello. */
  readonly serverSteps: readonly Step[]
  /** What both ends did, the client's first. */
  readonly events: readonly Event[]
}

interface End {
  readonly role: TlsRole
  readonly place: Place
  readonly at: number
  readonly steps: Step[]
  readonly hello: string
}

/** The TLS connections of a recording in the order they began. An end belongs to the client that sent it its ClientHello. */
export function tlsConnections(recorded: Recorded): TlsConnection[] {
  const ends = endsOf(recorded)
  const servers = new Map<string, End>()
  for (const end of ends) if (end.role === 'server') servers.set(end.hello, end)
  return ends
    .filter(({ role }) => role === 'client')
    .map(({ place, at, steps, hello }) => {
      const server = servers.get(hello)
      const serverSteps = server?.steps ?? []
      const events = [...steps, ...serverSteps].map(({ event }) => event)
      return { client: place, server: server?.place ?? null, at, steps, serverSteps, events }
    })
}

/** A judgement of certificates belongs to the end that acted last in its network namespace. */
function endsOf(recorded: Recorded): End[] {
  const ends: End[] = []
  const open = new Map<string, End>()
  const latest = new Map<string, End>()
  /** What a controller chose for a connection whose TLS has not begun. */
  const chosen = new Map<string, Step>()
  for (const step of recorded.steps) {
    const { event } = step
    const choice = event.kind === 'ingress-certificate'
    if (!choice && !isTls(event) && !event.kind.startsWith('cert-')) continue
    const place = recorded.places[step.place]
    const here = `${place.node} ${place.netns}`
    if (choice) {
      chosen.set(`${here} server ${event.connection}`, step)
      continue
    }
    if (!isTls(event)) {
      latest.get(here)?.steps.push(step)
      continue
    }
    const key = `${here} ${event.role} ${event.connection}`
    let end = open.get(key)
    if (begins(event) && !(end !== undefined && retried(end))) {
      const before = chosen.get(key)
      chosen.delete(key)
      end = { role: event.role, place, at: step.at, steps: before === undefined ? [] : [before], hello: event.bytes }
      ends.push(end)
      open.set(key, end)
    }
    // A server's first record comes before its message.
    if (end === undefined) continue
    end.steps.push(step)
    latest.set(here, end)
  }
  return ends
}

const isTls = (event: Step['event']): event is TlsEvent => event.kind.startsWith('tls-')

const begins = (event: TlsEvent): event is Extract<TlsEvent, { kind: 'tls-message' }> =>
  event.kind === 'tls-message' &&
  event.message === 'ClientHello' &&
  event.direction === (event.role === 'client' ? 'sent' : 'received')

/** A second ClientHello follows a HelloRetryRequest; else the port is used anew. */
function retried({ steps }: End): boolean {
  const last = steps.findLast(({ event }) => event.kind === 'tls-message')?.event
  return last?.kind === 'tls-message' && last.message === 'ServerHello'
}
