import type { PathError } from '../ip/layer.ts'

/** ICMPv4 unreachable codes that a connected datagram socket is told of: `icmp_err_convert[].fatal`. */
const FATAL_V4 = new Set([2, 3, 6, 7, 8, 9, 10, 13, 14, 15])
/** ICMPv6 unreachable codes: prohibited, port, policy, reject route (`tab_unreach`). */
const FATAL_V6 = new Set([1, 4, 5, 6])

/** "Fragmentation needed" and "packet too big". */
export function isTooBig(error: PathError): boolean {
  return typeof error.remote.address === 'number' ? error.type === 3 && error.code === 4 : error.type === 2
}

/** Whether the error will last, so that a connected socket's next call fails with it (`__udp4_lib_err`, `icmpv6_err_convert`). */
export function isHard(error: PathError): boolean {
  if (isTooBig(error)) return true
  if (typeof error.remote.address === 'number') {
    return error.type === 12 || (error.type === 3 && FATAL_V4.has(error.code))
  }
  return error.type === 4 || (error.type === 1 && FATAL_V6.has(error.code))
}
