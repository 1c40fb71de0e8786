/** `podwire proxy explain` and what is said of a node's rules. */
export const proxy = {
  verdict: {
    DNAT: (count: number): string => `DNAT  to ${count === 1 ? 'one endpoint' : `one of ${count} endpoints`}`,
    ACCEPT: (): string => 'ACCEPT  no Service rule touches it: it goes where the routes lead',
    DROP: (): string => 'DROP  silently: the client hears nothing',
    REJECT: (): string => 'REJECT  with an ICMP error: the client sees "connection refused"',
  },
  arrives: (node: string, device: string): string => `on ${node}, in by ${device}`,
  own: (node: string): string => `on ${node}, sent by the node itself`,
  masqueraded: 'masquerade  yes: the endpoint sees an address of the node, and answers through it',
  kept: 'masquerade  no: the endpoint sees the source address as it is',
  partly: 'masquerade  only where it is said: there the endpoint sees an address of the node',
  here: '(masqueraded)',
  rules: 'Rules, in the order in which they matched',
  noNftables: (node: string, mode: string): string =>
    `${node} has no nftables tables: kube-proxy runs in ${mode} mode (--proxy-mode nftables shows the other)`,
  noIpvs: (node: string, mode: string): string =>
    `${node} has no virtual servers: kube-proxy runs in ${mode} mode (--proxy-mode ipvs shows the other)`,
  noIptables: (node: string): string => `${node} has no iptables rules of that family`,
} as const
