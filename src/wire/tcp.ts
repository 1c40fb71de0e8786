import type { Codec } from '../util/bytes.ts'
import { PROTOCOL } from './numbers.ts'
import { between } from './sealing.ts'
import { type TcpOption, tcpOptions } from './tcp-options.ts'

/** RFC 9293 3.1. */
export interface Tcp {
  readonly sourcePort: number
  readonly destinationPort: number
  /** 0 to 0xffffffff. */
  readonly sequence: number
  /** 0 to 0xffffffff. */
  readonly acknowledgment: number
  /** FIN (bit 0) to CWR (bit 7). */
  readonly flags: number
  /** As sent: unscaled. */
  readonly window: number
  readonly urgentPointer: number
  readonly options: readonly TcpOption[]
  readonly payload: Uint8Array
}

/** Leaves the checksum zero: what goes on a wire is written by `tcpBetween`. */
export const tcp: Codec<Tcp> = {
  name: 'tcp',
  read(r) {
    const sourcePort = r.u16('sourcePort')
    const destinationPort = r.u16('destinationPort')
    const sequence = r.u32('sequence')
    const acknowledgment = r.u32('acknowledgment')
    const { dataOffset } = r.bits({ dataOffset: 4, reserved: 4 })
    if (dataOffset < 5) r.fail('dataOffset', '>= 5', dataOffset)
    r.ensure(dataOffset * 4 - 13, 'dataOffset')
    const flags = r.u8('flags', 'hex')
    const window = r.u16('window')
    r.u16('checksum', 'hex')
    return {
      sourcePort,
      destinationPort,
      sequence,
      acknowledgment,
      flags,
      window,
      urgentPointer: r.u16('urgentPointer'),
      options: tcpOptions.read(r.sub(dataOffset * 4 - 20, 'tcp', 'options')),
      payload: r.rest('payload'),
    }
  },
  write(w, value) {
    const start = w.length
    w.u16(value.sourcePort).u16(value.destinationPort).u32(value.sequence).u32(value.acknowledgment)
    w.u8(0).u8(value.flags).u16(value.window).u16(0).u16(value.urgentPointer)
    tcpOptions.write(w, value.options)
    const header = w.length - start
    if (header > 60) throw new RangeError(`tcp.options: ${header - 20} bytes, at most 40 fit`)
    w.patch8(start + 12, (header >> 2) << 4).take(value.payload)
  },
}

/** TCP between two addresses, with its checksum. */
export const tcpBetween = between(tcp, PROTOCOL.tcp, 16)

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const

/** `SYN,ACK`: from the lowest bit, as conntrack and tcpdump order them. */
export const flagNames = (flags: number): string => FLAGS.filter((_, bit) => flags & (1 << bit)).join(',')
