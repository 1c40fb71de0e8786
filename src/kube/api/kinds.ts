import type { CronJob, Job } from './batch.ts'
import type {
  EndpointSliceObject,
  EventObject,
  IngressClassObject,
  IngressObject,
  NamespaceObject,
  NodeObject,
  OpaqueObject,
  PodDisruptionBudget,
  ServiceObject,
} from './cluster-objects.ts'
import type { PodObject } from './pod-object.ts'
import type { DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from './workloads.ts'

/** What the store holds. */
export interface Kinds {
  Namespace: NamespaceObject
  Node: NodeObject
  Pod: PodObject
  ReplicationController: ReplicationController
  ReplicaSet: ReplicaSet
  Deployment: Deployment
  StatefulSet: StatefulSet
  DaemonSet: DaemonSet
  Job: Job
  CronJob: CronJob
  PodDisruptionBudget: PodDisruptionBudget
  Service: ServiceObject
  EndpointSlice: EndpointSliceObject
  IngressClass: IngressClassObject
  Ingress: IngressObject
  Secret: OpaqueObject<'Secret'>
  ConfigMap: OpaqueObject<'ConfigMap'>
  Event: EventObject
}

export type Kind = keyof Kinds
export type KubeObject = Kinds[Kind]

/** Plural, as the API's paths and its messages have it: `pods "web" not found`. */
export const RESOURCES: Readonly<Record<Kind, string>> = {
  Namespace: 'namespaces',
  Node: 'nodes',
  Pod: 'pods',
  ReplicationController: 'replicationcontrollers',
  ReplicaSet: 'replicasets.apps',
  Deployment: 'deployments.apps',
  StatefulSet: 'statefulsets.apps',
  DaemonSet: 'daemonsets.apps',
  Job: 'jobs.batch',
  CronJob: 'cronjobs.batch',
  PodDisruptionBudget: 'poddisruptionbudgets.policy',
  Service: 'services',
  EndpointSlice: 'endpointslices.discovery.k8s.io',
  IngressClass: 'ingressclasses.networking.k8s.io',
  Ingress: 'ingresses.networking.k8s.io',
  Secret: 'secrets',
  ConfigMap: 'configmaps',
  Event: 'events',
}

export const KINDS = Object.keys(RESOURCES) as readonly Kind[]
