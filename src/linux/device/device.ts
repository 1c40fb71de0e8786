import type { PlaceId } from '../../trace/step.ts'
import type { Mac } from '../../util/address.ts'
import type { Skb } from '../skb.ts'

/** A network device of a namespace, as `ip link` shows it. */
export interface Device {
  readonly name: string
  /** ifindex, unique in its namespace. */
  readonly index: number
  readonly place: PlaceId
  readonly mac: Mac
  mtu: number
  up: boolean
  /** Sends an Ethernet frame: records the `transmit` step and owns the packet from here on. */
  transmit(skb: Skb): void
}
