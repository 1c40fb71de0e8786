import { isKind } from '../../explain/record.ts'
import type { Surroundings } from '../../explain/request/request.ts'
import { formatEndpoint } from '../../util/address.ts'
import type { Emulation } from '../emulation.ts'
import { involvedIn } from './involved.ts'

/** The cluster around a request, for its report. */
export function surroundings(emulation: Emulation): Surroundings {
  return {
    involved: (connection) => involvedIn(emulation, connection),
    service: (endpoint) => serviceAt(emulation, endpoint),
    said: (where) => lastLine(emulation, where),
  }
}

function serviceAt({ services }: Emulation, endpoint: string): string | null {
  for (const { meta, clusterIPs, ports } of services.all)
    for (const address of clusterIPs)
      for (const { port } of ports)
        if (formatEndpoint(address, port) === endpoint) return `svc/${meta.namespace}/${meta.name}:${port}`
  return null
}

const SERVERS: readonly string[] = ['https-server', 'edge']

/** Of a server that could not start, or did not want the connection: why. */
function lastLine({ recorder, index }: Emulation, where: string): string | null {
  const step = recorder.steps.findLast((one) => {
    if (!isKind(one, 'output') || !SERVERS.includes(one.event.program)) return false
    const { node, netns } = index.place(one)
    return where === (netns === 'host' ? node : netns)
  })
  return step !== undefined && isKind(step, 'output') ? step.event.line : null
}
