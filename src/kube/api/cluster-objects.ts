import type { Nanos } from '../../sim/time.ts'
import type { Address } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'
import type { Ingress, IngressClass } from './ingress.ts'
import type { IntOrPercent } from './int-or-percent.ts'
import type { ObjectMeta } from './object.ts'
import type { Condition } from './pod-object.ts'
import type { Resources } from './quantity.ts'
import type { Taint } from './scheduling.ts'
import type { LabelSelector } from './selector.ts'
import type { EndpointSlice, Service } from './service.ts'

/** core/v1 Node as scheduler, kubelet and node controller see it. */
export interface NodeObject {
  readonly kind: 'Node'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly podCIDRs: readonly Prefix[]
    readonly unschedulable: boolean
    readonly taints: readonly Taint[]
  }
  readonly status: {
    readonly addresses: readonly Address[]
    readonly allocatable: Resources
    readonly conditions: readonly Condition[]
  }
}

export interface NamespaceObject {
  readonly kind: 'Namespace'
  readonly meta: ObjectMeta
  readonly spec: { readonly finalizers: readonly string[] }
  readonly status: { readonly phase: 'Active' | 'Terminating' }
}

/** The slim record that kube-proxy reads, as an object of the store. */
export interface ServiceObject extends Service {
  readonly kind: 'Service'
  readonly meta: ObjectMeta
}

export interface EndpointSliceObject extends EndpointSlice {
  readonly kind: 'EndpointSlice'
  readonly meta: ObjectMeta
}

export interface IngressObject extends Ingress {
  readonly kind: 'Ingress'
  readonly meta: ObjectMeta
}

export interface IngressClassObject extends IngressClass {
  readonly kind: 'IngressClass'
  readonly meta: ObjectMeta
}

/** Secret and ConfigMap: their keys and nothing else is read. */
export interface OpaqueObject<K extends 'Secret' | 'ConfigMap'> {
  readonly kind: K
  readonly meta: ObjectMeta
  readonly keys: readonly string[]
}

/** policy/v1 PodDisruptionBudget: one of the two bounds is given. */
export interface PodDisruptionBudget {
  readonly kind: 'PodDisruptionBudget'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly minAvailable: IntOrPercent | null
    readonly maxUnavailable: IntOrPercent | null
    readonly selector: LabelSelector | null
  }
  readonly status: {
    readonly disruptionsAllowed: number
    readonly currentHealthy: number
    readonly desiredHealthy: number
    readonly expectedPods: number
  }
}

/** A core/v1 Event. Equal ones are counted, as client-go's correlator does. */
export interface EventObject {
  readonly kind: 'Event'
  readonly meta: ObjectMeta
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly source: string
  readonly involved: { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string }
  readonly count: number
  readonly firstTimestamp: Nanos
  readonly lastTimestamp: Nanos
}
