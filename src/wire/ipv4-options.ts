import type { V4 } from '../util/address.ts'
import type { Codec, Reader, Writer } from '../util/bytes.ts'

/** RFC 791 3.1 and RFC 2113. What is not named here (timestamps too) is kept as it came. */
export type Ipv4Option =
  | { readonly kind: 'nop' }
  | { readonly kind: 'routerAlert'; readonly value: number }
  | { readonly kind: RouteKind; readonly pointer: number; readonly route: readonly V4[] }
  | { readonly kind: 'unknown'; readonly number: number; readonly data: Uint8Array }

type RouteKind = 'recordRoute' | 'looseSourceRoute' | 'strictSourceRoute'

const END = 0
const NOP = 1
const ROUTER_ALERT = 148
const ROUTES: Readonly<Record<RouteKind, number>> = { recordRoute: 7, looseSourceRoute: 131, strictSourceRoute: 137 }

/** The bytes between a header of 20 and its full length; writing pads to a multiple of 4. */
export const ipv4Options: Codec<readonly Ipv4Option[]> = {
  name: 'ipv4',
  read(r) {
    const options: Ipv4Option[] = []
    while (r.remaining > 0) {
      const number = r.u8('option')
      if (number === END) {
        if (r.remaining > 0) r.rest('padding')
      } else options.push(number === NOP ? { kind: 'nop' } : readOption(r, number))
    }
    return options
  },
  write(w, options) {
    const start = w.length
    for (const option of options) writeOption(w, option)
    w.pad(4, start)
  },
}

function readOption(outer: Reader, number: number): Ipv4Option {
  const length = outer.u8('optionLength')
  if (length < 2) outer.fail('optionLength', '>= 2', length)
  if (length - 2 > outer.remaining) outer.fail('optionLength', `<= ${outer.remaining + 2}`, length)
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

function writeOption(w: Writer, option: Ipv4Option): void {
  switch (option.kind) {
    case 'nop':
      w.u8(NOP)
      return
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
