import { Chain, type Rule } from '../../../linux/netfilter/rules/rule.ts'
import type { Family } from '../../../util/address.ts'
import { prefix } from '../../../util/prefix.ts'
import type { RulePart } from '../node-rules.ts'

const LOOPBACK = prefix('127.0.0.0/8')

/** route_localnet, set for NodePorts on 127.0.0.1, would let neighbours reach what listens on localhost alone. */
const localnet: Rule = {
  matches: [
    { kind: 'comment', text: 'block incoming localnet connections' },
    { kind: 'destination', prefix: LOOPBACK },
    { kind: 'source', prefix: LOOPBACK, negate: true },
    { kind: 'ctstate', states: ['RELATED', 'ESTABLISHED', 'DNAT'], negate: true },
  ],
  target: { kind: 'drop' },
}

/** kube-proxy in iptables mode has an identical copy, for both families: for IPv6 nobody fills it. */
export const KUBE_FIREWALL: Readonly<Record<Family, Chain>> = {
  4: Chain.of('KUBE-FIREWALL', [localnet]),
  6: Chain.of('KUBE-FIREWALL', []),
}

const jumpTo = (chain: Chain): Rule => ({ matches: [], target: { kind: 'jump', chain } })

/** One object, so that whoever else ensures the rule adds no second one. */
export const TO_KUBE_FIREWALL: Readonly<Record<Family, Rule>> = {
  4: jumpTo(KUBE_FIREWALL[4]),
  6: jumpTo(KUBE_FIREWALL[6]),
}

const canary = [Chain.of('KUBE-KUBELET-CANARY', [])]
const unused: RulePart['unused'] = {
  // From the first others tell iptables-nft and iptables-legacy apart.
  mangle: [Chain.of('KUBE-IPTABLES-HINT', []), ...canary],
  nat: canary,
  filter: canary,
}

/**
 * What kubelet writes on its node as it starts, whatever mode kube-proxy is in: `syncIPTablesRules` of
 * pkg/kubelet/kubelet_network_linux.go.
 */
export const KUBELET_RULES: Readonly<Record<Family, RulePart>> = {
  4: { hooks: { filter: { INPUT: [TO_KUBE_FIREWALL[4]], OUTPUT: [TO_KUBE_FIREWALL[4]] } }, unused },
  6: { hooks: {}, unused },
}
