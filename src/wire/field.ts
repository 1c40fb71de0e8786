import { formatMac, formatV4, formatV6, type Mac } from '../util/address.ts'
import { type Span, toHex } from '../util/bytes.ts'
import { v6At } from './fast/ipv6.ts'

/** A field's value as people write it: `64`, `0x92d0`, `10.244.1.2`, `fd00::1`, `0a:58:0a:f4:01:02`, `0204 05b4`. */
export function formatField({ value, shape, length, bits }: Span): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') return shape === 'v6' ? formatV6(v6At(value, 0)) : grouped(toHex(value))
  switch (shape) {
    case 'hex':
      return `0x${value.toString(16).padStart(bits === undefined ? length * 2 : Math.ceil(bits.count / 4), '0')}`
    case 'v4':
      return formatV4(value)
    case 'mac':
      return formatMac(value as Mac)
    default:
      return String(value)
  }
}

const grouped = (hex: string): string => hex.replace(/.{4}(?!$)/g, '$& ')
