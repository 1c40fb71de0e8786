import type { Match } from '../../../../linux/netfilter/rules/match.ts'
import type { Rule, Target } from '../../../../linux/netfilter/rules/rule.ts'
import { type Address, isV4 } from '../../../../util/address.ts'
import type { Prefix } from '../../../../util/prefix.ts'
import { PROTOCOL_NUMBER, type ProtocolName } from '../service-port.ts'

/** The words that kube-proxy's rules are made of. Values that many rules have in common are made once. */
export const comment = (text: string): Match => ({ kind: 'comment', text })

const PROTOCOLS: Readonly<Record<ProtocolName, Match>> = {
  tcp: { kind: 'protocol', protocol: PROTOCOL_NUMBER.tcp, module: true },
  udp: { kind: 'protocol', protocol: PROTOCOL_NUMBER.udp, module: true },
  sctp: { kind: 'protocol', protocol: PROTOCOL_NUMBER.sctp, module: true },
}

/** `-m tcp -p tcp`. */
export const protocol = (name: ProtocolName): Match => PROTOCOLS[name]

export const hostPrefix = (address: Address): Prefix => ({ address, length: isV4(address) ? 32 : 128 })

/** `-d`, of one address. */
export const to = (address: Address): Match => ({ kind: 'destination', prefix: hostPrefix(address) })

/** `-s`, of one address. */
export const from = (address: Address): Match => ({ kind: 'source', prefix: hostPrefix(address) })

export const fromPrefix = (prefix: Prefix): Match => ({ kind: 'source', prefix })

export const toPort = (port: number): Match => ({ kind: 'destination-port', ports: { low: port, high: port } })

export const toLocal: Match = { kind: 'addrtype', side: 'destination', type: 'local' }
export const fromLocal: Match = { kind: 'addrtype', side: 'source', type: 'local' }

export const markIs = (mark: number, negate = false): Match => ({
  kind: 'mark',
  value: mark,
  mask: mark,
  ...(negate && { negate }),
})

export const state = (...states: Extract<Match, { kind: 'ctstate' }>['states']): Match => ({ kind: 'ctstate', states })

const CHANCES: Match[] = []

/** One of `n`: the first of the remaining endpoints is taken with probability 1/n, as kube-proxy prints it. */
export function oneOf(n: number): Match {
  return (CHANCES[n] ??= { kind: 'random', probability: Number((1 / n).toFixed(10)) })
}

export const ACCEPT: Target = { kind: 'accept' }
export const DROP: Target = { kind: 'drop' }
export const REJECT: Target = { kind: 'reject', with: null }
export const RETURN: Target = { kind: 'return' }

export const rule = (target: Target, matches: readonly Match[], origin?: string): Rule =>
  origin === undefined ? { matches, target } : { matches, target, origin }
