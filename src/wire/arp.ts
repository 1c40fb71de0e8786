import type { Mac, V4 } from '../util/address.ts'
import type { Codec } from '../util/bytes.ts'
import { ETHERTYPE } from './numbers.ts'

/** ARP for IPv4 over Ethernet (RFC 826). A probe has a zero sender address (RFC 5227 1.1). */
export interface Arp {
  readonly operation: 'request' | 'reply'
  readonly senderMac: Mac
  readonly senderAddress: V4
  readonly targetMac: Mac
  readonly targetAddress: V4
}

/** Hardware type "Ethernet" (RFC 826, IANA). */
const ETHERNET = 1
const OPERATIONS = { request: 1, reply: 2 } as const

export const arp: Codec<Arp> = {
  name: 'arp',
  read(r) {
    const hardware = r.u16('hardwareType')
    if (hardware !== ETHERNET) r.fail('hardwareType', '1 (Ethernet)', hardware)
    const protocol = r.u16('protocolType', 'hex')
    if (protocol !== ETHERTYPE.ipv4) r.fail('protocolType', '0x0800 (IPv4)', protocol)
    const hardwareLength = r.u8('hardwareLength')
    if (hardwareLength !== 6) r.fail('hardwareLength', '6', hardwareLength)
    const protocolLength = r.u8('protocolLength')
    if (protocolLength !== 4) r.fail('protocolLength', '4', protocolLength)
    const operation = r.u16('operation')
    if (operation !== OPERATIONS.request && operation !== OPERATIONS.reply) {
      r.fail('operation', '1 (request) or 2 (reply)', operation)
    }
    return {
      operation: operation === OPERATIONS.request ? 'request' : 'reply',
      senderMac: r.mac('senderMac'),
      senderAddress: r.v4('senderAddress'),
      targetMac: r.mac('targetMac'),
      targetAddress: r.v4('targetAddress'),
    }
  },
  write(w, { operation, senderMac, senderAddress, targetMac, targetAddress }) {
    w.u16(ETHERNET).u16(ETHERTYPE.ipv4).u8(6).u8(4).u16(OPERATIONS[operation])
    w.u48(senderMac).u32(senderAddress).u48(targetMac).u32(targetAddress)
  },
}
