import { addDummy } from '../../../../linux/device/create.ts'
import type { Namespace } from '../../../../linux/namespace.ts'
import type { Address } from '../../../../util/address.ts'
import { macFromName } from '../../names.ts'
import { hostPrefix } from '../iptables/matches.ts'
import { DUMMY_DEVICE } from './proxy.ts'

/** Gives kube-ipvs0, made if need be, these addresses and no others (EnsureAddressBind, UnbindAddress). */
export function bindAddresses(host: Namespace, addresses: readonly Address[]): void {
  const known = host.device(DUMMY_DEVICE)
  const device = known ?? addDummy(host, DUMMY_DEVICE, { mac: macFromName(`${host.node} ${DUMMY_DEVICE}`) })
  host.replaceAddresses(device, addresses.map(hostPrefix))
}
