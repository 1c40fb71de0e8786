import type { Involved } from '../../explain/request/change.ts'
import type { TlsConnection } from '../../explain/tls-connections.ts'
import { serviceNames } from '../../pki/certificates.ts'
import type { Place } from '../../trace/step.ts'
import { formatAddress } from '../../util/address.ts'
import type { Emulation } from '../emulation.ts'

/** The objects of the cluster that a TLS connection depends on. */
export function involvedIn(
  emulation: Emulation,
  { client, server }: Pick<TlsConnection, 'client' | 'server'>,
): Involved {
  return {
    certificate: (fingerprint) => emulation.tls.origins.of(fingerprint),
    client: objectAt(client),
    server: server === null ? null : serverAt(emulation, server),
    service: (name) => serviceNamed(emulation, name, client),
  }
}

const objectAt = ({ node, netns }: Place): string => (netns === 'host' ? node : `Pod ${netns}`)

function serverAt({ directory }: Emulation, place: Place): Involved['server'] {
  const [namespace, name] = place.netns.split('/')
  const pod =
    place.netns === 'host'
      ? [...directory.allPods()].find(
          ({ hostNetwork, node, serve }) => hostNetwork && node === place.node && serve !== '',
        )
      : directory.pod(namespace, name)
  if (pod === null || pod === undefined) return null
  const { serve, meta } = pod
  return { object: `Pod ${meta.namespace}/${meta.name}`, key: `annotation podwire.dev/serve: ${serve}` }
}

/** By any name that resolves to it where the client runs, or by its address. */
function serviceNamed(
  { services, namespace }: Emulation,
  asked: string,
  { netns }: Place,
): ReturnType<Involved['service']> {
  const own = netns === 'host' ? namespace : netns.split('/')[0]
  for (const { meta, clusterIPs } of services.all) {
    const names = serviceNames(meta.name, meta.namespace).map((name) => name.replace(/^DNS:/, ''))
    const short = meta.namespace === own ? names : names.slice(1)
    const addresses = clusterIPs.map(formatAddress)
    if (![...short, ...addresses].includes(asked)) continue
    return { object: `Service ${meta.namespace}/${meta.name}`, names }
  }
  return null
}
