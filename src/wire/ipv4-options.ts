import type { V4 } from '../util/address.ts'
import type { Reader, Writer } from '../util/bytes.ts'
import { type Nop, optionsCodec } from './options.ts'

/** RFC 791 3.1 and RFC 2113. What is not named here (timestamps too) is kept as it came. */
export type Ipv4Option = Nop | Known

type Known =
  | { readonly kind: 'routerAlert'; readonly value: number }
  | { readonly kind: RouteKind; readonly pointer: number; readonly route: readonly V4[] }
  | { readonly kind: 'unknown'; readonly number: number; readonly data: Uint8Array }

type RouteKind = 'recordRoute' | 'looseSourceRoute' | 'strictSourceRoute'

const ROUTER_ALERT = 148
const ROUTES: Readonly<Record<RouteKind, number>> = { recordRoute: 7, looseSourceRoute: 131, strictSourceRoute: 137 }

/** The bytes between a header of 20 and its full length. */
export const ipv4Options = optionsCodec('ipv4', readOption, writeOption)

function readOption(outer: Reader, number: number, length: number): Known {
  if (number === ROUTER_ALERT) {
    if (length !== 4) outer.fail('optionLength', '4', length)
    return { kind: 'routerAlert', value: outer.u16('routerAlert') }
  }
  const kind = routeKind(number)
  if (kind === null) return { kind: 'unknown', number, data: outer.take(length - 2, 'optionData') }
  if (length % 4 !== 3) outer.fail('optionLength', '3 and 4 an address', length)
  const pointer = outer.u8('pointer')
  const route = Array.from({ length: (length - 3) / 4 }, () => outer.v4('route'))
  return { kind, pointer, route }
}

function writeOption(w: Writer, option: Known): void {
  switch (option.kind) {
    case 'routerAlert':
      w.u8(ROUTER_ALERT).u8(4).u16(option.value)
      return
    case 'unknown':
      w.u8(option.number)
        .u8(option.data.length + 2)
        .take(option.data)
      return
    default:
      w.u8(ROUTES[option.kind])
        .u8(option.route.length * 4 + 3)
        .u8(option.pointer)
      for (const address of option.route) w.u32(address)
  }
}

function routeKind(number: number): RouteKind | null {
  const kinds: readonly RouteKind[] = ['recordRoute', 'looseSourceRoute', 'strictSourceRoute']
  return kinds.find((kind) => ROUTES[kind] === number) ?? null
}
