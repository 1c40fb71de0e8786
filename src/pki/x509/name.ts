import { type Element, readDer, TAG } from '../der/read.ts'
import { asOid, asText } from '../der/values.ts'
import { type Asn1, encode, ia5String, oid, printableString, seq, setOf, utf8String } from '../der/write.ts'
import { OID } from '../oid.ts'

/** One AttributeTypeAndValue. `text` is null when the value is no character string; `der` is the value's encoding. */
export interface Attribute {
  readonly oid: string
  readonly text: string | null
  readonly der: Uint8Array
}

/** A distinguished name (RFC 5280 4.1.2.4): relative names in the order of the encoding, most significant first. */
export interface Name {
  readonly rdns: readonly (readonly Attribute[])[]
  readonly der: Uint8Array
  /** RFC 4514: least significant first. */
  readonly text: string
  /** Equal for names that RFC 5280 7.1 says match, one string per RDN. */
  readonly keys: readonly string[]
}

/** Keywords of RFC 4514 section 3, and what else people write. */
const KEYWORDS: Readonly<Record<string, string>> = {
  CN: OID.commonName,
  O: OID.organizationName,
  OU: OID.organizationalUnitName,
  C: OID.countryName,
  ST: OID.stateOrProvinceName,
  L: OID.localityName,
  STREET: OID.streetAddress,
  DC: OID.domainComponent,
  UID: OID.userId,
  SN: OID.surname,
  serialNumber: OID.serialNumber,
  emailAddress: OID.emailAddress,
}
const KEYWORD_OF = new Map(Object.entries(KEYWORDS).map(([keyword, dotted]) => [dotted, keyword]))
const STRINGS: readonly number[] = [
  TAG.utf8String,
  TAG.printableString,
  TAG.teletexString,
  TAG.ia5String,
  TAG.universalString,
  TAG.bmpString,
]

/** `e` is the RDNSequence. */
export function readName(e: Element): Name {
  const rdns = e.items().each('rdn', TAG.set, 64, (set) => {
    const attributes = set.items().each('attribute', TAG.sequence, 16, readAttribute)
    if (attributes.length === 0) set.fail('at least one attribute', 'none')
    return attributes
  })
  return nameOf(rdns, e.bytes)
}

export const EMPTY_NAME: Name = { rdns: [], der: Uint8Array.of(0x30, 0x00), text: '', keys: [] }

/** `[['O', 'system:nodes'], ['CN', 'system:node:node-1']]`, most significant first, each an RDN of its own. Keyword or OID. */
export function name(attributes: readonly (readonly [type: string, value: string])[]): Name {
  const rdns = attributes.map(([type, value]) => setOf(seq(oid(KEYWORDS[type] ?? type), attributeValue(type, value))))
  return readName(readDer(encode(seq(...rdns)), 'name', 'rdnSequence', TAG.sequence))
}

export const sameName = (a: Name, b: Name): boolean => a.keys.length === b.keys.length && isWithin(a, b)

/** Does `n` lie in the subtree under `base` (RFC 5280 4.2.1.10)? */
export const isWithin = (n: Name, base: Name): boolean => base.keys.every((key, i) => key === n.keys[i])

/** Every value of an attribute, as text. */
export const valuesOf = (n: Name, type: string): string[] =>
  n.rdns.flat().flatMap((a) => (a.oid === type && a.text !== null ? [a.text] : []))

export function isEmpty(n: Name): boolean {
  return n.rdns.length === 0
}

function readAttribute(e: Element): Attribute {
  const items = e.items()
  const dotted = asOid(items.next('type', TAG.oid))
  const value = items.any('value')
  items.done()
  return { oid: dotted, text: STRINGS.includes(value.tag) ? asText(value) : null, der: value.bytes }
}

function nameOf(rdns: readonly (readonly Attribute[])[], der: Uint8Array): Name {
  const keys = rdns.map((rdn) =>
    rdn
      .map((a) => `${a.oid}=${a.text === null ? `#${hex(a.der)}` : prepare(a.text)}`)
      .toSorted()
      .join('+'),
  )
  return { rdns, der, text: rdns.toReversed().map(rdnText).join(','), keys }
}

/** RFC 4518's preparation as RFC 5280 7.1 wants it: case folded, NFKC, white space trimmed and collapsed. */
const prepare = (text: string): string => text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')

const rdnText = (rdn: readonly Attribute[]): string => rdn.map(attributeText).join('+')

/** RFC 4514 2.3 and 2.4. */
function attributeText(a: Attribute): string {
  const type = KEYWORD_OF.get(a.oid)
  if (type === undefined || a.text === null) return `${type ?? a.oid}=#${hex(a.der)}`
  return `${type}=${escaped(a.text)}`
}

function escaped(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/\p{Cc}/gu, (control) => `\\${hex(new TextEncoder().encode(control))}`)
}

function attributeValue(type: string, value: string): Asn1 {
  if (type === 'C' || type === 'serialNumber') return printableString(value)
  return type === 'DC' || type === 'emailAddress' ? ia5String(value) : utf8String(value)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
