import { type Address, formatAddress, isV4, type V4, V6 } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'
import { formatPrefix, networkOf } from '../../util/prefix.ts'
import { context, contextOf, type Element, TAG } from '../der/read.ts'
import { asIa5, asOid } from '../der/values.ts'
import { type Asn1, encoded, tagged, taggedOf } from '../der/write.ts'
import { type Name, readName } from './name.ts'

/** RFC 5280 4.2.1.6. What is in no use here is kept as `other`, for display and for constraints that must not be ignored. */
export type GeneralName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: Address }
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  | { readonly kind: 'directory'; readonly value: Name }
  | { readonly kind: 'other'; readonly tag: number; readonly oid: string | null; readonly der: Uint8Array }

/** The base of a subtree in name constraints: addresses come with a mask there. */
export type ConstraintBase = Exclude<GeneralName, { kind: 'ip' }> | { readonly kind: 'ip'; readonly value: Prefix }

export function readGeneralName(e: Element): GeneralName {
  if (e.tag !== context(7)) return readNamed(e)
  const { content } = e
  if (content.length !== 4 && content.length !== 16) e.fail('an address of 4 or 16 bytes', content.length)
  return { kind: 'ip', value: addressOf(content) }
}

export function readConstraintBase(e: Element): ConstraintBase {
  if (e.tag !== context(7)) return readNamed(e)
  const { content } = e
  if (content.length !== 8 && content.length !== 32) e.fail('address and mask, 8 or 32 bytes', content.length)
  const half = content.length / 2
  const bits = [...content.subarray(half)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  if (!/^1*0*$/.test(bits))
    e.fail('a mask in the style of RFC 4632', Buffer.from(content.subarray(half)).toString('hex'))
  const length = bits.lastIndexOf('1') + 1
  return { kind: 'ip', value: { address: networkOf(addressOf(content.subarray(0, half)), length), length } }
}

export function readGeneralNames(e: Element): readonly GeneralName[] {
  const items = e.items()
  const names: GeneralName[] = []
  while (items.more) {
    if (names.length === 1000) items.fail('generalName', 'at most 1000 names', 'more')
    names.push(readGeneralName(items.any(`generalName[${names.length}]`)))
  }
  return names
}

export function writeGeneralName(name: GeneralName): Asn1 {
  return name.kind === 'ip' ? tagged(7, bytesOfAddress(name.value)) : writeNamed(name)
}

export function writeConstraintBase(base: ConstraintBase): Asn1 {
  if (base.kind !== 'ip') return writeNamed(base)
  const address = bytesOfAddress(base.value.address)
  const mask = address.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, base.value.length - 8 * i))) & 0xff)
  return tagged(7, Uint8Array.of(...address, ...mask))
}

/** `DNS:web`, `IP:10.96.0.1`, `URI:spiffe://…`: as OpenSSL labels them, addresses as RFC 5952 writes them. */
export function formatGeneralName(n: GeneralName | ConstraintBase): string {
  switch (n.kind) {
    case 'dns':
      return `DNS:${n.value}`
    case 'uri':
      return `URI:${n.value}`
    case 'email':
      return `email:${n.value}`
    case 'directory':
      return `DirName:${n.value.text}`
    case 'ip':
      if (typeof n.value === 'number' || n.value instanceof V6) return `IP:${formatAddress(n.value)}`
      return `IP:${formatPrefix(n.value)}`
    case 'other':
      return n.oid === null ? `other:[${n.tag & 0x1f}]` : `other:${n.oid}`
  }
}

function readNamed(e: Element): Exclude<GeneralName, { kind: 'ip' }> {
  switch (e.tag) {
    case context(1):
      return { kind: 'email', value: asIa5(e) }
    case context(2):
      return { kind: 'dns', value: asIa5(e) }
    case contextOf(4):
      return { kind: 'directory', value: readName(e.only('name', TAG.sequence)) }
    case context(6):
      return { kind: 'uri', value: asIa5(e) }
    case contextOf(0):
      return { kind: 'other', tag: e.tag, oid: asOid(e.items().next('typeId', TAG.oid)), der: e.bytes }
    case contextOf(3):
    case contextOf(5):
      return { kind: 'other', tag: e.tag, oid: null, der: e.bytes }
    case context(8):
      return { kind: 'other', tag: e.tag, oid: asOid(e), der: e.bytes }
    default:
      return e.fail('a GeneralName', `tag 0x${e.tag.toString(16)}`)
  }
}

function writeNamed(name: Exclude<GeneralName, { kind: 'ip' }>): Asn1 {
  switch (name.kind) {
    case 'email':
      return tagged(1, name.value)
    case 'dns':
      return tagged(2, name.value)
    case 'uri':
      return tagged(6, name.value)
    case 'directory':
      return taggedOf(4, encoded(name.value.der))
    case 'other':
      return encoded(name.der)
  }
}

function addressOf(bytes: Uint8Array): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length === 4) return view.getInt32(0) as V4
  return new V6(view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12))
}

function bytesOfAddress(address: Address): Uint8Array {
  const words = isV4(address) ? [address] : [address.a, address.b, address.c, address.d]
  const out = new DataView(new ArrayBuffer(4 * words.length))
  for (const [i, word] of words.entries()) out.setInt32(4 * i, word)
  return new Uint8Array(out.buffer)
}
