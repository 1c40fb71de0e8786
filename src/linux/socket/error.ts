import type { Endpoint } from '../../trace/steps/packet.ts'
import { formatEndpoint } from '../../util/address.ts'
import type { Errno } from '../errno.ts'

/** A system call on a socket failed: an answer more than an accident, so that no stack is taken down, which costs 10 us. */
export class SocketError extends Error {
  constructor(
    readonly errno: Errno,
    readonly call: string,
    readonly local: Endpoint | null = null,
    readonly remote: Endpoint | null = null,
  ) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(`${call}${remote === null ? '' : ` ${formatEndpoint(remote.address, remote.port)}`}: ${errno}`)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'SocketError'
  }
}
