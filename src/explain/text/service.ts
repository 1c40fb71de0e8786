import { en } from '../messages/en.ts'
import type { ServiceChoice, Trace } from '../trace.ts'
import { columns } from './columns.ts'

/** Which endpoints a Service has for the sender, how likely each is, and which one was picked. */
export function serviceSection({ service }: Trace): string[] {
  if (service === undefined) return []
  const { endpoints, picked, seed } = service
  if (endpoints.length === 0) return [title(service)]
  const rows = endpoints.map((e) => [
    `  ${endpoint(e)}`,
    e.node,
    `p ${e.probability}`,
    endpoint(e) === picked ? en.service.picked(seed) : '',
  ])
  return [title(service), ...columns(rows)]
}

function title(choice: ServiceChoice): string {
  const { namespace, name, address, port, nodePortOf, endpoints, withheld, device = '' } = choice
  const service = `svc/${namespace === 'default' ? '' : `${namespace}/`}${name}`
  const none = endpoints.length === 0
  if (nodePortOf !== undefined)
    return (none ? en.service.closedNodePort : en.service.nodePort)(service, port, nodePortOf)
  const at = `${service} ${endpoint({ address, port })}`
  if (withheld !== undefined) return en.service.withheld(at, device, withheld)
  return (none ? en.service.none : en.service.choice)(at, device)
}

const endpoint = ({ address, port }: Pick<ServiceChoice, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
