import type { FrameRef, Step, StepId } from '../../trace/step.ts'
import type { CertificateEvent } from '../../trace/steps/cert.ts'
import { isKind, type StepIndex } from '../record.ts'
import type { PacketLine } from '../session.ts'
import { type AlertExplained, explainAlert } from '../text/alert.ts'
import { type TlsConnection, tlsConnections } from '../tls-connections.ts'
import type { HeldCertificate, Involved } from './change.ts'
import { choiceIn, type IngressChoice, type IngressRoute, routesOf } from './ingress.ts'
import { type DnsSeen, dnsSeen, stepsOfProgram, type TcpSeen, tcpSeen } from './seen.ts'
import { type Carried, carriedBy } from './segments.ts'
import { type TlsProgress, tlsProgress } from './stages.ts'

/** A request of a program, read off the steps: names, connection, handshake. */
export interface RequestSeen {
  readonly dns: DnsSeen | null
  readonly tcp: TcpSeen | null
  readonly tls: TlsSeen | null
  /** The Service that was asked, for `podwire trace`: `svc/default/web:443`. Null where the address is none's. */
  readonly service: string | null
  /** What the program said last that ought to have answered, and did not. */
  readonly said: { readonly by: string; readonly line: string } | null
  /** Where ingress controllers led it, in order. */
  readonly routes: readonly IngressRoute[]
  /** The alert of a TLS server that was spoken to in something else: the program took it for an answer. */
  readonly unheard: AlertExplained | null
}

export interface TlsSeen {
  readonly connection: TlsConnection
  readonly target: { readonly host: string; readonly port: number }
  readonly client: string
  /** Where the TLS server runs; null when it never got the ClientHello. */
  readonly server: string | null
  readonly progress: TlsProgress | null
  /** What the client thought of the server's certificate; null when it saw none. */
  readonly certificate: Extract<CertificateEvent, { kind: 'cert-verdict' }> | null
  /** What holds the certificate that the server showed. */
  readonly object: HeldCertificate | null
  /** How an ingress controller chose that certificate; null where none did. */
  readonly ingress: IngressChoice | null
  readonly alert: AlertExplained | null
  /** Every record of either end, with its TCP segments. */
  readonly carried: Carried
}

/** What a report knows of the cluster beyond the steps. */
export interface Surroundings {
  involved(connection: TlsConnection): Involved
  /** `svc/default/web:443` for an address of a Service. */
  service(endpoint: string): string | null
  /** What a server's program at `NS/POD`, or at a node, printed last, or null. */
  said(where: string): string | null
}

/** `start`: the step that began the program; `packets`: those of its host since. */
export function requestSeen(
  index: StepIndex,
  start: StepId,
  packets: readonly PacketLine[],
  target: TlsSeen['target'],
  around: Surroundings,
): RequestSeen {
  const steps = stepsOfProgram(index, start)
  const tcp = tcpSeen(index, packets)
  const tls = tlsSeen(index, start, steps, target, around)
  const silent = tcp?.mss === null || (tls?.progress?.failed === 'hello' && tls.alert === null)
  const line = tcp !== null && tcp.by !== null && silent ? around.said(tcp.by.name) : null
  return {
    dns: dnsSeen(steps, packets),
    tcp,
    tls,
    service: tcp === null ? null : around.service(tcp.to),
    said: line === null || tcp?.by == null ? null : { by: tcp.by.name, line },
    routes: routesOf(index, start),
    unheard: tls !== null || tcp?.by == null ? null : unheardBy(index, start, tcp.by.name),
  }
}

/** What a TLS server at `NS/POD` or a node said last, since the program began. */
function unheardBy(index: StepIndex, start: StepId, where: string): AlertExplained | null {
  const steps = index.recorded.steps.filter((step) => step.id >= start && nameOf(index.place(step)) === where)
  return explainAlert(
    steps.map(({ event }) => event),
    'server',
  )
}

function tlsSeen(
  index: StepIndex,
  start: StepId,
  steps: readonly Step[],
  target: TlsSeen['target'],
  around: Surroundings,
): TlsSeen | null {
  const begin = index.step(start)
  if (begin === null || !steps.some((step) => isKind(step, 'tls-message'))) return null
  const home = index.place(begin)
  const { recorded } = index
  const since = {
    steps: recorded.steps.filter(({ id }) => id >= start),
    places: recorded.places,
    frame: (ref: FrameRef) => recorded.frame(ref),
  }
  const connection = tlsConnections(since).findLast(
    ({ client }) => client.node === home.node && client.netns === home.netns,
  )
  if (connection === undefined) return null
  const involved = around.involved(connection)
  const mine = connection.steps.map(({ event }) => event)
  const judged = mine.find((event) => event.kind === 'cert-judge')
  return {
    connection,
    target,
    client: nameOf(connection.client),
    server: connection.server === null ? null : nameOf(connection.server),
    progress: tlsProgress(mine),
    certificate: mine.find((event) => event.kind === 'cert-verdict') ?? null,
    object: judged === undefined ? null : involved.certificate(judged.leaf.fingerprint),
    ingress: choiceIn(connection.events),
    alert: explainAlert(connection.events, 'client', involved),
    carried: carriedBy(index, connection),
  }
}

const nameOf = ({ node, netns }: { readonly node: string; readonly netns: string }): string =>
  netns === 'host' ? node : netns
