import { IpSet, type IpSetEntry, type IpSetType } from '../../../../linux/netfilter/rules/ipset.ts'
import type { Family } from '../../../../util/address.ts'

/** Every set that kube-proxy keeps, with its type and the comment of the rules that ask it (ipsetInfo). */
export const SETS = {
  'LOOP-BACK': ['hash:ip,port,ip', 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose'],
  'CLUSTER-IP': ['hash:ip,port', 'Kubernetes service cluster ip + port for masquerade purpose'],
  'EXTERNAL-IP': ['hash:ip,port', 'Kubernetes service external ip + port for masquerade and filter purpose'],
  'EXTERNAL-IP-LOCAL': ['hash:ip,port', 'Kubernetes service external ip + port with externalTrafficPolicy=local'],
  'LOAD-BALANCER': ['hash:ip,port', 'Kubernetes service lb portal'],
  'LOAD-BALANCER-FW': ['hash:ip,port', 'Kubernetes service load balancer ip + port for load balancer with sourceRange'],
  'LOAD-BALANCER-LOCAL': [
    'hash:ip,port',
    'Kubernetes service load balancer ip + port with externalTrafficPolicy=local',
  ],
  'LOAD-BALANCER-SOURCE-IP': [
    'hash:ip,port,ip',
    'Kubernetes service load balancer ip + port + source IP for packet filter purpose',
  ],
  'LOAD-BALANCER-SOURCE-CIDR': [
    'hash:ip,port,net',
    'Kubernetes service load balancer ip + port + source cidr for packet filter purpose',
  ],
  'NODE-PORT-TCP': ['bitmap:port', 'Kubernetes nodeport TCP port for masquerade purpose'],
  'NODE-PORT-LOCAL-TCP': ['bitmap:port', 'Kubernetes nodeport TCP port with externalTrafficPolicy=local'],
  'NODE-PORT-UDP': ['bitmap:port', 'Kubernetes nodeport UDP port for masquerade purpose'],
  'NODE-PORT-LOCAL-UDP': ['bitmap:port', 'Kubernetes nodeport UDP port with externalTrafficPolicy=local'],
  'NODE-PORT-SCTP-HASH': [
    'hash:ip,port',
    "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  ],
  'NODE-PORT-LOCAL-SCTP-HASH': [
    'hash:ip,port',
    "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  ],
  'HEALTH-CHECK-NODE-PORT': ['bitmap:port', 'Kubernetes health check node port'],
  'IPVS-IPS': ['hash:ip', 'Addresses on the ipvs interface'],
} as const satisfies Record<string, readonly [IpSetType, string]>

export type SetName = keyof typeof SETS

export const SET_NAMES = Object.keys(SETS) as SetName[]

/** Of an ipset's name. */
const LONGEST = 31

/** `KUBE-CLUSTER-IP`; for IPv6 `KUBE-6-CLUSTER-IP`, cut to what ipset takes. */
export const setName = (name: SetName, family: Family): string =>
  family === 4 ? `KUBE-${name}` : `KUBE-6-${name}`.slice(0, LONGEST)

/** A set, and what it holds. */
export type SetMember = readonly [SetName, IpSetEntry]

export function makeSet(name: SetName, family: Family, entries: readonly IpSetEntry[]): IpSet {
  const [type, comment] = SETS[name]
  return new IpSet(setName(name, family), type, entries, family, comment)
}
