import type { HookName } from '../../../trace/steps/packet.ts'
import type { AddressSet } from '../rules/match.ts'
import type { Chain, VerdictMap } from '../rules/rule.ts'

/** A chain that nftables calls at a hook, beside those of iptables, in the order of priorities. */
export interface BaseChain {
  readonly chain: Chain
  readonly type: 'filter' | 'nat'
  readonly hook: HookName
  readonly priority: number
}

/**
 * One nftables table of family `ip` or `ip6`. Its rules are those of iptables with verdict maps, sets and numgen besides, so
 * the same walk serves both.
 */
export interface NftTable {
  readonly name: string
  readonly comment: string
  readonly chains: readonly BaseChain[]
  readonly sets: readonly AddressSet[]
  readonly maps: readonly VerdictMap[]
  /** Chains that exist whether or not anything leads to them. */
  readonly otherChains: readonly Chain[]
  readonly chainComments: ReadonlyMap<string, string>
}
