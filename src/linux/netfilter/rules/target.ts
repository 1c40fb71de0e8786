import type { Address } from '../../../util/address.ts'

/** `--reject-with`, and what it sends: for TCP a reset, else an ICMP or ICMPv6 error. */
export const REJECT_WITH = {
  'icmp-net-unreachable': { type: 3, code: 0 },
  'icmp-host-unreachable': { type: 3, code: 1 },
  'icmp-proto-unreachable': { type: 3, code: 2 },
  'icmp-port-unreachable': { type: 3, code: 3 },
  'icmp-net-prohibited': { type: 3, code: 9 },
  'icmp-host-prohibited': { type: 3, code: 10 },
  'icmp-admin-prohibited': { type: 3, code: 13 },
  'icmp6-no-route': { type: 1, code: 0 },
  'icmp6-adm-prohibited': { type: 1, code: 1 },
  'icmp6-addr-unreachable': { type: 1, code: 3 },
  'icmp6-port-unreachable': { type: 1, code: 4 },
  'tcp-reset': null,
} as const

export type RejectWith = keyof typeof REJECT_WITH

/** Addresses that NAT may take, both ends included; most often one. */
export interface AddressRange {
  readonly low: Address
  readonly high: Address
}

/** `--random` picks ports by chance, `--random-fully` never tries the old one first. */
export type PortChoice = 'keep' | 'random' | 'random-fully'
