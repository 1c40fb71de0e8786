import { createHash } from 'node:crypto'
import type { Match } from '../../linux/netfilter/rules/match.ts'
import { Chain } from '../../linux/netfilter/rules/rule.ts'
import { type Address, isV4 } from '../../util/address.ts'
import { type Prefix, prefix } from '../../util/prefix.ts'
import type { RulePart } from './node-rules.ts'

/** Chain names of the CNI plugins end here. */
const MAX_CHAIN_LENGTH = 28
const MULTICAST = { 4: prefix('224.0.0.0/4'), 6: prefix('ff00::/8') } as const

/**
 * The CNI bridge plugin's `ipMasq`: a chain for each address of a container, which lets packets to its own subnet alone and
 * masquerades the others. `network` is the name in the CNI configuration.
 */
export function bridgeMasquerade(network: string, containerId: string, address: Address, subnet: Prefix): RulePart {
  const comment: Match = { kind: 'comment', text: `name: "${network}" id: "${containerId}"` }
  const chain = Chain.of(cniChainName(network, containerId), [
    { matches: [{ kind: 'destination', prefix: subnet }, comment], target: { kind: 'accept' } },
    {
      matches: [{ kind: 'destination', prefix: MULTICAST[isV4(address) ? 4 : 6], negate: true }, comment],
      target: { kind: 'masquerade', ports: null, choice: 'keep' },
    },
  ])
  const own: Match = { kind: 'source', prefix: { address, length: isV4(address) ? 32 : 128 } }
  return { hooks: { nat: { POSTROUTING: [{ matches: [own, comment], target: { kind: 'jump', chain } }] } } }
}

/** utils.FormatChainName: `CNI-` and as much of the hash as fits. */
export function cniChainName(network: string, containerId: string): string {
  const hash = createHash('sha512').update(`${network}${containerId}`).digest('hex')
  return `CNI-${hash}`.slice(0, MAX_CHAIN_LENGTH)
}
