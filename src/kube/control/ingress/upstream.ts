import type { Backend, UpstreamEndpoint } from '../../../app/ingress/config.ts'
import type { IngressBackend } from '../../api/ingress.ts'
import type { Service, ServicePort } from '../../api/service.ts'
import type { IngressWorld } from './world.ts'

/** A backend with the endpoints that it has now: those of the EndpointSlices themselves, not the Service's address. */
export function upstreamOf(namespace: string, { service, port }: IngressBackend, world: IngressWorld): Backend {
  const known = world.service(namespace, service)
  const endpoints = known === null ? [] : endpointsOf(known, String(port), world)
  const lacking = endpoints.length > 0 ? '' : lackOf(known, String(port))
  return { kind: 'service', service: `${namespace}/${service}`, port: String(port), endpoints, lacking }
}

function lackOf(service: Service | null, port: string): string {
  if (service === null) return 'there is no such Service'
  const ports = service.ports.map((one) => one.port).join(', ')
  return portOf(service, port) === null
    ? `it has no such port, but ${ports || 'none'}`
    : 'none of its endpoints is ready'
}

/** serviceEndpoints: the port may be named by its number, its name or its target. */
export function portOf({ ports }: Service, wanted: string): ServicePort | null {
  return (
    ports.find(
      ({ port, name, targetPort }) => String(port) === wanted || String(targetPort) === wanted || name === wanted,
    ) ?? null
  )
}

/** getEndpoints: those that are ready. A Service of type ExternalName is its name. */
function endpointsOf(service: Service, wanted: string, world: IngressWorld): UpstreamEndpoint[] {
  const port = portOf(service, wanted)
  if (service.type === 'ExternalName') {
    const number = typeof port?.targetPort === 'number' ? port.targetPort : (port?.port ?? Number(wanted))
    return Number.isNaN(number) ? [] : [{ host: service.externalName, port: number }]
  }
  if (port === null || port.protocol !== 'TCP') return []
  return world.slices(service.meta.namespace, service.meta.name).flatMap(({ ports, endpoints }) => {
    const own = ports.filter(({ name, protocol }) => protocol === 'TCP' && name === port.name)
    return own.flatMap((target) =>
      endpoints.filter(({ ready }) => ready).map(({ addresses }) => ({ host: addresses[0], port: target.port })),
    )
  })
}
