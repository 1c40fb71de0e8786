import { type Address, formatAddress } from '../../../util/address.ts'
import { portNumber } from '../../api/pod-object.ts'
import type { Container, ProbeHandler } from '../../api/pod-spec.ts'

/** Where a probe connects to; for exec, which connects nowhere, empty and 0. */
export interface ProbePlace {
  /** An address or a name: the probe's own `host`, else the pod's address. */
  readonly host: string
  readonly port: number
}

/**
 * Where kubelet sends a probe, or why it cannot tell, in its words. Source: pkg/probe/http/request.go, pkg/probe/util.go,
 * pkg/kubelet/prober/prober.go.
 */
export function placeOf(
  container: Container,
  handler: ProbeHandler,
  addresses: readonly Address[],
): ProbePlace | string {
  if (handler.kind === 'exec') return { host: '', port: 0 }
  const port = resolvePort(handler.port, container)
  if (typeof port === 'string') return port
  if (hostOf(handler) !== '') return { host: hostOf(handler), port }
  return addresses.length === 0 ? 'no IP found for pod' : { host: formatAddress(addresses[0]), port }
}

/** gRPC has no `host`. */
const hostOf = (handler: ProbeHandler): string => ('host' in handler ? handler.host : '')

/** ResolveContainerPort: a name of a container port; a number as text is one too. */
function resolvePort(wanted: number | string, container: Container): number | string {
  const named = portNumber(wanted, [container])
  if (named === null && !/^[+-]?\d+$/.test(`${wanted}`)) return `strconv.Atoi: parsing "${wanted}": invalid syntax`
  const port = named ?? Number(wanted)
  return port > 0 && port < 0x10000 ? port : `invalid port number: ${port}`
}

/** `GET http://10.244.1.2:8080/healthz`: what a probe asks, in one line. */
export function describeProbe(handler: ProbeHandler, { host, port }: ProbePlace): string {
  const where = joinHostPort(host, port)
  switch (handler.kind) {
    case 'httpGet':
      return `GET ${handler.scheme.toLowerCase()}://${where}${handler.path}`
    case 'tcpSocket':
      return `tcp ${where}`
    case 'grpc':
      return `grpc ${where}${handler.service === '' ? '' : ` ${handler.service}`}`
    case 'exec':
      return `exec ${handler.command.join(' ')}`
  }
}

/** Go's net.JoinHostPort: an IPv6 address in brackets. */
export const joinHostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
