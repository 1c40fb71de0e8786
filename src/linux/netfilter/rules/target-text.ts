import { formatAddress, sameAddress } from '../../../util/address.ts'
import { unreachable } from '../../../util/unreachable.ts'
import type { PortRange } from './match.ts'
import type { Target } from './rule.ts'
import type { AddressRange, PortChoice } from './target.ts'

/**
 * `saved`: as iptables-save prints a rule, whatever way it was written. `written`: as kube-proxy hands it to
 * iptables-restore, its options in the order of the matches.
 */
export type TextStyle = 'saved' | 'written'

/** `-j …` or `-g …`; empty for a rule that only counts. */
export function targetText(target: Target, family: 4 | 6, style: TextStyle): string {
  switch (target.kind) {
    case 'none':
      return ''
    case 'accept':
    case 'drop':
    case 'return':
      return `-j ${target.kind.toUpperCase()}`
    case 'jump':
      return `-j ${target.chain.name}`
    case 'goto':
      return `-g ${target.chain.name}`
    case 'reject': {
      if (style === 'written' && target.with === null) return '-j REJECT'
      return `-j REJECT --reject-with ${target.with ?? (family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable')}`
    }
    case 'mark':
      return markText(target, style)
    case 'masquerade':
      return `-j MASQUERADE${toPorts(target.ports)}${choice(target.choice)}`
    case 'redirect':
      return `-j REDIRECT${toPorts(target.ports)}${choice(target.choice)}`
    case 'snat':
    case 'dnat': {
      const option = target.kind === 'snat' ? '--to-source' : '--to-destination'
      const persistent = target.persistent === true ? ' --persistent' : ''
      return `-j ${target.kind.toUpperCase()} ${option} ${to(target.to, target.ports)}${choice(target.choice)}${persistent}`
    }
    case 'vmap':
    case 'numgen':
      throw new Error('iptables has no verdict maps')
    case 'notrack':
      return '-j CT --notrack'
    case 'log':
      return target.prefix === '' ? '-j LOG' : `-j LOG --log-prefix "${target.prefix}"`
    default:
      return unreachable(target)
  }
}

function markText(target: Extract<Target, { kind: 'mark' }>, style: TextStyle): string {
  const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`
  if (style === 'written') {
    if (target.written === 'or' || target.written === 'xor')
      return `-j MARK --${target.written}-mark ${hex(target.value)}`
    if (target.written === 'and') return `-j MARK --and-mark ${hex(~target.mask)}`
    if (target.written === 'set') return `-j MARK --set-mark ${hex(target.value)}`
  }
  return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`
}

const ports = ({ low, high }: PortRange): string => (low === high ? `${low}` : `${low}-${high}`)

const toPorts = (range: PortRange | null): string => (range === null ? '' : ` --to-ports ${ports(range)}`)

function choice(how: PortChoice): string {
  return how === 'keep' ? '' : how === 'random' ? ' --random' : ' --random-fully'
}

function to(range: AddressRange | null, portRange: PortRange | null): string {
  const suffix = portRange === null ? '' : `:${ports(portRange)}`
  if (range === null) return suffix
  const low = formatAddress(range.low)
  const text = sameAddress(range.low, range.high) ? low : `${low}-${formatAddress(range.high)}`
  return portRange !== null && typeof range.low !== 'number' ? `[${text}]${suffix}` : `${text}${suffix}`
}
