import type { Job } from '../../kube/api/batch.ts'
import type { IntOrPercent } from '../../kube/api/int-or-percent.ts'
import type { Kind, Kinds } from '../../kube/api/kinds.ts'
import type { Labels } from '../../kube/api/meta.ts'
import type { ObjectMeta } from '../../kube/api/object.ts'
import { conditionOf } from '../../kube/api/pod-object.ts'
import type { PodTemplate } from '../../kube/api/pod-spec.ts'
import { formatSelector, type LabelSelector, selectorOf } from '../../kube/api/selector.ts'
import type { Store } from '../../kube/api/store.ts'
import type { Nanos } from '../../sim/time.ts'
import { formatAddress } from '../../util/address.ts'
import { ageOf } from './age.ts'
import { CONTROL_PLANE_ROLE } from './slim.ts'

/** A table of one kind: columns that always stand, those of `-o wide`, and the cells of an object. pkg/printers/internalversion. */
export interface Table<K extends Kind> {
  readonly kind: K
  readonly columns: readonly string[]
  readonly wide: readonly string[]
  cells(object: Kinds[K], store: Store): readonly string[]
  wideCells?(object: Kinds[K]): readonly string[]
}

const table = <K extends Kind>(
  kind: K,
  columns: string,
  wide: string,
  cells: Table<K>['cells'],
  wideCells?: Table<K>['wideCells'],
): Table<K> => ({ kind, columns: split(columns), wide: split(wide), cells, wideCells })
const split = (text: string): string[] => (text === '' ? [] : text.split('|'))

const age = (store: Store, { creationTimestamp }: ObjectMeta): string => ageOf(store.now - creationTimestamp)
const template = ({ spec }: PodTemplate): string[] => [
  spec.containers.map(({ name }) => name).join(','),
  spec.containers.map(({ image }) => image).join(','),
]
const TEMPLATE = 'CONTAINERS|IMAGES'
const SELECTING = `${TEMPLATE}|SELECTOR`

interface Selecting {
  readonly spec: { readonly template: PodTemplate; readonly selector: LabelSelector | Labels | null }
}
const selecting = ({ spec: { selector, template: own } }: Selecting): string[] => {
  const whole = selector === null || isLabelSelector(selector) ? selector : selectorOf(selector)
  return [...template(own), formatSelector(whole)]
}
const isLabelSelector = (selector: LabelSelector | Labels): selector is LabelSelector =>
  typeof selector.matchLabels === 'object'

/** What keeps a number of pods like one another. */
const replicated = <K extends 'ReplicaSet' | 'ReplicationController'>(kind: K): Table<K> =>
  table(
    kind,
    'NAME|DESIRED|CURRENT|READY|AGE',
    SELECTING,
    ({ meta, spec, status }, store) => [
      meta.name,
      ...[spec.replicas, status.replicas, status.readyReplicas].map(String),
      age(store, meta),
    ],
    selecting,
  )

