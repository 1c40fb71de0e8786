import type { Codec, Reader, Writer } from '../util/bytes.ts'

const END = 0
const NOP = 1

/** An option that is its number alone. */
export interface Nop {
  readonly kind: 'nop'
}

/**
 * The options of IPv4 (RFC 791 3.1) and TCP (RFC 9293 3.1) headers: a number, a length that counts both, and data. Reading stops at
 * "end of options"; writing pads to a multiple of 4. `read` is called past the length, which was seen to fit.
 */
export function optionsCodec<O>(
  name: string,
  read: (r: Reader, number: number, length: number) => O,
  write: (w: Writer, option: O) => void,
): Codec<readonly (O | Nop)[]> {
  return {
    name,
    read(r) {
      const options: (O | Nop)[] = []
      while (r.remaining > 0) {
        const number = r.u8('option')
        if (number === END) {
          if (r.remaining > 0) r.rest('padding')
        } else options.push(number === NOP ? { kind: 'nop' } : read(r, number, readLength(r)))
      }
      return options
    },
    write(w, options) {
      const start = w.length
      for (const option of options) {
        if (isNop(option)) w.u8(NOP)
        else write(w, option)
      }
      w.pad(4, start)
    },
  }
}

const isNop = <O>(option: O | Nop): option is Nop => (option as { kind?: unknown }).kind === 'nop'

function readLength(r: Reader): number {
  const length = r.u8('optionLength')
  if (length < 2) r.fail('optionLength', '>= 2', length)
  if (length - 2 > r.remaining) r.fail('optionLength', `<= ${r.remaining + 2}`, length)
  return length
}
