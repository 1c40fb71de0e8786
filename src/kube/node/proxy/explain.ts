import type { Device } from '../../../linux/device/device.ts'
import { explore, type Outcome } from '../../../linux/netfilter/explore.ts'
import type { Ipvs } from '../../../linux/netfilter/ipvs/ipvs.ts'
import { realText, serverText } from '../../../linux/netfilter/ipvs/text.ts'
import type { VirtualServer } from '../../../linux/netfilter/ipvs/virtual-server.ts'
import type { NftTable } from '../../../linux/netfilter/nft/table.ts'
import { Packet } from '../../../linux/netfilter/packet.ts'
import type { MatchState } from '../../../linux/netfilter/rules/state.ts'
import type { RuleSet } from '../../../linux/netfilter/rules/table.ts'
import { baseChains, IPVS_PRIORITY, nftBaseChains } from '../../../linux/netfilter/stack.ts'
import { Skb } from '../../../linux/skb.ts'
import type { HookName } from '../../../trace/steps/packet.ts'
import { type Address, familyOf, formatEndpoint } from '../../../util/address.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL_NUMBER, type ProtocolName } from './service-port.ts'

/** A connection's first packet, as a node first sees it. */
export interface ProxyQuery {
  readonly source: Address
  readonly destination: Address
  readonly port: number
  readonly protocol: ProtocolName
  /** The device it comes in by; null when the node itself sends it. */
  readonly input: Device | null
}

/** Where a packet may end up; `text` is `ip:port`. */
export interface Destination {
  readonly text: string
  readonly address: Address
  readonly port: number
  readonly probability: number
  /** On some branch that leads here: an endpoint that reaches itself is, others may not be. */
  readonly masqueraded: boolean
}

/** What becomes of it: `DNAT` to one of the destinations, or left as it is (`ACCEPT`), or refused. */
export interface ProxyDecision {
  readonly verdict: 'DNAT' | 'ACCEPT' | 'DROP' | 'REJECT'
  /** In rule order. */
  readonly destinations: readonly Destination[]
  readonly masquerade: boolean
  /** Every rule that some branch passed, as iptables-save or nft prints it, and virtual servers as ipvsadm takes them. */
  readonly rules: readonly string[]
}

/** A packet on one branch: what it looks like so far. */
interface Branch {
  readonly destination: Address
  readonly port: number
  readonly mark: number
  readonly probability: number
  readonly translated: boolean
  readonly masqueraded: boolean
  /** What IPVS sent it on for. */
  readonly virtual: VirtualServer | null
}

/** A base chain at its hook, or IPVS, which stands at some hooks too. */
type Station =
  | ReturnType<typeof baseChains>[number]
  | { readonly hook: HookName; readonly priority: number; readonly type: 'ipvs' }

/** The hooks still ahead are decided on the way: a local destination ends at INPUT. */
type Path = readonly HookName[]

/**
 * Walks a node's rules as the first packet of a new connection would, hook by hook and along all branches of random choices.
 * The verdict is that of the branches that are served; when none is, how the packet ends.
 */
export function explainService(
  rules: RuleSet,
  query: ProxyQuery,
  state: MatchState,
  nft: readonly NftTable[] = [],
  ipvs: Ipvs | null = null,
): ProxyDecision {
  return new Explanation(rules, query, state, nft, ipvs).decide()
}

const IPVS_STATIONS: readonly Station[] = [
  { hook: 'INPUT', priority: IPVS_PRIORITY.INPUT, type: 'ipvs' },
  { hook: 'OUTPUT', priority: IPVS_PRIORITY.OUTPUT, type: 'ipvs' },
]

class Explanation {
  private readonly packet = new Packet()
  private readonly texts = new Set<string>()
  private readonly destinations = new Map<string, Destination>()
  private readonly stations: Station[]
  private masquerade = false
  private untouched = false
  private refused: 'DROP' | 'REJECT' | null = null

  constructor(
    rules: RuleSet,
    private readonly query: ProxyQuery,
    private readonly state: MatchState,
    nft: readonly NftTable[],
    private readonly ipvs: Ipvs | null,
  ) {
    const chains = [...baseChains(rules), ...nft.flatMap(nftBaseChains)].filter(({ chain }) => chain.length > 0)
    this.stations = [...chains, ...(ipvs === null ? [] : IPVS_STATIONS)]
    this.stations.sort((a, b) => a.priority - b.priority)
    const p = this.packet
    p.skb = new Skb(Frame.allocate(0), 0, 0)
    p.skb.connectionState = 'new'
    p.family = familyOf(query.destination)
    p.source = query.source
    p.protocol = PROTOCOL_NUMBER[query.protocol]
    p.sourcePort = 40_000
  }

