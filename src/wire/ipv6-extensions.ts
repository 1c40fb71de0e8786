import type { Reader, Writer } from '../util/bytes.ts'
import { PROTOCOL } from './numbers.ts'

/** An option of a hop-by-hop or destination options header (RFC 8200 4.2). Padding is the writer's business. */
export interface Ipv6Option {
  readonly number: number
  readonly data: Uint8Array
}

/** RFC 8200 4. `offset` is in bytes, a multiple of 8; `data` of a routing header follows its first four bytes. */
export type Extension =
  | { readonly kind: 'hopByHop' | 'destinationOptions'; readonly options: readonly Ipv6Option[] }
  | { readonly kind: 'routing'; readonly type: number; readonly segmentsLeft: number; readonly data: Uint8Array }
  | { readonly kind: 'fragment'; readonly offset: number; readonly more: boolean; readonly id: number }

const PAD1 = 0
const PADN = 1

/** Reads headers until one that is no extension, or until a later fragment, whose data only the whole datagram explains. */
export function readExtensions(r: Reader, first: number): { extensions: Extension[]; protocol: number } {
  const extensions: Extension[] = []
  let next = first
  let field = r.start
  for (;;) {
    const kind = KINDS.get(next)
    if (kind === undefined) return { extensions, protocol: next }
    if (kind === 'hopByHop' && extensions.length > 0) {
      r.fail('nextHeader', 'a hop-by-hop header only first (RFC 8200 4.1)', next, field)
    }
    field = r.offset
    next = r.u8('nextHeader')
    const extension = readExtension(bodyOf(r, kind), kind)
    extensions.push(extension)
    if (extension.kind === 'fragment' && extension.offset > 0) return { extensions, protocol: next }
  }
}

/** Patches the next header field at `at`, and that of every extension. */
export function writeExtensions(w: Writer, at: number, extensions: readonly Extension[], protocol: number): void {
  let field = at
  for (const extension of extensions) {
    w.patch8(field, PROTOCOL[extension.kind])
    field = w.length
    writeExtension(w, extension)
  }
  w.patch8(field, protocol)
}

const KINDS: ReadonlyMap<number, Extension['kind']> = new Map(
  (['hopByHop', 'routing', 'fragment', 'destinationOptions'] as const).map((kind) => [PROTOCOL[kind], kind]),
)

/** What follows the next header field: a window that begins after the length field. */
function bodyOf(r: Reader, kind: Extension['kind']): Reader {
  const field = kind === 'fragment' ? 'reserved' : 'headerLength'
  const units = r.u8(field)
  const length = kind === 'fragment' ? 6 : units * 8 + 6
  if (length > r.remaining) r.fail(field, `${length} bytes to follow`, `${r.remaining} bytes`)
  return r.sub(length, r.protocol, kind)
}

function readExtension(r: Reader, kind: Extension['kind']): Extension {
  switch (kind) {
    case 'hopByHop':
    case 'destinationOptions':
      return { kind, options: readOptions(r) }
    case 'routing':
      return { kind, type: r.u8('routingType'), segmentsLeft: r.u8('segmentsLeft'), data: r.rest('routingData') }
    case 'fragment': {
      const { fragmentOffset, moreFragments } = r.bits({ fragmentOffset: 13, reserved: 2, moreFragments: 1 })
      return { kind, offset: fragmentOffset * 8, more: moreFragments === 1, id: r.u32('fragmentId', 'hex') }
    }
  }
}

function readOptions(r: Reader): Ipv6Option[] {
  const options: Ipv6Option[] = []
  while (r.remaining > 0) {
    const number = r.u8('option')
    if (number === PAD1) continue
    const length = r.u8('optionLength')
    if (length > r.remaining) r.fail('optionLength', `<= ${r.remaining}`, length)
    const data = r.take(length, number === PADN ? 'padding' : 'optionData')
    if (number !== PADN) options.push({ number, data })
  }
  return options
}

function writeExtension(w: Writer, extension: Extension): void {
  const start = w.length
  w.u8(0)
  switch (extension.kind) {
    case 'fragment':
      w.u8(0)
        .u16(extension.offset | (extension.more ? 1 : 0))
        .u32(extension.id)
      return
    case 'routing':
      w.u8(0).u8(extension.type).u8(extension.segmentsLeft).take(extension.data).pad(8, start)
      break
    default:
      w.u8(0)
      for (const { number, data } of extension.options) w.u8(number).u8(data.length).take(data)
      pad(w, start)
  }
  w.patch8(start + 1, (w.length - start) / 8 - 1)
}

/** One byte is Pad1, more are a PadN that counts what follows its two bytes. */
function pad(w: Writer, start: number): void {
  const missing = (8 - ((w.length - start) % 8)) % 8
  if (missing === 1) w.u8(PAD1)
  if (missing > 1)
    w.u8(PADN)
      .u8(missing - 2)
      .take(new Uint8Array(missing - 2))
}
