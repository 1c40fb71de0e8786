import { formatEndpoint } from '../../../util/address.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { RealServer, VirtualServer } from './virtual-server.ts'

const endpointOf = ({ protocol, address, port }: VirtualServer): string => {
  const option = protocol === PROTOCOL.tcp ? '-t' : protocol === PROTOCOL.udp ? '-u' : '--sctp-service'
  return `${option} ${formatEndpoint(address, port)}`
}

/** `-A -t 10.96.0.80:80 -s rr -p 10800`, as `ipvsadm-save -n` prints it. */
export function serverText(server: VirtualServer): string {
  const persistence = server.persistence === 0 ? '' : ` -p ${server.persistence}`
  return `-A ${endpointOf(server)} -s ${server.scheduler}${server.hashPorts ? ' -b mh-port' : ''}${persistence}`
}

/** `-a -t 10.96.0.80:80 -r 10.244.1.2:8080 -m -w 1`. */
export function realText(server: VirtualServer, { address, port, weight }: RealServer): string {
  return `-a ${endpointOf(server)} -r ${formatEndpoint(address, port)} -m -w ${weight}`
}
