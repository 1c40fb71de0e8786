import type { DropReason } from '../../trace/drops.ts'
import type { Address } from '../../util/address.ts'
import type { NetDevice } from '../device/net-device.ts'
import type { Namespace } from '../namespace.ts'

/**
 * `fib_validate_source`: null when a packet may come from this address by this device. One that bears our own address is a
 * martian; with rp_filter the way back must exist (2), and lead out by the same device (1).
 */
export function validateSource(namespace: Namespace, from: Address, device: NetDevice): DropReason | null {
  if (device.driver.kind === 'loopback') return null
  const route = namespace.fibs.lookup(from)
  const { acceptLocal, rpFilter } = namespace.sysctl
  if (route !== null && route.kind === 'local') return acceptLocal ? null : 'martian-source'
  if (rpFilter === 0 || typeof from !== 'number' || from === 0) return null
  if (route === null || route.kind !== 'unicast') return 'reverse-path'
  return rpFilter === 1 && route.device !== device ? 'reverse-path' : null
}
