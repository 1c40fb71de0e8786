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
      /** The controller that it belongs to, null when it has none. */
      readonly owner: { readonly kind: string; readonly name: string } | null
      /** Seconds of a graceful deletion; null while nobody asked for one. */
      readonly grace: number | null
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
      /** What it ended with: also of one that has ended and waits already for its restart. */
      readonly exitCode: number | null
      readonly restarts: number
      /** Of a container that waits: `back-off 10s restarting failed container=…`. */
      readonly message: string
    }
  /** What kubelet does to a container that has to go, before it is gone. `detail`: `sleep 5s`, the command. */
  | {
      readonly kind: 'container-signal'
      readonly pod: ObjectRef
      readonly container: string
      readonly signal: 'preStop' | 'SIGTERM' | 'SIGKILL'
      readonly detail: string
    }
  | {
      readonly kind: 'probe'
      readonly pod: ObjectRef
      readonly container: string
      readonly probe: 'startup' | 'readiness' | 'liveness'
      readonly ok: boolean
      readonly detail: string
      /** `GET http://10.244.1.3:8080/ready`, `tcp 10.244.1.3:6379`, `grpc 10.244.1.3:50051`, `exec cat /ready`. */
      readonly asked: string
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
  /** kube-proxy on one node has written its rules; `services` are those that changed since it did so last. */
  | {
      readonly kind: 'proxy-sync'
      readonly mode: string
      readonly services: readonly string[]
      /** UDP entries of conntrack deleted, whose endpoints are gone. */
      readonly stale: number
    }
  /** A request of the scenario's traffic is over; `began` is when it was made. */
  | {
      readonly kind: 'request'
      readonly url: string
      readonly began: number
      readonly status: number | null
      /** curl's words; empty when an answer came. */
      readonly error: string
      /** Who answered, by the page's own word; empty when it does not say. */
      readonly server: string
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
