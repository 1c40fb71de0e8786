import { nameOf } from '../../kube/api/meta.ts'
import { conditionOf, type PodObject, restartsOf } from '../../kube/api/pod-object.ts'
import { formatSelector, selectorOf } from '../../kube/api/selector.ts'
import type { Store } from '../../kube/api/store.ts'
import type { Nanos } from '../../sim/time.ts'
import { formatAddress } from '../../util/address.ts'
import { slicesOf } from './slim.ts'

export type Listed = 'pods' | 'svc' | 'endpoints' | 'events'

/** What `kubectl get -A` prints of the store: rows of cells, the heading first. */
export function kubectlGet(store: Store, what: Listed, wide: boolean): string[][] {
  switch (what) {
    case 'pods':
      return podTable(store, wide)
    case 'svc':
      return serviceTable(store, wide)
    case 'endpoints':
      return endpointTable(store)
    case 'events':
      return eventTable(store)
  }
}

function podTable(store: Store, wide: boolean): string[][] {
  const head = ['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE']
  const rows = store.list('Pod').map((pod) => {
    const { containerStatuses, initContainerStatuses, podIPs } = pod.status
    const sidecars = initContainerStatuses.filter((_, i) => pod.spec.initContainers[i]?.sidecar)
    const ready = [...containerStatuses, ...sidecars].filter((status) => status.ready).length
    const total = pod.spec.containers.length + pod.spec.initContainers.filter(({ sidecar }) => sidecar).length
    const row = [
      pod.meta.namespace,
      pod.meta.name,
      `${ready}/${total}`,
      podStatus(pod),
      String(restartsOf(pod)),
      ageOf(store.now - pod.meta.creationTimestamp),
    ]
    const [address] = podIPs
    return wide
      ? [...row, address === undefined ? '<none>' : formatAddress(address), pod.spec.nodeName || '<none>']
      : row
  })
  return [wide ? [...head, 'IP', 'NODE'] : head, ...sorted(rows)]
}

/** The STATUS column: the first thing that keeps the pod from being what its phase says (printPod). */
export function podStatus({ meta, spec, status }: PodObject): string {
  const reason = initReason() ?? mainReason() ?? (status.reason || status.phase)
  if (meta.deletionTimestamp !== null) return 'Terminating'
  return reason

  function initReason(): string | null {
    for (const [i, { state, started }] of status.initContainerStatuses.entries()) {
      if (state.kind === 'terminated' && state.exitCode === 0) continue
      if (spec.initContainers[i]?.sidecar && started) continue
      if (state.kind === 'terminated') return `Init:${state.reason || `ExitCode:${state.exitCode}`}`
      const waits = state.kind === 'waiting' && state.reason !== 'PodInitializing' && state.reason !== ''
      return waits ? `Init:${state.reason}` : `Init:${i}/${spec.initContainers.length}`
    }
    return null
  }

  function mainReason(): string | null {
    let reason: string | null = null
    let running = false
    for (const { state, ready } of [...status.containerStatuses].reverse()) {
      if (state.kind === 'running') running ||= ready
      else if (state.reason !== '') reason = state.reason
    }
    if (reason === 'Completed' && running) {
      return conditionOf(status.conditions, 'Ready')?.status === 'True' ? 'Running' : 'NotReady'
    }
    return reason
  }
}

function serviceTable(store: Store, wide: boolean): string[][] {
  const head = ['NAMESPACE', 'NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE']
  const rows = store.list('Service').map((service) => {
    const { meta, type, clusterIPs, headless, externalName, externalIPs, ingress, ports, selector } = service
    const outside = [...ingress.map(({ address }) => address), ...externalIPs].map(formatAddress).join(',')
    const own = ports.map(
      ({ port, nodePort, protocol }) => `${port}${nodePort === 0 ? '' : `:${nodePort}`}/${protocol}`,
    )
    const row = [
      meta.namespace,
      meta.name,
      type,
      headless ? 'None' : clusterIPs.length === 0 ? '<none>' : formatAddress(clusterIPs[0]),
      externalName || outside || '<none>',
      own.join(',') || '<none>',
      ageOf(store.now - meta.creationTimestamp),
    ]
    return wide ? [...row, formatSelector(selector === null ? null : selectorOf(selector))] : row
  })
  return [wide ? [...head, 'SELECTOR'] : head, ...sorted(rows)]
}

/** Ready endpoints, as the Endpoints object holds them: three, then how many more. */
function endpointTable(store: Store): string[][] {
  const rows = store.list('Service').map((service) => {
    const texts = slicesOf(store, service).flatMap(({ endpoints, ports }) =>
      endpoints
        .filter(({ ready }) => ready)
        .flatMap(({ addresses }) => ports.map(({ port }) => `${formatAddress(addresses[0])}:${port}`)),
    )
    texts.sort()
    const more = texts.length > 3 ? ` + ${texts.length - 3} more...` : ''
    const age = ageOf(store.now - service.meta.creationTimestamp)
    return [service.meta.namespace, service.meta.name, `${texts.slice(0, 3).join(',')}${more}` || '<none>', age]
  })
  return [['NAMESPACE', 'NAME', 'ENDPOINTS', 'AGE'], ...sorted(rows)]
}

function eventTable(store: Store): string[][] {
  const events = store.list('Event').sort((a, b) => a.lastTimestamp - b.lastTimestamp)
  const rows = events.map(({ meta, type, reason, message, involved, count, firstTimestamp, lastTimestamp }) => {
    const last = ageOf(store.now - lastTimestamp)
    const seen = count === 1 ? last : `${last} (x${count} over ${ageOf(store.now - firstTimestamp)})`
    const { name } = involved
    return [meta.namespace, seen, type, reason, nameOf({ namespace: involved.kind.toLowerCase(), name }), message]
  })
  return [['NAMESPACE', 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'], ...rows]
}

const sorted = (rows: string[][]): string[][] => rows.sort((a, b) => (`${a[0]}/${a[1]}` < `${b[0]}/${b[1]}` ? -1 : 1))

/** duration.HumanDuration: `45s`, `3m12s`, `25m`, `2d3h`. */
export function ageOf(time: Nanos): string {
  const seconds = Math.floor(time / 1e9)
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 && hours % 24 !== 0 ? `${days}d${hours % 24}h` : `${days}d`
}