export const WORKLOAD_TABLES = {
  nodes: table(
    'Node',
    'NAME|STATUS|ROLES|AGE|VERSION',
    'INTERNAL-IP|EXTERNAL-IP|OS-IMAGE|KERNEL-VERSION|CONTAINER-RUNTIME',
    ({ meta, spec, status }, store) => {
      const ready = conditionOf(status.conditions, 'Ready')?.status === 'True' ? 'Ready' : 'NotReady'
      const state = spec.unschedulable ? `${ready},SchedulingDisabled` : ready
      const roles = Object.keys(meta.labels).filter((label) => label.startsWith(CONTROL_PLANE_ROLE))
      const names = roles.map((label) => label.slice(CONTROL_PLANE_ROLE.length)).sort()
      return [meta.name, state, names.join(',') || '<none>', age(store, meta), 'v1.35.0']
    },
    ({ status }) => {
      const [address] = status.addresses
      return [address === undefined ? '<none>' : formatAddress(address), '<none>', ...Array(3).fill('<unknown>')]
    },
  ),
  deploy: table(
    'Deployment',
    'NAME|READY|UP-TO-DATE|AVAILABLE|AGE',
    SELECTING,
    ({ meta, spec, status }, store) => [
      meta.name,
      `${status.readyReplicas}/${spec.replicas}`,
      ...[status.updatedReplicas, status.availableReplicas].map(String),
      age(store, meta),
    ],
    selecting,
  ),
  rs: replicated('ReplicaSet'),
  rc: replicated('ReplicationController'),
  ds: table(
    'DaemonSet',
    'NAME|DESIRED|CURRENT|READY|UP-TO-DATE|AVAILABLE|NODE SELECTOR|AGE',
    SELECTING,
    ({ meta, spec, status }, store) => [
      meta.name,
      ...[status.desiredNumberScheduled, status.currentNumberScheduled, status.numberReady].map(String),
      ...[status.updatedNumberScheduled, status.numberAvailable].map(String),
      formatSelector(selectorOf(spec.template.spec.nodeSelector)),
      age(store, meta),
    ],
    selecting,
  ),
  sts: table(
    'StatefulSet',
    'NAME|READY|AGE',
    TEMPLATE,
    ({ meta, spec, status }, store) => [meta.name, `${status.readyReplicas}/${spec.replicas}`, age(store, meta)],
    ({ spec }) => template(spec.template),
  ),
  jobs: table(
    'Job',
    'NAME|STATUS|COMPLETIONS|DURATION|AGE',
    SELECTING,
    (job, store) => [
      ...[job.meta.name, jobState(job), completions(job), duration(job, store.now)],
      age(store, job.meta),
    ],
    selecting,
  ),
  cronjobs: table(
    'CronJob',
    'NAME|SCHEDULE|TIMEZONE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE',
    SELECTING,
    ({ meta, spec, status }, store) => [
      meta.name,
      spec.schedule,
      spec.timeZone || '<none>',
      spec.suspend ? 'True' : 'False',
      String(status.active.length),
      status.lastScheduleTime === null ? '<none>' : ageOf(store.now - status.lastScheduleTime),
      age(store, meta),
    ],
    ({ spec }) => [...template(spec.job.template), '<none>'],
  ),
  pdb: table(
    'PodDisruptionBudget',
    'NAME|MIN AVAILABLE|MAX UNAVAILABLE|ALLOWED DISRUPTIONS|AGE',
    '',
    ({ meta, spec, status }, store) => [
      meta.name,
      bound(spec.minAvailable),
      bound(spec.maxUnavailable),
      String(status.disruptionsAllowed),
      age(store, meta),
    ],
  ),
  ing: table('Ingress', 'NAME|CLASS|HOSTS|ADDRESS|PORTS|AGE', '', (ingress, store) => [
    ingress.meta.name,
    ingress.className ?? '<none>',
    hostsOf(ingress),
    // Controllers here write no status.
    '',
    ingress.tls.length > 0 ? '80, 443' : '80',
    age(store, ingress.meta),
  ]),
  ingressclasses: table('IngressClass', 'NAME|CONTROLLER|PARAMETERS|AGE', '', ({ meta, controller }, store) => [
    meta.name,
    controller,
    '<none>',
    age(store, meta),
  ]),
} as const

/** formatIngressHosts: three, then how many more. */
function hostsOf({ rules }: Kinds['Ingress']): string {
  const hosts = rules.map(({ host }) => host).filter((host) => host !== '')
  if (hosts.length === 0) return '*'
  const more = hosts.length > 3 ? ` + ${hosts.length - 3} more...` : ''
  return `${hosts.slice(0, 3).join(',')}${more}`
}

const bound = (value: IntOrPercent | null): string => (value === null ? 'N/A' : String(value))

function jobState({ meta, spec, status }: Job): string {
  const is = (type: string): boolean => conditionOf(status.conditions, type)?.status === 'True'
  if (is('Complete')) return 'Complete'
  if (is('Failed')) return 'Failed'
  if (meta.deletionTimestamp !== null) return 'Terminating'
  if (spec.suspend) return 'Suspended'
  return is('FailureTarget') ? 'FailureTarget' : is('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running'
}

function completions({ spec, status }: Job): string {
  if (spec.completions !== null) return `${status.succeeded}/${spec.completions}`
  return spec.parallelism > 1 ? `${status.succeeded}/1 of ${spec.parallelism}` : `${status.succeeded}/1`
}

function duration({ status }: Job, now: Nanos): string {
  if (status.startTime === null) return ''
  return ageOf((status.completionTime ?? now) - status.startTime)
}
