import { NO_LABELS } from '../../../kube/api/meta.ts'
import type {
  Container,
  HttpGet,
  LifecycleHandler,
  PodSpec,
  PodTemplate,
  Probe,
  ProbeHandler,
} from '../../../kube/api/pod-spec.ts'
import { amountOf, NO_RESOURCES, type Resources } from '../../../kube/api/quantity.ts'
import type { Fields } from '../fields.ts'
import { readPort } from './pod.ts'
import { readAffinity, readSpread, readToleration } from './scheduling.ts'

const RESTART = ['Always', 'OnFailure', 'Never'] as const
const PULL = ['Always', 'IfNotPresent', 'Never'] as const
/** scheduling.k8s.io: the classes that every cluster has. */
const PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export function readTemplate(spec: Fields): PodTemplate {
  const template = spec.child('template', 'PodTemplateSpec')
  const metadata = template.child('metadata', 'ObjectMeta')
  const labels = metadata.has('labels') ? metadata.labels('labels') : NO_LABELS
  const annotations = metadata.has('annotations') ? metadata.labels('annotations') : NO_LABELS
  return { meta: { labels, annotations }, spec: readPodSpec(template.child('spec', 'PodSpec'), 'Always') }
}

/** With the API server's defaults. */
export function readPodSpec(spec: Fields, restart: PodSpec['restartPolicy']): PodSpec {
  const className = spec.text('priorityClassName')
  return {
    nodeName: spec.text('nodeName'),
    initContainers: spec.list('initContainers', 'Container').map(readContainer),
    containers: spec.list('containers', 'Container').map(readContainer),
    restartPolicy: spec.oneOf('restartPolicy', RESTART, restart),
    terminationGracePeriodSeconds: spec.int('terminationGracePeriodSeconds', 30),
    activeDeadlineSeconds: spec.has('activeDeadlineSeconds') ? spec.int('activeDeadlineSeconds') : null,
    hostNetwork: spec.flag('hostNetwork'),
    hostname: spec.text('hostname'),
    subdomain: spec.text('subdomain'),
    nodeSelector: spec.has('nodeSelector') ? spec.labels('nodeSelector') : NO_LABELS,
    affinity: spec.has('affinity') ? readAffinity(spec.child('affinity', 'Affinity')) : null,
    tolerations: spec.list('tolerations', 'Toleration').map(readToleration),
    topologySpreadConstraints: spec.list('topologySpreadConstraints', 'TopologySpreadConstraint').map(readSpread),
    priority: spec.int('priority', Object.hasOwn(PRIORITIES, className) ? PRIORITIES[className] : 0),
    preemptionPolicy: spec.oneOf('preemptionPolicy', ['PreemptLowerPriority', 'Never'], 'PreemptLowerPriority'),
    readinessGates: spec.list('readinessGates', 'PodReadinessGate').map((gate) => gate.text('conditionType')),
    schedulingGates: spec.list('schedulingGates', 'PodSchedulingGate').map((gate) => gate.text('name')),
  }
}

function readContainer(fields: Fields): Container {
  const image = fields.text('image')
  const latest = !image.includes('@') && (!/:[^/]+$/.test(image) || image.endsWith(':latest'))
  const lifecycle = fields.child('lifecycle', 'Lifecycle')
  return {
    name: fields.text('name'),
    image,
    imagePullPolicy: fields.oneOf('imagePullPolicy', PULL, latest ? 'Always' : 'IfNotPresent'),
    command: fields.texts('command'),
    args: fields.texts('args'),
    ports: fields.list('ports', 'ContainerPort').map(readPort),
    requests: readRequests(fields.child('resources', 'ResourceRequirements')),
    startupProbe: readProbe(fields, 'startupProbe'),
    readinessProbe: readProbe(fields, 'readinessProbe'),
    livenessProbe: readProbe(fields, 'livenessProbe'),
    preStop: lifecycle.has('preStop') ? readHandler(lifecycle.child('preStop', 'LifecycleHandler')) : null,
    sidecar: fields.text('restartPolicy') === 'Always',
  }
}

/** Where no request is given but a limit is, the limit is requested. */
function readRequests(resources: Fields): Resources {
  const sum: Record<string, number> = {}
  for (const key of ['limits', 'requests'] as const) {
    if (!resources.has(key)) continue
    const list = resources.child(key, 'ResourceList')
    for (const name of list.keys()) sum[name] = amountOf(name, list.quantity(name))
  }
  return Object.keys(sum).length === 0 ? NO_RESOURCES : sum
}

function readProbe(container: Fields, key: string): Probe | null {
  if (!container.has(key)) return null
  const fields = container.child(key, 'Probe')
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((one) => fields.has(one))
  if (handlers.length > 1) fields.fault(handlers[1], 'Forbidden: may not specify more than 1 handler type')
  const handler = readProbeHandler(fields)
  if (handler === null) {
    container.fault(key, 'Required value: must specify a handler type')
    return null
  }
  return {
    handler,
    initialDelaySeconds: fields.int('initialDelaySeconds'),
    timeoutSeconds: fields.int('timeoutSeconds', 1),
    periodSeconds: fields.int('periodSeconds', 10),
    successThreshold: fields.int('successThreshold', 1),
    failureThreshold: fields.int('failureThreshold', 3),
    terminationGracePeriodSeconds: fields.has('terminationGracePeriodSeconds')
      ? fields.int('terminationGracePeriodSeconds')
      : null,
  }
}

function readProbeHandler(fields: Fields): ProbeHandler | null {
  if (fields.has('httpGet')) return readHttpGet(fields)
  if (fields.has('tcpSocket')) {
    const socket = fields.child('tcpSocket', 'TCPSocketAction')
    return { kind: 'tcpSocket', host: socket.text('host'), port: socket.intOrString('port') }
  }
  if (fields.has('grpc')) {
    const grpc = fields.child('grpc', 'GRPCAction')
    return { kind: 'grpc', port: grpc.port('port'), service: grpc.text('service') }
  }
  if (fields.has('exec')) return { kind: 'exec', command: fields.child('exec', 'ExecAction').texts('command') }
  return null
}

function readHandler(fields: Fields): LifecycleHandler | null {
  if (fields.has('sleep')) return { kind: 'sleep', seconds: fields.child('sleep', 'SleepAction').int('seconds') }
  if (fields.has('exec')) return { kind: 'exec', command: fields.child('exec', 'ExecAction').texts('command') }
  return fields.has('httpGet') ? readHttpGet(fields) : null
}

function readHttpGet(fields: Fields): HttpGet {
  const get = fields.child('httpGet', 'HTTPGetAction')
  const headers = get.list('httpHeaders', 'HTTPHeader').map((one) => [one.text('name'), one.text('value')] as const)
  const scheme = get.oneOf('scheme', ['HTTP', 'HTTPS'], 'HTTP')
  const path = get.text('path', '/')
  return { kind: 'httpGet', scheme, host: get.text('host'), path, port: get.intOrString('port'), headers }
}
