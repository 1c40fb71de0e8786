import type { Hop } from '../hops.ts'
import { en } from '../messages/en.ts'
import type { Trace } from '../trace.ts'

/** The commands that show on a real node what the trace showed here: a line each, `On a real NODE:  COMMAND`. */
export function onRealNode(trace: Trace): string[] {
  const seen = new Set<string>()
  const lines: string[] = []
  for (const hop of trace.forward.hops) {
    const command = commandFor(hop)
    if (command === null || seen.has(command)) continue
    seen.add(command)
    const where = hop.netns === 'host' ? hop.node : hop.netns
    lines.push(`${en.heading.onNode} ${where}:  ${command}`)
  }
  return lines
}

function commandFor(hop: Hop): string | null {
  const to = hop.frame?.ip?.destination
  switch (hop.action) {
    case 'dnat':
      return to === undefined ? null : `conntrack -L -d ${to}`
    case 'route':
      return to === undefined ? null : `ip route get ${to}`
    case 'arp':
      return `ip neigh show dev ${hop.device}`
    case 'encap':
      return `bridge fdb show dev ${hop.device}`
    case 'reject':
      return 'iptables-save -c | grep REJECT'
    default:
      return null
  }
}
