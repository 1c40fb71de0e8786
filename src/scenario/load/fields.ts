import { type IntOrPercent, isPercent } from '../../kube/api/int-or-percent.ts'
import { type Labels, NO_LABELS } from '../../kube/api/meta.ts'
import { parseQuantity, QUANTITY_FORM } from '../../kube/api/quantity.ts'
import { type Address, parseAddress } from '../../util/address.ts'
import { type Prefix, parseInterfaceAddress, parsePrefix } from '../../util/prefix.ts'
import type { Problems, RawObject } from './source.ts'

type Step = string | number

/** Pods of one owner share their labels: 150,000 pods carry a few thousand different sets. */
export class SharedLabels {
  private readonly known = new Map<string, Labels>()

  labels(labels: Labels): Labels {
    if (labels === NO_LABELS) return labels
    const key = JSON.stringify(labels)
    const same = this.known.get(key)
    if (same === undefined) this.known.set(key, labels)
    return same ?? labels
  }
}

/**
 * Reads the fields of one object with their types, and words what is wrong as the API server does: its decoder
 * (`json: cannot unmarshal …`) for types, its validation (`spec.x: Invalid value: …`) for values.
 * After a fault the reading goes on with a harmless value; `faults` counts them, so the object is not used.
 */
export class ObjectReader {
  faults = 0

  constructor(
    readonly raw: RawObject,
    readonly problems: Problems,
    readonly kind: string,
    readonly version: string,
    readonly shared: SharedLabels,
  ) {}

  /** `Pod "web"`, `Deployment.apps "web"`. */
  title(): string {
    const metadata = (this.raw.value as { metadata?: { name?: unknown } }).metadata
    const group = this.version.includes('/') ? `.${this.version.slice(0, this.version.indexOf('/'))}` : ''
    return `${this.kind}${group} "${metadata?.name ?? ''}"`
  }

  /** What the API server's decoder says of an object it cannot take. */
  refuse(path: readonly Step[], what: string, expected?: string): void {
    const version = this.version.slice(this.version.indexOf('/') + 1)
    this.fail(path, `${this.kind} in version "${version}" cannot be handled as a ${this.kind}: ${what}`, expected)
  }

  root(): Fields {
    return new Fields(this, null, '', this.raw.value as Record<string, unknown>, this.kind)
  }

  /** What is read twice is told once. */
  private readonly told = new Set<string>()

  fail(path: readonly Step[], message: string, expected?: string): void {
    const key = `${path.join()} ${message}`
    if (this.told.has(key)) return
    this.told.add(key)
    this.faults++
    this.problems.error(this.raw.at(path), message, expected)
  }
}

const NOTHING: Record<string, unknown> = Object.freeze({})

/** One JSON object within an object. `goType` is what the API server's Go calls it, for messages only. */
export class Fields {
  constructor(
    private readonly reader: ObjectReader,
    private readonly parent: Fields | null,
    private readonly step: Step,
    private readonly values: Record<string, unknown>,
    private readonly goType: string,
  ) {}

  has(key: string): boolean {
    const value = this.values[key]
    return value !== undefined && value !== null
  }

  keys(): string[] {
    return Object.keys(this.values)
  }

  text(key: string, otherwise = ''): string {
    const value = this.values[key]
    if (typeof value === 'string') return value
    if (value === undefined || value === null) return otherwise
    this.mistyped(key, value, 'string')
    return otherwise
  }

  required(key: string): string {
    const value = this.text(key)
    if (value === '' && !this.has(key)) this.fault(key, 'Required value')
    return value
  }

  /** One of the given words; anything else is an `Unsupported value`. */
  oneOf<T extends string>(key: string, words: readonly T[], otherwise: T): T {
    const value = this.text(key, otherwise)
    if ((words as readonly string[]).includes(value)) return value as T
    if (value === '') return otherwise
    const quoted = words.map((word) => `"${word}"`).join(', ')
    this.fault(key, `Unsupported value: "${value}": supported values: ${quoted}`)
    return otherwise
  }

  flag(key: string, otherwise = false): boolean {
    const value = this.values[key]
    if (typeof value === 'boolean') return value
    if (value === undefined || value === null) return otherwise
    this.mistyped(key, value, 'bool')
    return otherwise
  }

  int(key: string, otherwise = 0): number {
    const value = this.values[key]
    if (typeof value === 'number' && Number.isInteger(value)) return value
    if (value === undefined || value === null) return otherwise
    this.mistyped(key, value, 'int32')
    return otherwise
  }

  /** An IntOrString: `targetPort: http`. */
  intOrString(key: string): number | string {
    return typeof this.values[key] === 'string' ? this.text(key) : this.port(key)
  }

  /** A number, or a share such as `25%`. */
  share(key: string, otherwise: IntOrPercent): IntOrPercent {
    if (typeof this.values[key] !== 'string') {
      const value = this.has(key) ? this.int(key) : otherwise
      if (typeof value !== 'number' || value >= 0) return value
      this.fault(key, `Invalid value: ${value}: must be greater than or equal to 0`)
      return otherwise
    }
    const text = this.text(key)
    if (isPercent(text)) return text
    const form = `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`
    this.fault(key, `Invalid value: "${text}": ${form}`)
    return otherwise
  }

  /** A resource.Quantity in units: a number, or a text such as `100m`. */
  quantity(key: string): number {
    const value = this.values[key]
    const text = typeof value === 'number' ? String(value) : this.text(key)
    const units = parseQuantity(text)
    if (units === null) this.fault(key, `Invalid value: "${text}": ${QUANTITY_FORM}`)
    return units ?? 0
  }

