import { nameOf, selects } from '../../kube/api/meta.ts'
import { isLive, type Pod } from '../../kube/api/pod.ts'
import type { Service, ServicePort } from '../../kube/api/service.ts'
import { formatAddress, keyOf } from '../../util/address.ts'
import type { Inventory } from './inventory.ts'
import type { Problems } from './source.ts'
import { Told, where } from './told.ts'

/** Pairs of Services and pods beyond which named ports are not looked for. */
const PAIRS = 1e6

/** What the API server would have refused between Services, and what makes one of them lead nowhere. */
export function checkServices(inventory: Omit<Inventory, 'diagnostics'>, problems: Problems): void {
  const { services } = inventory
  const told = new Told(problems, (count) => `${count} more things are wrong between Services and what they lead to`)
  const owners = new Map<string, Service>()
  const claim = (key: string, what: string, service: Service): void => {
    const other = owners.get(key)
    if (other === undefined) owners.set(key, service)
    else if (other !== service)
      told.warn(service.meta, `${what} is that of ${named(other)} too, whose rules come first`)
  }
  for (const service of services) {
    for (const address of service.clusterIPs)
      claim(keyOf(address).toString(), `the ClusterIP ${formatAddress(address)} of ${called(service)}`, service)
    for (const { nodePort, protocol } of service.ports) {
      if (nodePort !== 0)
        claim(`${nodePort}/${protocol}`, `nodePort ${nodePort}/${protocol} of ${called(service)}`, service)
    }
  }
  checkPortNames(inventory, told)
  checkSlices(inventory, told)
  told.finish()
}

/** A target port by name, which none of the pods that are selected has: no endpoint gets that port. */
function checkPortNames({ services, pods, slices }: Omit<Inventory, 'diagnostics'>, told: Told): void {
  const given = new Set(slices.map(({ meta, service }) => `${meta.namespace}/${service}`))
  const candidates = services.filter(
    ({ meta, selector, ports }) =>
      selector !== null && !given.has(nameOf(meta)) && ports.some(({ targetPort }) => typeof targetPort === 'string'),
  )
  if (candidates.length * pods.length > PAIRS) return
  for (const service of candidates) {
    const selected = pods.filter(
      (pod) =>
        pod.meta.namespace === service.meta.namespace && isLive(pod) && selects(service.selector!, pod.meta.labels),
    )
    if (selected.length === 0) continue
    for (const port of service.ports) {
      if (typeof port.targetPort !== 'string' || selected.some((pod) => has(pod, port))) continue
      const others = selected.length === 1 ? '' : ` and ${selected.length - 1} more`
      told.warn(
        service.meta,
        `targetPort ${port.targetPort} of ${called(service)} is no ${port.protocol} port of Pod ${where(selected[0].meta)}${others}: port ${port.port} has no endpoint`,
      )
    }
  }
}

const has = (pod: Pod, { targetPort, protocol }: ServicePort): boolean =>
  pod.ports.some((port) => port.name === targetPort && port.protocol === protocol)

/** kube-proxy looks at EndpointSlices of Services that it knows; others do nothing. */
function checkSlices({ services, slices }: Omit<Inventory, 'diagnostics'>, told: Told): void {
  if (services.length === 0) return
  const known = new Set(services.map(({ meta }) => nameOf(meta)))
  for (const { meta, service, from } of slices) {
    const name = `${meta.namespace}/${service}`
    if (from !== 'EndpointSlice' || known.has(name) || name === 'default/kubernetes') continue
    told.warn(
      meta,
      `EndpointSlice ${nameOf(meta)} is of Service ${name}, which is not there: nothing leads to its endpoints`,
    )
  }
}

const called = ({ meta }: Service): string => `Service ${nameOf(meta)}`
const named = ({ meta }: Service): string => `Service ${where(meta)}`
