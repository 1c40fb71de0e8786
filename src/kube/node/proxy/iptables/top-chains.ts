import { Chain, type Rule, type Target } from '../../../../linux/netfilter/rules/rule.ts'
import type { ProxyOptions } from '../config.ts'
import { ACCEPT, comment, DROP, markIs, RETURN, rule, state } from './matches.ts'

/** The chains that no Service changes. */
export interface TopChains {
  readonly markMasq: Chain
  readonly jumpToMarkMasq: Target
  readonly postrouting: Chain
  readonly forward: Chain
}

export function topChains(options: ProxyOptions): TopChains {
  const mark = 1 << options.masqueradeBit
  const markMasq = Chain.of('KUBE-MARK-MASQ', [rule({ kind: 'mark', value: mark, mask: mark, written: 'or' }, [])])
  return {
    markMasq,
    jumpToMarkMasq: { kind: 'jump', chain: markMasq },
    postrouting: Chain.of('KUBE-POSTROUTING', [
      rule(RETURN, [markIs(mark, true)]),
      // Cleared, lest the packet be masqueraded again when an overlay sends it through the stack once more.
      rule({ kind: 'mark', value: mark, mask: 0, written: 'xor' }, []),
      rule({ kind: 'masquerade', ports: null, choice: options.randomFully ? 'random-fully' : 'keep' }, [
        comment('kubernetes service traffic requiring SNAT'),
      ]),
    ]),
    forward: Chain.of('KUBE-FORWARD', forwardRules(options, mark)),
  }
}

function forwardRules({ tcpLiberal, nfacct }: ProxyOptions, mark: number): Rule[] {
  const counted = nfacct ? [{ kind: 'nfacct', name: 'ct_state_invalid_dropped_pkts' } as const] : []
  return [
    ...(tcpLiberal ? [] : [rule(DROP, [state('INVALID'), ...counted])]),
    rule(ACCEPT, [comment('kubernetes forwarding rules'), markIs(mark)]),
    rule(ACCEPT, [comment('kubernetes forwarding conntrack rule'), state('RELATED', 'ESTABLISHED')]),
  ]
}
