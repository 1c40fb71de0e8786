import type { Nanos } from '../../../sim/time.ts'
import type { Address } from '../../../util/address.ts'
import type { Device } from '../../device/device.ts'
import type { AddressType } from '../netfilter.ts'
import type { IpSets } from './ipset.ts'
import type { Limits } from './limit.ts'
import type { RecentLists } from './recent.ts'

/** Decides `-m statistic`: by chance when running, along a given branch when explaining. */
export type Draw = (probability: number) => boolean

/** What matches ask that is not in the packet: it belongs to a namespace, while rules are shared. */
export interface MatchState {
  readonly draw: Draw
  readonly recent: RecentLists
  readonly sets: IpSets
  readonly limits: Limits
  now(): Nanos
  addressType(address: Address, device: Device | null): AddressType
}
