import type { Match } from '../../linux/netfilter/rules/match.ts'
import { Chain, type Rule, type Target } from '../../linux/netfilter/rules/rule.ts'
import { isV4 } from '../../util/address.ts'
import { type Prefix, prefix } from '../../util/prefix.ts'
import type { RulePart } from './node-rules.ts'

/** What must never be masqueraded: all hosts of a group would get a packet that seems to come from the node. */
const MULTICAST = { 4: prefix('224.0.0.0/4'), 6: prefix('ff00::/8') } as const

/**
 * flanneld --ip-masq, in its own order: packets that kube-proxy marked are left to kube-proxy; pods keep their addresses among
 * themselves; what leaves the cluster takes the node's address, as does what the node itself sends to pods elsewhere.
 */
export function flannelMasquerade(podCidr: Prefix, clusterCidr: Prefix): RulePart {
  const masq: Match = { kind: 'comment', text: 'flanneld masq' }
  const forward: Match = { kind: 'comment', text: 'flanneld forward' }
  const from = (prefix: Prefix, negate = false): Match => ({ kind: 'source', prefix, ...(negate && { negate }) })
  const to = (prefix: Prefix, negate = false): Match => ({ kind: 'destination', prefix, ...(negate && { negate }) })
  const rule = (target: Target, ...matches: Match[]): Rule => ({ matches, target, origin: 'flannel' })
  const back: Target = { kind: 'return' }
  const accept: Target = { kind: 'accept' }
  const masquerade: Target = { kind: 'masquerade', ports: null, choice: 'random-fully' }
  const multicast = MULTICAST[isV4(podCidr.address) ? 4 : 6]
  const postrouting = Chain.of('FLANNEL-POSTRTG', [
    rule(back, { kind: 'mark', value: 0x4000, mask: 0x4000 }, masq),
    rule(back, from(podCidr), to(clusterCidr), masq),
    rule(back, from(clusterCidr), to(podCidr), masq),
    rule(back, from(clusterCidr, true), to(podCidr), masq),
    rule(masquerade, from(clusterCidr), to(multicast, true), masq),
    rule(masquerade, from(clusterCidr, true), to(clusterCidr), masq),
  ])
  const forwarding = Chain.of('FLANNEL-FWD', [
    rule(accept, from(clusterCidr), forward),
    rule(accept, to(clusterCidr), forward),
  ])
  return {
    hooks: {
      nat: { POSTROUTING: [rule({ kind: 'jump', chain: postrouting }, masq)] },
      filter: { FORWARD: [rule({ kind: 'jump', chain: forwarding }, forward)] },
    },
  }
}