  port(key: string, otherwise = 0): number {
    const value = this.int(key, otherwise)
    if (typeof this.values[key] === 'number' && (value < 1 || value > 65535)) {
      this.fault(key, `Invalid value: ${value}: must be between 1 and 65535, inclusive`)
      return otherwise
    }
    return value
  }

  address(key: string): Address | null {
    const text = this.text(key)
    return text === '' ? null : this.toAddress(text, [key])
  }

  addresses(key: string): Address[] {
    return this.texts(key).flatMap((text, i) => this.toAddress(text, [key, i]) ?? [])
  }

  prefixes(key: string): Prefix[] {
    return this.texts(key).flatMap((text, i) => this.toPrefix(text, [key, i]) ?? [])
  }

  toAddress(text: string, path: readonly Step[]): Address | null {
    const plain = this.standard(text, path, 'IP address')
    const value = parseAddress(plain)
    if (value === null) {
      this.faultAt(path, `Invalid value: "${text}": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`)
    }
    return value
  }

  toPrefix(text: string, path: readonly Step[]): Prefix | null {
    const plain = this.standard(text, path, 'CIDR value')
    const value = parsePrefix(plain)
    if (value !== null) return value
    const hostBits = parseInterfaceAddress(plain) !== null
    const why = hostBits ? 'must not have bits set beyond the prefix length' : 'must be a valid CIDR value'
    this.faultAt(path, `Invalid value: "${text}": ${why}, (e.g. 10.9.8.0/24 or 2001:db8::/64)`)
    return null
  }

  /** Zeros before a number are read as kube-proxy reads them, as decimal; the API server lets them pass with this warning. */
  private standard(text: string, path: readonly Step[], what: string): string {
    if (!/^\d+(\.\d+){3}(\/\d+)?$/.test(text)) return text
    const plain = text.replace(/\d+/g, (number) => String(Number(number)))
    if (plain !== text) {
      const full = [...this.path(), ...path]
      const future = 'will be considered invalid in a future Kubernetes release'
      const message = `${this.reader.title()}: ${fieldName(full)}: non-standard ${what} "${text}" ${future}`
      this.reader.problems.warn(this.reader.raw.at(full), `${message}: use "${plain}"`)
    }
    return plain
  }

  texts(key: string): string[] {
    return this.array(key, 'string').filter((value, i): value is string => {
      if (typeof value === 'string') return true
      this.mistypedAt([key, i], key, value, 'string')
      return false
    })
  }

  ints(key: string): number[] {
    return this.array(key, 'int32').filter((value, i): value is number => {
      if (typeof value === 'number' && Number.isInteger(value)) return true
      this.mistypedAt([key, i], key, value, 'int32')
      return false
    })
  }

  /** A map of strings; shared empty when absent. */
  labels(key: string): Labels {
    const value = this.values[key]
    if (value === undefined || value === null) return NO_LABELS
    if (!isObject(value)) {
      this.mistyped(key, value, 'map[string]string')
      return NO_LABELS
    }
    for (const name in value) {
      if (typeof value[name] !== 'string') this.mistypedAt([key, name], key, value[name], 'string')
    }
    return value as Labels
  }

  /** The object under `key`, empty when absent. */
  child(key: string, goType: string): Fields {
    const value = this.values[key]
    const absent = value === undefined || value === null
    if (!absent && !isObject(value)) this.mistyped(key, value, `v1.${goType}`)
    return new Fields(this.reader, this, key, isObject(value) ? value : NOTHING, goType)
  }

  /** The objects of the array under `key`. */
  list(key: string, goType: string): readonly Fields[] {
    const values = this.array(key, `v1.${goType}`)
    if (values.length === 0) return NO_FIELDS
    const within = new Fields(this.reader, this, key, NOTHING, goType)
    const found: Fields[] = []
    for (const [i, value] of values.entries()) {
      if (isObject(value)) found.push(new Fields(this.reader, within, i, value, goType))
      else this.mistypedAt([key, i], key, value, `v1.${goType}`)
    }
    return found
  }

  /** `spec.ports[0].port: MESSAGE`, at that field; without a key at the object itself. */
  fault(key: string, message: string): void {
    this.faultAt(key === '' ? [] : [key], message)
  }

  faultAt(path: readonly Step[], message: string): void {
    const full = [...this.path(), ...path]
    this.reader.fail(full, `${this.reader.title()} is invalid: ${fieldName(full)}: ${message}`)
  }

  warn(key: string, message: string, expected?: string): void {
    this.reader.problems.warn(this.reader.raw.at([...this.path(), key]), message, expected)
  }

  private array(key: string, goType: string): readonly unknown[] {
    const value = this.values[key]
    if (Array.isArray(value)) return value
    if (value !== undefined && value !== null) this.mistyped(key, value, `[]${goType}`)
    return NO_VALUES
  }

  private mistyped(key: string, value: unknown, goType: string): void {
    this.mistypedAt([key], key, value, goType)
  }

  /** Go's encoding/json names the struct, the path without indices, and the type wanted. */
  private mistypedAt(path: readonly Step[], key: string, value: unknown, goType: string): void {
    const { reader } = this
    const names = [...this.path().filter((step) => typeof step === 'string'), key].join('.')
    const what = `json: cannot unmarshal ${jsonType(value)} into Go struct field ${this.goType}.${names} of type ${goType}`
    reader.refuse([...this.path(), ...path], what)
  }

  private path(): Step[] {
    return this.parent === null ? [] : [...this.parent.path(), this.step]
  }
}

/** `spec.ports[0].port`. */
const fieldName = (path: readonly Step[]): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`)).join('')

const NO_VALUES: readonly unknown[] = []
const NO_FIELDS: readonly Fields[] = []

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number' && !Number.isInteger(value)) return `number ${value}`
  return typeof value
}
