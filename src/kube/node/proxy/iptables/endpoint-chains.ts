import type { Match } from '../../../../linux/netfilter/rules/match.ts'
import { Chain, type Rule } from '../../../../linux/netfilter/rules/rule.ts'
import type { Endpoint } from '../endpoints.ts'
import { shortHash } from '../hash.ts'
import type { ServicePortInfo } from '../service-port.ts'
import { comment, from, oneOf, protocol, rule } from './matches.ts'
import type { TopChains } from './top-chains.ts'

/** The chains of one Service port's endpoints; the cluster and the local policy share them. */
export class EndpointChains {
  private chains: Map<Endpoint, Chain> | null = null

  constructor(
    private readonly info: ServicePortInfo,
    private readonly context: { readonly top: TopChains; readonly largeCluster: boolean },
  ) {}

  /** KUBE-SVC-… or KUBE-SVL-…: `first`, then affinity, then one endpoint by chance. */
  policyChain(
    prefix: 'KUBE-SVC-' | 'KUBE-SVL-',
    first: (() => Rule) | null,
    endpoints: () => readonly Endpoint[],
  ): Chain {
    const { info } = this
    return new Chain(
      () => prefix + shortHash(info.name + info.protocol, 16),
      () => (first === null ? this.choose(endpoints()) : [first(), ...this.choose(endpoints())]),
    )
  }

  private choose(endpoints: readonly Endpoint[]): Rule[] {
    const { name, affinity, origin } = this.info
    const said = (text: string): Match[] => (this.context.largeCluster ? [] : [comment(text)])
    const rules: Rule[] = []
    if (affinity > 0) {
      for (const endpoint of endpoints) {
        const chain = this.chain(endpoint)
        const recent: Match = { kind: 'recent', list: chain, action: 'rcheck', seconds: affinity, reap: true }
        const matches = [...said(`${name} -> ${endpoint.text}`), recent]
        rules.push(rule({ kind: 'jump', chain }, matches, origin))
      }
    }
    endpoints.forEach((endpoint, i) => {
      const left = endpoints.length - i
      const text = said(`${name} -> ${endpoint.text}`)
      const matches = left === 1 ? text : [...text, oneOf(left)]
      rules.push(rule({ kind: 'jump', chain: this.chain(endpoint) }, matches, origin))
    })
    return rules
  }

  /** KUBE-SEP-…: packets of the endpoint itself come back through the node; the others go straight to it. */
  private chain(endpoint: Endpoint): Chain {
    this.chains ??= new Map()
    const known = this.chains.get(endpoint)
    if (known !== undefined) return known
    const { info, context } = this
    const chain: Chain = new Chain(
      () => `KUBE-SEP-${shortHash(info.name + info.protocol + endpoint.text, 16)}`,
      () => {
        const text = context.largeCluster ? [] : [comment(info.name)]
        const { address, port } = endpoint
        const seen: Match[] =
          info.affinity > 0 ? [{ kind: 'recent', list: chain, action: 'set', seconds: 0, reap: false }] : []
        return [
          rule(context.top.jumpToMarkMasq, [...text, from(address)], info.origin),
          rule(
            { kind: 'dnat', to: { low: address, high: address }, ports: { low: port, high: port }, choice: 'keep' },
            [...text, ...seen, protocol(info.protocol)],
            info.origin,
          ),
        ]
      },
    )
    this.chains.set(endpoint, chain)
    return chain
  }
}
