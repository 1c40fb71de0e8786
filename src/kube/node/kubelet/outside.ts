import type { Process } from '../../../sim/process.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { StepId } from '../../../trace/step.ts'
import type { Address } from '../../../util/address.ts'
import type { PodObject } from '../../api/pod-object.ts'
import type { Container, ProbeHandler } from '../../api/pod-spec.ts'
import type { ProbePlace } from './probe-target.ts'

/** The CNI plugin. */
export interface PodNetwork {
  /** ADD: the sandbox's addresses, or why there are none. */
  add(pod: PodObject): readonly Address[] | string
  /** DEL: the sandbox is gone, whatever is on its way to it. Repeated calls do no harm. */
  del(pod: PodObject): void
  /** What a pod on the host network has. */
  hostAddresses(node: string): readonly Address[]
}

/** The container runtime: whose sockets are open. */
export interface ContainerRuntime {
  started(pod: PodObject, container: Container): void
  /** SIGTERM was sent to a program that heeds it: it takes no new connections. */
  terminating(pod: PodObject, container: Container): void
  /** The process is gone: the kernel closes its sockets. */
  stopped(pod: PodObject, container: Container): void
}

/** Whom a probe asks. */
export interface ProbeTarget {
  readonly pod: PodObject
  readonly container: Container
  readonly node: string
  readonly place: ProbePlace
  readonly handler: ProbeHandler
  readonly timeout: Nanos
  readonly cause: StepId
}

/** `detail` is kubelet's: `HTTP probe failed with statuscode: 500`, `dial tcp …: connect: connection refused`. */
export interface ProbeAnswer {
  readonly ok: boolean
  readonly detail: string
}

/** Asks by packets from the node; `exec` probes by what the scenario says. */
export type Prober = (target: ProbeTarget) => Process<ProbeAnswer>

/** Sends the request of a preStop hook from the node and waits for an answer, whatever it is. Null: it came; else what went wrong. */
export type HookRunner = (target: ProbeTarget) => Process<string | null>

/** Which images a registry gives out. */
export interface Images {
  /** How long a pull takes, or why it fails. */
  pull(image: string): Nanos | string
}

/** What kubelet works with. */
export interface Outside {
  readonly network: PodNetwork
  readonly runtime: ContainerRuntime
  readonly prober: Prober
  readonly hooks: HookRunner
  readonly images: Images
}
