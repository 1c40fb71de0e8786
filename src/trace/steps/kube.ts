import type { Address } from '../../util/address.ts'

/** Which object, as messages name it. `uid` tells a pod from its successor of the same name. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** An endpoint of a slice as it is told of: its address and the three conditions of discovery/v1. */
export interface EndpointState {
  readonly address: Address
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** `default/web-1`. */
  readonly pod: string
}

/** What the cluster's machinery does. `by` is the component: `replicaset-controller`, `kubelet`, `kubectl`. */
export type KubeEvent =
  | {
      readonly kind: 'kube-object'
      readonly change: 'created' | 'updated' | 'deleting' | 'deleted'
      readonly object: ObjectRef
      readonly resourceVersion: number
      readonly by: string
    }
  | { readonly kind: 'pod-scheduled'; readonly pod: ObjectRef; readonly node: string }
  | { readonly kind: 'pod-phase'; readonly pod: ObjectRef; readonly from: string; readonly to: string }
  | {
      readonly kind: 'pod-condition'
      readonly pod: ObjectRef
      readonly condition: string
      readonly status: 'True' | 'False' | 'Unknown'
      readonly reason: string
    }
  | {
      readonly kind: 'container-state'
      readonly pod: ObjectRef
      readonly container: string
      readonly state: 'waiting' | 'running' | 'terminated'
      /** `ContainerCreating`, `CrashLoopBackOff`, `Completed`; empty while it runs. */
      readonly reason: string
      readonly exitCode: number | null
      readonly restarts: number
    }
  | {
      readonly kind: 'probe'
      readonly pod: ObjectRef
      readonly container: string
      readonly probe: 'startup' | 'readiness' | 'liveness'
      readonly ok: boolean
      readonly detail: string
      /** How often it came out so in a row, and how often it must for the container to be judged anew. */
      readonly count: number
      readonly threshold: number
    }
  | {
      readonly kind: 'pod-address'
      readonly change: 'assigned' | 'released'
      readonly pod: ObjectRef
      readonly node: string
      readonly addresses: readonly Address[]
    }
  | {
      readonly kind: 'endpoints'
      /** `default/web`. */
      readonly service: string
      readonly slice: string
      readonly endpoints: readonly EndpointState[]
    }
  | {
      readonly kind: 'kube-event'
      readonly type: 'Normal' | 'Warning'
      readonly reason: string
      readonly message: string
      readonly object: ObjectRef
      readonly count: number
      readonly source: string
    }
