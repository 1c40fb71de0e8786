import { type Address, address } from '../../util/address.ts'
import type { Namespace } from '../namespace.ts'
import { Chain, type Rule } from '../netfilter/rules/rule.ts'
import type { RuleSet } from '../netfilter/rules/table.ts'
import { NetfilterStack } from '../netfilter/stack.ts'

const chain = (name: string, rules: readonly Rule[]): Chain => Chain.of(name, rules, 'ACCEPT')
const only = (to: Address) => ({ low: to, high: to })

/** Virtual addresses of the lab: 10.96.0.N. */
export const VIP = (n: number): Address => address(`10.96.0.${n}`)

/** A Service by hand: a virtual address, the pod behind it, and whether the client's address is hidden from it. */
export interface Service {
  readonly vip: Address
  /** Null: no endpoint, so it is rejected. */
  readonly pod: Address | null
  readonly masquerade?: boolean
}

/** Tracks connections on a node, and translates to and for the Services given: the outline of what kube-proxy writes. */
export function track(namespace: Namespace, services: readonly Service[] = []): NetfilterStack {
  const stack = new NetfilterStack(namespace, namespace.kernel.rng.fork(`netfilter/${namespace.node}`))
  const at = (vip: Address) => ({ kind: 'destination', prefix: { address: vip, length: 32 } }) as const
  const dnat: Rule[] = services.flatMap(({ vip, pod, masquerade = false }) =>
    pod === null
      ? []
      : [
          ...(masquerade
            ? [{ matches: [at(vip)], target: { kind: 'mark', value: 0x4000, mask: 0x4000 } } as Rule]
            : []),
          {
            matches: [at(vip), { kind: 'protocol', protocol: 17 }],
            target: { kind: 'dnat', to: only(pod), ports: { low: 8080, high: 8080 }, choice: 'keep' },
          },
        ],
  )
  const hide: Rule = {
    matches: [{ kind: 'mark', value: 0x4000, mask: 0x4000 }],
    target: { kind: 'masquerade', ports: null, choice: 'random-fully' },
  }
  const reject: Rule[] = services
    .filter(({ pod }) => pod === null)
    .map(({ vip }) => ({ matches: [at(vip)], target: { kind: 'reject', with: null } }))
  const rules: RuleSet = {
    nat: {
      name: 'nat',
      chains: {
        PREROUTING: chain('PREROUTING', dnat),
        OUTPUT: chain('OUTPUT', dnat),
        POSTROUTING: chain('POSTROUTING', [hide]),
      },
    },
    filter: { name: 'filter', chains: { FORWARD: chain('FORWARD', reject), OUTPUT: chain('OUTPUT', reject) } },
  }
  stack.setRules(4, rules)
  stack.setRules(6, { nat: { name: 'nat', chains: { POSTROUTING: chain('POSTROUTING', []) } } })
  namespace.netfilter = stack
  return stack
}
