import type { V6 } from '../util/address.ts'
import type { Reader, Writer } from '../util/bytes.ts'
import { type NdpOption, readNdpOptions, writeNdpOptions } from './ndp-options.ts'

/** Neighbour discovery (RFC 4861 4): the bodies of ICMPv6 types 133 to 137. */
export type Ndp =
  | { readonly kind: 'routerSolicitation'; readonly options: readonly NdpOption[] }
  | RouterAdvertisement
  | { readonly kind: 'neighborSolicitation'; readonly target: V6; readonly options: readonly NdpOption[] }
  | NeighborAdvertisement
  | { readonly kind: 'redirect'; readonly target: V6; readonly destination: V6; readonly options: readonly NdpOption[] }

export interface RouterAdvertisement {
  readonly kind: 'routerAdvertisement'
  /** 0: the router does not say. */
  readonly hopLimit: number
  readonly managed: boolean
  readonly other: boolean
  /** In seconds; 0: no default router. */
  readonly lifetime: number
  /** In milliseconds; 0: the router does not say. */
  readonly reachable: number
  readonly retransmit: number
  readonly options: readonly NdpOption[]
}

export interface NeighborAdvertisement {
  readonly kind: 'neighborAdvertisement'
  readonly router: boolean
  readonly solicited: boolean
  readonly override: boolean
  readonly target: V6
  readonly options: readonly NdpOption[]
}

export const NDP_TYPE = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighborSolicitation: 135,
  neighborAdvertisement: 136,
  redirect: 137,
} as const

export const isNdp = <T extends { readonly kind: string }>(value: T | Ndp): value is Ndp => value.kind in NDP_TYPE

/** Reads what follows the checksum; null when the type is not neighbour discovery. */
export function readNdp(r: Reader, type: number): Ndp | null {
  switch (type) {
    case NDP_TYPE.routerSolicitation:
      r.u32('reserved', 'hex')
      return { kind: 'routerSolicitation', options: readNdpOptions(r) }
    case NDP_TYPE.routerAdvertisement: {
      const hopLimit = r.u8('hopLimit')
      const { managed, other } = r.bits({ managed: 1, other: 1, reserved: 6 })
      return {
        kind: 'routerAdvertisement',
        hopLimit,
        managed: managed === 1,
        other: other === 1,
        lifetime: r.u16('lifetime'),
        reachable: r.u32('reachable'),
        retransmit: r.u32('retransmit'),
        options: readNdpOptions(r),
      }
    }
    case NDP_TYPE.neighborSolicitation:
      r.u32('reserved', 'hex')
      return { kind: 'neighborSolicitation', target: r.v6('target'), options: readNdpOptions(r) }
    case NDP_TYPE.neighborAdvertisement: {
      const { router, solicited, override } = r.bits({ router: 1, solicited: 1, override: 1, reserved: 29 })
      return {
        kind: 'neighborAdvertisement',
        router: router === 1,
        solicited: solicited === 1,
        override: override === 1,
        target: r.v6('target'),
        options: readNdpOptions(r),
      }
    }
    case NDP_TYPE.redirect:
      r.u32('reserved', 'hex')
      return {
        kind: 'redirect',
        target: r.v6('target'),
        destination: r.v6('destination'),
        options: readNdpOptions(r),
      }
    default:
      return null
  }
}

export function writeNdp(w: Writer, value: Ndp): void {
  switch (value.kind) {
    case 'routerSolicitation':
      w.u32(0)
      break
    case 'routerAdvertisement':
      w.u8(value.hopLimit).u8((value.managed ? 0x80 : 0) | (value.other ? 0x40 : 0))
      w.u16(value.lifetime).u32(value.reachable).u32(value.retransmit)
      break
    case 'neighborSolicitation':
      w.u32(0).v6(value.target)
      break
    case 'neighborAdvertisement':
      w.u8((value.router ? 0x80 : 0) | (value.solicited ? 0x40 : 0) | (value.override ? 0x20 : 0)).u24(0)
      w.v6(value.target)
      break
    case 'redirect':
      w.u32(0).v6(value.target).v6(value.destination)
  }
  writeNdpOptions(w, value.options)
}
