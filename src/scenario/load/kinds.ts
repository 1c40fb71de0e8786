import type { Fields, ObjectReader } from './fields.ts'
import { readRoots, readSecret } from './kinds/bundle.ts'
import { readConfigMap, readProxyConfig } from './kinds/config.ts'
import { readEndpointSlice, readEndpoints } from './kinds/endpoints.ts'
import { readIngress, readIngressClass } from './kinds/ingress.ts'
import { readMeta } from './kinds/meta.ts'
import { readNode } from './kinds/node.ts'
import { readPod } from './kinds/pod.ts'
import { readService } from './kinds/service.ts'
import { readPodObject, readWorkload, type WorkloadKind } from './kinds/workload.ts'
import { readScenario } from './scenario-kind.ts'

function workload(kind: WorkloadKind) {
  return (reader: ObjectReader, root: Fields) =>
    ({ kind: 'Workload', value: readWorkload(kind, reader, root) }) as const
}

/** What an object of a modelled kind became. */
const read = {
  Node: (reader: ObjectReader, root: Fields) => ({ kind: 'Node', value: readNode(reader, root) }) as const,
  Namespace: (reader: ObjectReader, root: Fields) =>
    ({ kind: 'Namespace', value: readMeta(reader, root, 'Cluster') }) as const,
  Pod: (reader: ObjectReader, root: Fields) => {
    const value = readPod(reader, root)
    return { kind: 'Pod', value, object: readPodObject(value.meta, root) } as const
  },
  ReplicationController: workload('ReplicationController'),
  ReplicaSet: workload('ReplicaSet'),
  Deployment: workload('Deployment'),
  StatefulSet: workload('StatefulSet'),
  DaemonSet: workload('DaemonSet'),
  Job: workload('Job'),
  CronJob: workload('CronJob'),
  PodDisruptionBudget: workload('PodDisruptionBudget'),
  Service: (reader: ObjectReader, root: Fields) => ({ kind: 'Service', value: readService(reader, root) }) as const,
  Endpoints: (reader: ObjectReader, root: Fields) =>
    ({ kind: 'Endpoints', value: readEndpoints(reader, root) }) as const,
  EndpointSlice: (reader: ObjectReader, root: Fields) =>
    ({ kind: 'EndpointSlice', value: readEndpointSlice(reader, root) }) as const,
  Ingress: (reader: ObjectReader, root: Fields) => ({ kind: 'Ingress', value: readIngress(reader, root) }) as const,
  IngressClass: (reader: ObjectReader, root: Fields) =>
    ({ kind: 'IngressClass', value: readIngressClass(reader, root) }) as const,
  ConfigMap: (reader: ObjectReader, root: Fields) =>
    ({ kind: 'ConfigMap', value: readConfigMap(reader, root), roots: readRoots(reader, root) }) as const,
  Secret: (reader: ObjectReader, root: Fields) => ({ kind: 'Secret', value: readSecret(reader, root) }) as const,
  KubeProxyConfiguration: (reader: ObjectReader, root: Fields) =>
    ({ kind: 'ConfigMap', value: { proxy: readProxyConfig(reader, root) }, roots: null }) as const,
  Scenario: (reader: ObjectReader) => ({ kind: 'Scenario', value: readScenario(reader) }) as const,
}

export type ModelledKind = keyof typeof read
export type Parsed = ReturnType<(typeof read)[ModelledKind]>

/** Kinds that podwire models, with the apiVersions it reads. */
const VERSIONS: Readonly<Record<ModelledKind, readonly string[]>> = {
  Node: ['v1'],
  Namespace: ['v1'],
  Pod: ['v1'],
  Service: ['v1'],
  ReplicationController: ['v1'],
  ReplicaSet: ['apps/v1'],
  Deployment: ['apps/v1'],
  StatefulSet: ['apps/v1'],
  DaemonSet: ['apps/v1'],
  Job: ['batch/v1'],
  CronJob: ['batch/v1'],
  PodDisruptionBudget: ['policy/v1'],
  Endpoints: ['v1'],
  ConfigMap: ['v1'],
  Secret: ['v1'],
  EndpointSlice: ['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1'],
  Ingress: ['networking.k8s.io/v1'],
  IngressClass: ['networking.k8s.io/v1'],
  KubeProxyConfiguration: ['kubeproxy.config.k8s.io/v1alpha1'],
  Scenario: ['podwire.dev/v1alpha1'],
}

/** API groups whose objects decide which packets pass, or take them another way. */
const DECIDING_GROUPS = [
  'networking.k8s.io',
  'policy.networking.k8s.io',
  'cilium.io',
  'crd.projectcalico.org',
  'projectcalico.org',
  'crd.antrea.io',
  'k8s.ovn.org',
  'kubeovn.io',
  'networking.istio.io',
  'security.istio.io',
  'policy.linkerd.io',
  'k8s.cni.cncf.io',
]
const HARMLESS = ['IPAddress', 'ServiceCIDR', 'CiliumNode', 'CiliumEndpoint', 'CiliumIdentity']

export const modelledKind = (apiVersion: string, kind: string): ModelledKind | null =>
  Object.hasOwn(VERSIONS, kind) && VERSIONS[kind as ModelledKind].includes(apiVersion) ? (kind as ModelledKind) : null

/** Groups of Kubernetes itself; `extensions` once had what is in `apps` now. */
const OWN_GROUPS = ['', 'apps', 'batch', 'policy', 'discovery.k8s.io', 'extensions', 'autoscaling', 'networking.k8s.io']

/** The apiVersions a kind of ours is read in, when the version is wrong and the group is one of Kubernetes' or ours. */
export function rightVersions(apiVersion: string, kind: string): readonly string[] | null {
  if (!Object.hasOwn(VERSIONS, kind)) return null
  const versions = VERSIONS[kind as ModelledKind]
  const group = groupOf(apiVersion)
  return OWN_GROUPS.includes(group) || versions.some((version) => groupOf(version) === group) ? versions : null
}

export const changesVerdicts = (apiVersion: string, kind: string): boolean =>
  DECIDING_GROUPS.includes(groupOf(apiVersion)) && !HARMLESS.includes(kind)

export const readKind = (kind: ModelledKind, reader: ObjectReader, root: Fields): Parsed => read[kind](reader, root)

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '')
