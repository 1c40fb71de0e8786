import type { Endpoint } from '../endpoints.ts'
import { shortHash } from '../hash.ts'
import type { ServicePortInfo } from '../service-port.ts'

/** nftables names end here, less the longest prefix: knftables.NameLengthMax - 16. */
const MAX_LENGTH = 240

type Named = Pick<ServicePortInfo, 'name' | 'portName' | 'protocol'>

/** `ULMVA6XW-ns1/svc1/tcp/p80`. */
export const serviceName = (info: Named): string => hashed(path(info))

/** `5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80`; colons of IPv6 become dots, its brackets go. */
export function endpointName(info: Named, { text, port }: Pick<Endpoint, 'text' | 'port'>): string {
  const host = text.slice(0, text.lastIndexOf(':')).replace(/[[\]]/g, '')
  return hashed(`${path(info)}__${host.replaceAll(':', '.')}/${port}`)
}

function path({ name, portName, protocol }: Named): string {
  const service = portName === '' ? name : name.slice(0, -portName.length - 1)
  return `${service}/${protocol}/${portName}`
}

function hashed(name: string): string {
  const full = `${shortHash(name, 8)}-${name}`
  return full.length > MAX_LENGTH ? `${full.slice(0, MAX_LENGTH - 3)}...` : full
}
