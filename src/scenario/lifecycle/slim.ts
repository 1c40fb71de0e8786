import type {
  EndpointSliceObject,
  IngressClassObject,
  IngressObject,
  NodeObject,
  ServiceObject,
} from '../../kube/api/cluster-objects.ts'
import type { Ingress, IngressClass } from '../../kube/api/ingress.ts'
import { controllerOf, newMeta } from '../../kube/api/object.ts'
import type { Pod } from '../../kube/api/pod.ts'
import { isReady, type PodObject } from '../../kube/api/pod-object.ts'
import { allContainers } from '../../kube/api/pod-spec.ts'
import type { EndpointSlice, Service } from '../../kube/api/service.ts'
import type { Store } from '../../kube/api/store.ts'
import type { NodePlan } from '../plan.ts'

/** What networking reads of a pod of the store. */
export function slimPod(pod: PodObject): Pod {
  const { meta, spec, status } = pod
  const owner = controllerOf(meta)
  return {
    meta,
    node: spec.nodeName,
    hostNetwork: spec.hostNetwork,
    addresses: status.podIPs,
    hostAddress: null,
    phase: status.phase,
    ready: isReady(pod),
    terminating: meta.deletionTimestamp !== null,
    hostname: spec.hostname,
    subdomain: spec.subdomain,
    ports: allContainers(spec).flatMap(({ ports }) => ports),
    serve: meta.annotations['podwire.dev/serve'] ?? '',
    owner: owner === null ? null : { kind: owner.kind, name: owner.name },
  }
}

/** Labels that name a node's roles begin so. */
export const CONTROL_PLANE_ROLE = 'node-role.kubernetes.io/'

const CONTROL_PLANE = { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' } as const

/** A node as kubelet would register it: four cores, 8 GiB, 110 pods; kubeadm's taint on the control plane. */
export function nodeObject({ name, record, addresses, podCIDRs }: NodePlan): NodeObject {
  const role: Record<string, string> = record.controlPlane ? { [CONTROL_PLANE.key]: '' } : {}
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...role, ...record.meta.labels }
  const message = 'kubelet is posting ready status'
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message, lastTransitionTime: 0 } as const
  return {
    kind: 'Node',
    meta: newMeta({ name, labels, annotations: record.meta.annotations }),
    spec: { podCIDRs, unschedulable: record.unschedulable, taints: record.controlPlane ? [CONTROL_PLANE] : [] },
    status: { addresses, allocatable: { cpu: 4000, memory: 8 * 2 ** 30, pods: 110 }, conditions: [ready] },
  }
}

export const serviceObject = (service: Service): ServiceObject => ({
  ...service,
  kind: 'Service',
  meta: newMeta(service.meta),
})

export const sliceObject = (slice: EndpointSlice): EndpointSliceObject => ({
  ...slice,
  kind: 'EndpointSlice',
  meta: newMeta(slice.meta),
})

export const ingressObject = (ingress: Ingress): IngressObject => ({
  ...ingress,
  kind: 'Ingress',
  meta: newMeta(ingress.meta),
})

export const ingressClassObject = (one: IngressClass): IngressClassObject => ({
  ...one,
  kind: 'IngressClass',
  meta: newMeta(one.meta),
})

/** The slices of a Service, whoever wrote them. */
export const slicesOf = (store: Store, { meta }: ServiceObject): EndpointSliceObject[] =>
  store.list('EndpointSlice', meta.namespace).filter(({ service }) => service === meta.name)
