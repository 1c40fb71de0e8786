import type { Kind } from '../../kube/api/kinds.ts'
import { nameOf } from '../../kube/api/meta.ts'
import { conditionOf, type PodObject, restartsOf } from '../../kube/api/pod-object.ts'
import { formatSelector, selectorOf } from '../../kube/api/selector.ts'
import type { Store } from '../../kube/api/store.ts'
import type { Nanos } from '../../sim/time.ts'
import { formatAddress } from '../../util/address.ts'
import { ageOf } from './age.ts'
import { type Table, WORKLOAD_TABLES } from './kubectl-workloads.ts'
import { slicesOf } from './slim.ts'

/** What can be listed, by the names that kubectl knows it by. */
export const LISTED = ['pods', 'svc', 'endpoints', 'events', ...workloads()] as const
export type Listed = (typeof LISTED)[number]

export interface ListOptions {
  readonly wide: boolean
  /** Of one namespace, without the column that names it. */
  readonly namespace?: string
}

/** What `kubectl get -A`, or `-n`, prints of the store: rows of cells, the heading first. */
export function kubectlGet(store: Store, what: Listed, options: ListOptions): string[][] {
  const rows = tableOf(store, what, options.wide)
  const { namespace } = options
  if (rows[0][0] !== 'NAMESPACE' || namespace === undefined) return rows
  return [rows[0], ...rows.slice(1).filter(([own]) => own === namespace)].map((row) => row.slice(1))
}

function tableOf(store: Store, what: Listed, wide: boolean): string[][] {
  switch (what) {
    case 'pods':
      return podTable(store, wide)
    case 'svc':
      return serviceTable(store, wide)
    case 'endpoints':
      return endpointTable(store)
    case 'events':
      return eventTable(store, wide)
    default:
      return workloadTable(store, WORKLOAD_TABLES[what] as unknown as Table<Kind>, wide)
  }
}

function workloads(): (keyof typeof WORKLOAD_TABLES)[] {
  return Object.keys(WORKLOAD_TABLES) as (keyof typeof WORKLOAD_TABLES)[]
}

function workloadTable(
  store: Store,
  { kind, columns, wide: more, cells, wideCells }: Table<Kind>,
  wide: boolean,
): string[][] {
  const hasNamespace = kind !== 'Node' && kind !== 'IngressClass'
  const rows = store
    .list(kind)
    .map((object) => [
      ...(hasNamespace ? [object.meta.namespace] : []),
      ...cells(object, store),
      ...(wide ? (wideCells?.(object) ?? []) : []),
    ])
  return [[...(hasNamespace ? ['NAMESPACE'] : []), ...columns, ...(wide ? more : [])], ...sorted(rows)]
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
      restartsText(pod, store.now),
      ageOf(store.now - pod.meta.creationTimestamp),
    ]
    const [address] = podIPs
    if (!wide) return row
    const where = [address === undefined ? '<none>' : formatAddress(address), pod.spec.nodeName || '<none>']
    return [...row, ...where, pod.status.nominatedNodeName || '<none>', gatesText(pod)]
  })
  return [wide ? [...head, 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'] : head, ...sorted(rows)]
}

/** `3 (25s ago)`: since the last time that one of its containers ended and was started again. */
function restartsText(pod: PodObject, now: Nanos): string {
  const count = restartsOf(pod)
  let last = -1
  for (const { lastState } of [...pod.status.containerStatuses, ...pod.status.initContainerStatuses])
    if (lastState?.kind === 'terminated') last = Math.max(last, lastState.finishedAt)
  return count === 0 || last < 0 ? String(count) : `${count} (${ageOf(now - last)} ago)`
}

function gatesText({ spec, status }: PodObject): string {
  if (spec.readinessGates.length === 0) return '<none>'
  const open = spec.readinessGates.filter((gate) => conditionOf(status.conditions, gate)?.status === 'True')
  return `${open.length}/${spec.readinessGates.length}`
}

/** The STATUS column: the first thing that keeps the pod from being what its phase says (printPod). */
export function podStatus({ meta, spec, status }: PodObject): string {
  const gated = conditionOf(status.conditions, 'PodScheduled')?.reason === 'SchedulingGated' || isGated()
  const reason = gated ? 'SchedulingGated' : (initReason() ?? mainReason() ?? (status.reason || status.phase))
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed'
  return meta.deletionTimestamp !== null && !isOver ? 'Terminating' : reason

  function isGated(): boolean {
    return spec.schedulingGates.length > 0 && spec.nodeName === ''
  }

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
      externalName || outside || (type === 'LoadBalancer' ? '<pending>' : '<none>'),
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

function eventTable(store: Store, wide: boolean): string[][] {
  const events = store.list('Event').sort((a, b) => a.lastTimestamp - b.lastTimestamp)
  const rows = events.map((event) => {
    const { meta, type, reason, message, involved, count, firstTimestamp, lastTimestamp } = event
    const last = ageOf(store.now - lastTimestamp)
    const seen = count === 1 ? last : `${last} (x${count} over ${ageOf(store.now - firstTimestamp)})`
    const { name } = involved
    const object = nameOf({ namespace: involved.kind.toLowerCase(), name })
    const row = [meta.namespace, seen, type, reason, object]
    const first = ageOf(store.now - firstTimestamp)
    return wide ? [...row, '', event.source, message, first, String(count), meta.name] : [...row, message]
  })
  const head = ['NAMESPACE', 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT']
  const more = ['SUBOBJECT', 'SOURCE', 'MESSAGE', 'FIRST SEEN', 'COUNT', 'NAME']
  return [[...head, ...(wide ? more : ['MESSAGE'])], ...rows]
}

const sorted = (rows: string[][]): string[][] => rows.sort((a, b) => (`${a[0]}/${a[1]}` < `${b[0]}/${b[1]}` ? -1 : 1))
