import { en } from '../messages/en.ts'
import type { ServiceChoice, Trace } from '../trace.ts'
import { columns } from './columns.ts'

/** Which endpoints a Service has for the sender, how likely each is, and which one was picked. */
export function serviceSection({ service }: Trace): string[] {
  if (service === undefined) return []
  const { namespace, name, address, port, endpoints, picked, device = '' } = service
  const title = `svc/${namespace === 'default' ? '' : `${namespace}/`}${name} ${endpoint({ address, port })}`
  if (endpoints.length === 0) return [en.service.none(title, device)]
  const rows = endpoints.map((e) => [
    `  ${endpoint(e)}`,
    e.node,
    `p ${e.probability}`,
    endpoint(e) === picked ? en.service.picked : '',
  ])
  return [en.service.choice(title, device), ...columns(rows)]
}

const endpoint = ({ address, port }: Pick<ServiceChoice, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
