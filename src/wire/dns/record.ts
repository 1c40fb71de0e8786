import type { V4, V6 } from '../../util/address.ts'
import type { Reader, Writer } from '../../util/bytes.ts'
import { type Names, ROOT, readName, writeName } from './name.ts'

interface Owned {
  readonly name: string
  /** In seconds. */
  readonly ttl: number
}

/** Resource records of class IN (RFC 1035, RFC 3596, RFC 2782). Other types and classes are kept as they came. */
export type DnsRecord =
  | (Owned & { readonly type: 'A'; readonly address: V4 })
  | (Owned & { readonly type: 'AAAA'; readonly address: V6 })
  | (Owned & { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: string })
  | (Owned & Srv)
  | (Owned & { readonly type: 'TXT'; readonly strings: readonly Uint8Array[] })
  | (Owned & Soa)
  | Opt
  | (Owned & { readonly type: 'unknown'; readonly number: number; readonly class: number; readonly data: Uint8Array })

export interface Srv {
  readonly type: 'SRV'
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: string
}

/** Times in seconds; `minimum` is the TTL of negative answers (RFC 2308 4). */
export interface Soa {
  readonly type: 'SOA'
  readonly primary: string
  readonly mailbox: string
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minimum: number
}

/** EDNS(0) (RFC 6891 6.1): no record of a name, but of the message. */
export interface Opt {
  readonly type: 'OPT'
  readonly udpSize: number
  /** The upper 8 bits of the response code. */
  readonly extendedRcode: number
  readonly version: number
  readonly dnssecOk: boolean
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[]
}

export const RECORD_TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41 } as const
export const ANY = 255
export const IN = 1

/** `AAAA`; `TYPE65` for one without a name here (RFC 3597 5). */
export const typeName = (number: number): string => NAMES.get(number) ?? `TYPE${number}`

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(RECORD_TYPE).map(([name, number]) => [number, name] as const),
  [ANY, 'ANY'],
])

/** `prefix` goes before the names of the fields, `origin` is where the message starts. */
export function readRecord(r: Reader, origin: number, prefix: string): DnsRecord {
  const name = readName(r, origin, `${prefix}name`)
  const type = r.u16(`${prefix}type`)
  if (type === RECORD_TYPE.OPT) return readOpt(r, name, prefix)
  const klass = r.u16(`${prefix}class`)
  const ttl = r.u32(`${prefix}ttl`)
  const data = dataOf(r, prefix)
  const value = klass === IN ? readData(data, type, origin, prefix) : null
  if (value === null)
    return { name, ttl, type: 'unknown', number: type, class: klass, data: data.rest(`${prefix}data`) }
  data.done()
  return { name, ttl, ...value }
}

export function writeRecord(w: Writer, record: DnsRecord, origin: number, names: Names): void {
  if (record.type === 'OPT') {
    w.u8(0).u16(RECORD_TYPE.OPT).u16(record.udpSize).u8(record.extendedRcode).u8(record.version)
    w.u16(record.dnssecOk ? 0x8000 : 0)
  } else {
    writeName(w, record.name, origin, names)
    if (record.type === 'unknown') w.u16(record.number).u16(record.class)
    else w.u16(RECORD_TYPE[record.type]).u16(IN)
    w.u32(record.ttl)
  }
  const at = w.u16(0).length
  writeData(w, record, origin, names)
  w.patch16(at - 2, w.length - at)
}

/** What a record holds beside its name and TTL. */
type Data<R = DnsRecord> = R extends Owned ? Omit<R, keyof Owned> : never

/** Null for a type that is not known. Names in SRV may come compressed, though none should (RFC 2782, RFC 3597 4). */
function readData(r: Reader, type: number, origin: number, prefix: string): Data | null {
  const name = (field: string): string => readName(r, origin, prefix + field)
  switch (type) {
    case RECORD_TYPE.A:
      return { type: 'A', address: r.v4(`${prefix}address`) }
    case RECORD_TYPE.AAAA:
      return { type: 'AAAA', address: r.v6(`${prefix}address`) }
    case RECORD_TYPE.CNAME:
      return { type: 'CNAME', target: name('target') }
    case RECORD_TYPE.NS:
      return { type: 'NS', target: name('target') }
    case RECORD_TYPE.PTR:
      return { type: 'PTR', target: name('target') }
    case RECORD_TYPE.SRV:
      return {
        type: 'SRV',
        priority: r.u16(`${prefix}priority`),
        weight: r.u16(`${prefix}weight`),
        port: r.u16(`${prefix}port`),
        target: name('target'),
      }
    case RECORD_TYPE.TXT:
      return { type: 'TXT', strings: readStrings(r, `${prefix}text`) }
    case RECORD_TYPE.SOA:
      return {
        type: 'SOA',
        primary: name('primary'),
        mailbox: name('mailbox'),
        serial: r.u32(`${prefix}serial`),
        refresh: r.u32(`${prefix}refresh`),
        retry: r.u32(`${prefix}retry`),
        expire: r.u32(`${prefix}expire`),
        minimum: r.u32(`${prefix}minimum`),
      }
    default:
      return null
  }
}

function writeData(w: Writer, record: DnsRecord, origin: number, names: Names): void {
  switch (record.type) {
    case 'A':
      w.u32(record.address)
      return
    case 'AAAA':
      w.v6(record.address)
      return
    case 'CNAME':
    case 'NS':
    case 'PTR':
      writeName(w, record.target, origin, names)
      return
    case 'SRV':
      w.u16(record.priority).u16(record.weight).u16(record.port)
      writeName(w, record.target, origin, null)
      return
    case 'TXT':
      for (const string of record.strings) w.u8(string.length).take(string)
      return
    case 'SOA':
      writeName(w, record.primary, origin, names)
      writeName(w, record.mailbox, origin, names)
      w.u32(record.serial).u32(record.refresh).u32(record.retry).u32(record.expire).u32(record.minimum)
      return
    case 'OPT':
      for (const { code, data } of record.options) w.u16(code).u16(data.length).take(data)
      return
    case 'unknown':
      w.take(record.data)
  }
}

function readOpt(r: Reader, name: string, prefix: string): Opt {
  if (name !== ROOT) r.fail(`${prefix}name`, 'the root, for OPT (RFC 6891 6.1.2)', name)
  const udpSize = r.u16(`${prefix}udpSize`)
  const extendedRcode = r.u8(`${prefix}extendedRcode`)
  const version = r.u8(`${prefix}version`)
  const { dnssecOk } = r.bits({ dnssecOk: 1, reserved: 15 })
  const data = dataOf(r, prefix)
  const options: { code: number; data: Uint8Array }[] = []
  while (data.remaining > 0) {
    const code = data.u16(`${prefix}option`)
    const length = data.ensure(data.u16(`${prefix}optionLength`), `${prefix}optionLength`)
    options.push({ code, data: data.take(length, `${prefix}optionData`) })
  }
  return { type: 'OPT', udpSize, extendedRcode, version, dnssecOk: dnssecOk === 1, options }
}

function dataOf(r: Reader, prefix: string): Reader {
  const length = r.ensure(r.u16(`${prefix}dataLength`), `${prefix}dataLength`)
  return r.sub(length, r.protocol, `${prefix}data`)
}

function readStrings(r: Reader, field: string): Uint8Array[] {
  const strings: Uint8Array[] = []
  while (r.remaining > 0) {
    const length = r.ensure(r.u8(`${field}Length`), `${field}Length`)
    strings.push(r.take(length, field))
  }
  return strings
}
