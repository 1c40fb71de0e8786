import { formatAddress, formatMac, formatV4, type Mac, type V4, V6 } from '../util/address.ts'
import { type Span, text, toHex } from '../util/bytes.ts'

/** A field's value as people write it: see `Shape`. Long bytes are cut. */
export function fieldText({ value, shape, length }: Span): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') return bytesText(value, shape)
  switch (shape) {
    case 'hex':
      return `0x${(value >>> 0).toString(16).padStart(2 * length, '0')}`
    case 'v4':
      return formatV4(value as V4)
    case 'mac':
      return formatMac(value as Mac)
    default:
      return String(value)
  }
}

function bytesText(value: Uint8Array, shape: Span['shape']): string {
  if (shape === 'v6' && value.length === 16) {
    const view = new DataView(value.buffer, value.byteOffset, 16)
    return formatAddress(new V6(view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)))
  }
  if (shape === 'text') return text(value)
  return value.length > 16 ? `${toHex(value.subarray(0, 16))}… (${value.length} bytes)` : toHex(value)
}
