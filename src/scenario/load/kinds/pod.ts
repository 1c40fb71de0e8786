import type { ContainerPort, Pod, PodPhase } from '../../../kube/api/pod.ts'
import type { Address } from '../../../util/address.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { readMeta, readOwner } from './meta.ts'

const PHASES: readonly PodPhase[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const

export function readPod(reader: ObjectReader, root: Fields): Pod {
  const meta = readMeta(reader, root, 'Namespaced')
  const metadata = root.child('metadata', 'ObjectMeta')
  const spec = root.child('spec', 'PodSpec')
  const status = root.child('status', 'PodStatus')
  if (!spec.has('containers')) spec.fault('containers', 'Required value')
  const ready = status.list('conditions', 'PodCondition').find((condition) => condition.text('type') === 'Ready')
  const phase = status.oneOf('phase', PHASES, 'Running')
  return {
    meta,
    node: spec.text('nodeName'),
    hostNetwork: spec.flag('hostNetwork'),
    addresses: readAddresses(status),
    hostAddress: status.address('hostIP'),
    phase,
    // Every running pod of a dump has conditions; one that was written by hand has none, and is meant to be ready.
    ready: ready === undefined ? !status.has('conditions') && phase === 'Running' : ready.text('status') === 'True',
    terminating: metadata.has('deletionTimestamp'),
    hostname: spec.text('hostname'),
    subdomain: spec.text('subdomain'),
    ports: readPorts(spec),
    serve: meta.annotations['podwire.dev/serve'] ?? '',
    owner: readOwner(metadata),
  }
}

function readAddresses(status: Fields): Address[] {
  const many = status.list('podIPs', 'PodIP').flatMap((entry) => entry.address('ip') ?? [])
  const one = status.address('podIP')
  return many.length > 0 || one === null ? many : [one]
}

const NO_PORTS: readonly ContainerPort[] = []

/** Ports of all containers, sidecars among them: init containers with restartPolicy Always keep running. */
function readPorts(spec: Fields): readonly ContainerPort[] {
  const sidecars = spec.has('initContainers')
    ? spec.list('initContainers', 'Container').filter((container) => container.text('restartPolicy') === 'Always')
    : []
  const ports = [...spec.list('containers', 'Container'), ...sidecars].flatMap((container) => {
    if (container.text('name') === '') container.fault('name', 'Required value')
    return container.list('ports', 'ContainerPort').map(readPort)
  })
  return ports.length === 0 ? NO_PORTS : ports
}

export function readPort(port: Fields): ContainerPort {
  if (!port.has('containerPort')) port.fault('containerPort', 'Required value')
  return {
    name: port.text('name'),
    port: port.port('containerPort'),
    protocol: port.oneOf('protocol', PROTOCOLS, 'TCP'),
    hostPort: port.port('hostPort'),
  }
}
