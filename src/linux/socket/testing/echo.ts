import { type Address, isV4, type V6 } from '../../../util/address.ts'
import { u16 } from '../../../wire/fast/bytes.ts'
import { ICMP, type, word, writeIcmp, writeIcmpv6 } from '../../../wire/fast/icmp.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import { ECHO } from '../ping/socket.ts'

/** What a kernel does about echo requests, for tests. */
export const icmp = {
  isRequest({ bytes, start }: Frame, protocol: number): boolean {
    return (
      (protocol === PROTOCOL.icmp && type(bytes, start) === ECHO.request) ||
      (protocol === PROTOCOL.icmpv6 && type(bytes, start) === ECHO.request6)
    )
  },

  answer({ bytes, start, end }: Frame, source: Address, destination: Address): Frame {
    const frame = Frame.of(bytes.slice(start + ICMP, end))
    if (isV4(source)) writeIcmp(frame, ECHO.reply, 0, word(bytes, start))
    else writeIcmpv6(frame, source, destination as V6, ECHO.reply6, 0, word(bytes, start))
    return frame
  },

  port({ bytes, start, end }: Frame, offset: number): number {
    return end - start < 4 ? 0 : u16(bytes, start + offset)
  },
}
