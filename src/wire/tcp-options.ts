import type { Reader, Writer } from '../util/bytes.ts'
import { type Nop, optionsCodec } from './options.ts'

/** RFC 9293 3.2, RFC 7323, RFC 2018. What is not named here is kept as it came. */
export type TcpOption = Nop | Known

type Known =
  | { readonly kind: 'mss'; readonly size: number }
  | { readonly kind: 'windowScale'; readonly shift: number }
  | { readonly kind: 'sackPermitted' }
  | { readonly kind: 'sack'; readonly blocks: readonly SackBlock[] }
  | { readonly kind: 'timestamps'; readonly value: number; readonly echo: number }
  | { readonly kind: 'unknown'; readonly number: number; readonly data: Uint8Array }

/** Sequence numbers that have arrived, `[left, right)`. An option has at least one block, as Linux wants it. */
export interface SackBlock {
  readonly left: number
  readonly right: number
}

export const TCP_OPTION = { mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const

/** The bytes between a header of 20 and its data offset. */
export const tcpOptions = optionsCodec('tcp', readOption, writeOption)

function readOption(r: Reader, number: number, length: number): Known {
  const exactly = (expected: number): void => {
    if (length !== expected) r.fail('optionLength', String(expected), length)
  }
  switch (number) {
    case TCP_OPTION.mss:
      exactly(4)
      return { kind: 'mss', size: r.u16('mss') }
    case TCP_OPTION.windowScale:
      exactly(3)
      return { kind: 'windowScale', shift: r.u8('windowScale') }
    case TCP_OPTION.sackPermitted:
      exactly(2)
      return { kind: 'sackPermitted' }
    case TCP_OPTION.sack:
      if (length < 10 || length % 8 !== 2) r.fail('optionLength', '2 and 8 a block', length)
      return { kind: 'sack', blocks: Array.from({ length: (length - 2) / 8 }, () => readBlock(r)) }
    case TCP_OPTION.timestamps:
      exactly(10)
      return { kind: 'timestamps', value: r.u32('timestamp'), echo: r.u32('timestampEcho') }
    default:
      return { kind: 'unknown', number, data: r.take(length - 2, 'optionData') }
  }
}

const readBlock = (r: Reader): SackBlock => ({ left: r.u32('sackLeft'), right: r.u32('sackRight') })

function writeOption(w: Writer, option: Known): void {
  const head = (length: number): Writer => w.u8(TCP_OPTION[option.kind as keyof typeof TCP_OPTION]).u8(length)
  switch (option.kind) {
    case 'mss':
      head(4).u16(option.size)
      return
    case 'windowScale':
      head(3).u8(option.shift)
      return
    case 'sackPermitted':
      head(2)
      return
    case 'sack':
      head(2 + 8 * option.blocks.length)
      for (const { left, right } of option.blocks) w.u32(left).u32(right)
      return
    case 'timestamps':
      head(10).u32(option.value).u32(option.echo)
      return
    case 'unknown':
      w.u8(option.number)
        .u8(option.data.length + 2)
        .take(option.data)
  }
}
