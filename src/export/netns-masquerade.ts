import type { NetnsNode } from './netns-description.ts'

/** flannel's own rules (`--ip-masq`), in its order: what leaves the cluster takes the node's address, the rest keeps its own. */
export function masquerade(node: NetnsNode, clusterCidrs: readonly string[]): string[] {
  return node.overlays.flatMap(({ podCidr }) => {
    const six = podCidr.includes(':')
    const cluster = clusterCidrs.find((c) => c.includes(':') === six)
    if (cluster === undefined) return []
    return [
      '# flannel, ip-masq. Packets that kube-proxy marked (0x4000) are masqueraded by its own rule.',
      `ip netns exec "$PREFIX-${node.name}" ${six ? 'ip6tables' : 'iptables'}-restore --noflush <<EOF`,
      '*nat',
      ':FLANNEL-POSTRTG - [0:0]',
      ...[
        'POSTROUTING -j FLANNEL-POSTRTG',
        'FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN',
        `FLANNEL-POSTRTG -s ${podCidr} -d ${cluster} -j RETURN`,
        `FLANNEL-POSTRTG -s ${cluster} -d ${podCidr} -j RETURN`,
        `FLANNEL-POSTRTG ! -s ${cluster} -d ${podCidr} -j RETURN`,
        `FLANNEL-POSTRTG -s ${cluster} ! -d ${six ? 'ff00::/8' : '224.0.0.0/4'} -j MASQUERADE --random-fully`,
        `FLANNEL-POSTRTG ! -s ${cluster} -d ${cluster} -j MASQUERADE --random-fully`,
      ].map((rule) => `-A ${commented(rule, 'flanneld masq')}`),
      'COMMIT',
      '*filter',
      ':FLANNEL-FWD - [0:0]',
      ...['FORWARD -j FLANNEL-FWD', `FLANNEL-FWD -s ${cluster} -j ACCEPT`, `FLANNEL-FWD -d ${cluster} -j ACCEPT`].map(
        (rule) => `-A ${commented(rule, 'flanneld forward')}`,
      ),
      'COMMIT',
      'EOF',
    ]
  })
}

/** iptables-save prints a rule's comment after its matches and before its target. */
const commented = (rule: string, text: string): string => rule.replace(' -j ', ` -m comment --comment "${text}" -j `)
