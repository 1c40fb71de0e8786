import type { Address } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'
import type { Meta } from './meta.ts'

/** core/v1 Node, the part that networking reads. */
export interface Node {
  readonly meta: Meta
  /** `status.addresses` of type InternalIP, in order. */
  readonly addresses: readonly Address[]
  readonly externalAddresses: readonly Address[]
  /** `spec.podCIDRs`, else `spec.podCIDR`; empty when none was given. */
  readonly podCIDRs: readonly Prefix[]
  readonly ready: boolean
  readonly unschedulable: boolean
  readonly controlPlane: boolean
  /** `topology.kubernetes.io/zone`, or its old beta name. */
  readonly zone: string
  /** The scheme of `spec.providerID`: `gce`, `aws`, `kind`; empty without a cloud. */
  readonly provider: string
  /** Named by a pod or by `addNode` only: no Node object was given. */
  readonly inferred: boolean
}
