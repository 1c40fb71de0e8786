import type { V4 } from '../util/address.ts'
import type { Codec } from '../util/bytes.ts'
import { type Ipv4Option, ipv4Options } from './ipv4-options.ts'
import { length16, seal } from './sealing.ts'

/** RFC 791. The writer computes lengths and the header checksum. */
export interface Ipv4 {
  readonly tos: number
  readonly id: number
  readonly dontFragment: boolean
  readonly moreFragments: boolean
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number
  readonly ttl: number
  readonly protocol: number
  readonly source: V4
  readonly destination: V4
  readonly options: readonly Ipv4Option[]
  readonly payload: Uint8Array
}

export const ipv4: Codec<Ipv4> = {
  name: 'ipv4',
  read(outer) {
    const { version, headerLength } = outer.bits({ version: 4, headerLength: 4 })
    if (version !== 4) outer.fail('version', '4', version)
    if (headerLength < 5) outer.fail('headerLength', '>= 5', headerLength)
    const tos = outer.u8('tos', 'hex')
    const total = outer.u16('totalLength')
    if (total < headerLength * 4) outer.fail('totalLength', `>= ${headerLength * 4}`, total)
    const r = outer.sub(outer.ensure(total - 4, 'totalLength'), 'ipv4')
    const id = r.u16('id', 'hex')
    const flags = r.bits({ reserved: 1, dontFragment: 1, moreFragments: 1, fragmentOffset: 13 })
    const ttl = r.u8('ttl')
    const protocol = r.u8('protocol')
    r.u16('checksum', 'hex')
    return {
      tos,
      id,
      dontFragment: flags.dontFragment === 1,
      moreFragments: flags.moreFragments === 1,
      fragmentOffset: flags.fragmentOffset * 8,
      ttl,
      protocol,
      source: r.v4('source'),
      destination: r.v4('destination'),
      options: ipv4Options.read(r.sub(headerLength * 4 - 20, 'ipv4', 'options')),
      payload: r.rest('payload'),
    }
  },
  write(w, value) {
    const start = w.length
    w.u8(0).u8(value.tos).u16(0).u16(value.id)
    w.u16((value.dontFragment ? 0x4000 : 0) | (value.moreFragments ? 0x2000 : 0) | (value.fragmentOffset >> 3))
    w.u8(value.ttl).u8(value.protocol).u16(0).u32(value.source).u32(value.destination)
    ipv4Options.write(w, value.options)
    const header = w.length - start
    if (header > 60) throw new RangeError(`ipv4.options: ${header - 20} bytes, at most 40 fit`)
    w.patch8(start, 0x40 | (header >> 2))
    w.patch16(start + 2, length16(header + value.payload.length, 'ipv4.totalLength'))
    seal(w, start, 10)
    w.take(value.payload)
  },
}
