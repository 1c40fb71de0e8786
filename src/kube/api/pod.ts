import type { Address } from '../../util/address.ts'
import type { Meta, Owner, Protocol } from './meta.ts'

export interface ContainerPort {
  readonly name: string
  readonly port: number
  readonly protocol: Protocol
  /** 0 when none. */
  readonly hostPort: number
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

/** core/v1 Pod, the part that networking reads. */
export interface Pod {
  readonly meta: Meta
  /** `spec.nodeName`, empty while unscheduled. */
  readonly node: string
  readonly hostNetwork: boolean
  /** `status.podIPs`, else `status.podIP`; empty when the CNI is to choose. */
  readonly addresses: readonly Address[]
  /** `status.hostIP`: its node's InternalIP. */
  readonly hostAddress: Address | null
  readonly phase: PodPhase
  /** The Ready condition; pods from a manifest without status count as ready. */
  readonly ready: boolean
  /** A deletionTimestamp is set. */
  readonly terminating: boolean
  readonly hostname: string
  readonly subdomain: string
  readonly ports: readonly ContainerPort[]
  /** Annotation `podwire.dev/serve`: what listens beside the container ports. */
  readonly serve: string
  readonly owner: Owner | null
}

/** Whether the pod holds a sandbox with an address: Succeeded and Failed pods have given theirs back. */
export const isLive = (pod: Pod): boolean => pod.phase !== 'Succeeded' && pod.phase !== 'Failed'