  decide(): ProxyDecision {
    const { destination, port, input } = this.query
    const start = { destination, port, mark: 0, probability: 1, translated: false, masqueraded: false, virtual: null }
    this.at(input === null ? 'OUTPUT' : 'PREROUTING', 0, start)
    const served = this.destinations.size > 0
    return {
      verdict: served ? 'DNAT' : this.untouched ? 'ACCEPT' : (this.refused ?? 'ACCEPT'),
      destinations: [...this.destinations.values()],
      masquerade: this.masquerade,
      rules: [...this.texts],
    }
  }

  /** What stands at a hook from `next` on, then the hooks that follow. */
  private at(hook: HookName, next: number, branch: Branch): void {
    const i = this.stations.findIndex((station, n) => n >= next && station.hook === hook)
    if (i < 0) {
      const [then] = this.after(hook, branch)
      if (then === undefined) this.arrive(branch)
      else this.at(then, 0, branch)
      return
    }
    const station = this.stations[i]
    if (station.type === 'ipvs') {
      this.balance(hook, i + 1, branch)
      return
    }
    const settled = hook === 'POSTROUTING' ? branch.masqueraded : branch.translated
    if (station.type === 'nat' && settled) {
      this.at(hook, i + 1, branch)
      return
    }
    for (const outcome of this.walk(station, branch)) {
      const end = refusal(outcome)
      if (end !== null) this.refused ??= end
      else this.at(hook, i + 1, taken(branch, outcome))
    }
  }

  /** A virtual server sends it to one of its real servers: through OUTPUT, or, where that is the node itself, on where it is. */
  private balance(hook: HookName, next: number, branch: Branch): void {
    const ipvs = this.ipvs!
    const { family, protocol, source } = this.packet
    const server =
      branch.virtual !== null ? null : ipvs.virtualServers(family).find(protocol, branch.destination, branch.port)
    if (server === null) {
      this.at(hook, next, branch)
      return
    }
    const shares = ipvs.shares(server, source)
    this.texts.add(`ipvsadm ${serverText(server)}`)
    for (const { real } of shares) this.texts.add(`ipvsadm ${realText(server, real)}`)
    if (shares.length === 0) this.refused ??= 'REJECT'
    for (const { real, share } of shares) {
      const { address: destination, port } = real
      const sent = {
        ...branch,
        destination,
        port,
        translated: true,
        virtual: server,
        probability: branch.probability * share,
      }
      const local = this.state.addressType(destination, null) === 'local'
      if (local) this.at(hook, next, sent)
      else this.at('OUTPUT', 0, sent)
    }
  }

  private after(hook: HookName, { destination }: Branch): Path {
    const local = this.state.addressType(destination, null) === 'local'
    if (hook === 'PREROUTING') return [local ? 'INPUT' : 'FORWARD']
    return hook === 'FORWARD' || (hook === 'OUTPUT' && !local) ? ['POSTROUTING'] : []
  }

  private arrive({ destination: address, port, probability, translated, masqueraded }: Branch): void {
    if (!translated) {
      this.untouched = true
      return
    }
    const text = formatEndpoint(address, port)
    const before = this.destinations.get(text)
    this.destinations.set(text, {
      text,
      address,
      port,
      probability: (before?.probability ?? 0) + probability,
      masqueraded: (before?.masqueraded ?? false) || masqueraded,
    })
    this.masquerade ||= masqueraded
  }

  private walk({ chain, hook, print }: Exclude<Station, { type: 'ipvs' }>, branch: Branch): Outcome[] {
    const p = this.packet
    p.hook = hook
    p.input = hook === 'POSTROUTING' || hook === 'OUTPUT' ? null : this.query.input
    p.destination = branch.destination
    p.destinationPort = branch.port
    p.skb.ipvs = branch.virtual
    const outcomes = [...explore(chain, p, this.state, branch.mark)]
    for (const { matched } of outcomes) {
      for (const { chain: at, rule } of matched) this.texts.add(print(at.name, rule, p.family))
    }
    return outcomes
  }
}

function taken(branch: Branch, { target, mark, probability }: Outcome): Branch {
  const next = { ...branch, mark, probability: branch.probability * probability }
  switch (target?.kind) {
    case 'dnat':
      return {
        ...next,
        destination: target.to?.low ?? branch.destination,
        port: target.ports?.low ?? branch.port,
        translated: true,
      }
    case 'masquerade':
    case 'snat':
      return { ...next, masqueraded: true }
    default:
      return next
  }
}

function refusal({ target }: Outcome): 'DROP' | 'REJECT' | null {
  if (target?.kind === 'drop') return 'DROP'
  return target?.kind === 'reject' ? 'REJECT' : null
}
