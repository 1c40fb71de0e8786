import { DROPS } from '../../trace/drops.ts'
import type { Hop } from '../hops.ts'
import { en } from '../messages/en.ts'
import type { Trace } from '../trace.ts'

/** The commands that show on real machines what the trace showed here, a heading for each machine. */
export function onRealNode(trace: Trace): string[] {
  const { hops } = trace.forward
  const places = new Map<string, Set<string>>()
  hops.forEach((hop, i) => {
    const where = hop.netns === 'host' ? hop.node : hop.netns
    for (const command of commandsFor(hop, hops[i - 1])) {
      const known = places.get(where)
      if (known === undefined) places.set(where, new Set([command]))
      else known.add(command)
    }
  })
  return [...places].flatMap(([where, commands]) => {
    const head = `${en.heading.onNode} ${where}:  `
    return [...commands].map((command, i) => (i === 0 ? head : ' '.repeat(head.length)) + command)
  })
}

function commandsFor(hop: Hop, before: Hop | undefined): string[] {
  const { ip } = hop.frame ?? {}
  switch (hop.action) {
    case 'dnat': {
      const to = before?.frame?.ip?.destination
      const byIpvs = hop.why.includes('IPVS') && to !== undefined
      return [
        ...(to === undefined ? [] : [`conntrack -L -d ${to}`]),
        ...(byIpvs ? [`ipvsadm -Lnc | grep ${to}`] : []),
        ...ruleCommands(hop),
      ]
    }
    case 'masquerade':
    case 'snat':
    case 'reject':
      return ruleCommands(hop)
    case 'route':
      return ip === undefined ? [] : [`ip route get ${ip.destination} from ${ip.source} iif ${before?.device}`]
    case 'encap':
      return [`bridge fdb show dev ${hop.device}`]
    case 'drop':
      if (hop.rule !== null) return ruleCommands(hop)
      return hop.drop === undefined ? [] : [DROPS[hop.drop].hint]
    default:
      return []
  }
}

/** Where the rule that decided stands: the chain of the Service, else the last one. Chains of iptables are in capitals. */
function ruleCommands({ rule, frame }: Hop): string[] {
  if (rule === null) return []
  const chains = rule.split(' > ')
  const chain = chains.find((name) => /^(KUBE-SVC-|KUBE-SVL-|service-)/.test(name)) ?? chains.at(-1)!
  if (/^[A-Z]/.test(chain)) return [`iptables-save -c | grep ${chain}`]
  return chain.includes(' ') ? [] : [`nft list chain ${frame?.ip?.version === 6 ? 'ip6' : 'ip'} kube-proxy ${chain}`]
}
