import type { Endpoint } from '../../trace/steps/packet.ts'
import { formatEndpoint } from '../../util/address.ts'
import type { Errno } from '../errno.ts'

/** A system call on a socket failed. */
export class SocketError extends Error {
  constructor(
    readonly errno: Errno,
    readonly call: string,
    readonly local: Endpoint | null = null,
    readonly remote: Endpoint | null = null,
  ) {
    super(`${call}${remote === null ? '' : ` ${formatEndpoint(remote.address, remote.port)}`}: ${errno}`)
    this.name = 'SocketError'
  }
}
