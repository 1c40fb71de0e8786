import { familyOf } from '../../util/address.ts'
import { i32, u16 } from '../../wire/fast/bytes.ts'
import { destination, hasTransport, Layout, locate, source } from '../../wire/fast/layout.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Namespace } from '../namespace.ts'
import type { PathError } from './layer.ts'

const quoted = new Layout()

/** What an ICMP error says by itself. */
export type ErrorFacts = Pick<PathError, 'errno' | 'from' | 'type' | 'code' | 'mtu'>

/** Reads the packet quoted at `[o, end)`; null when too little of it is left to say whose it was. */
export function quotedError(b: Uint8Array, o: number, end: number, facts: ErrorFacts): PathError | null {
  if (!locate(b, o, end, quoted) || !hasTransport(quoted) || quoted.end - quoted.transport < 8) return null
  const { protocol, transport: t } = quoted
  const ping = protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6
  const port = ping ? u16(b, t + 4) : u16(b, t)
  return {
    ...facts,
    protocol,
    local: { address: source(b, quoted), port },
    remote: { address: destination(b, quoted), port: ping ? port : u16(b, t + 2) },
    sequence: protocol === PROTOCOL.tcp ? i32(b, t + 4) : ping ? u16(b, t + 6) : 0,
  }
}

/** Tells the sockets about an ICMP error, and remembers a smaller path MTU. */
export function reportError(namespace: Namespace, error: PathError, cause: number): void {
  const to = error.remote.address
  if (error.mtu > 0) namespace.pmtu.learn(to, error.mtu, familyOf(to))
  namespace.transport?.error(error, cause)
}
