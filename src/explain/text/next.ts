import { en } from '../messages/en.ts'
import type { Trace } from '../trace.ts'

/** What to try after a trace: options to add to the command, or commands of their own, the most telling first. */
export function nextLine(trace: Trace): string[] {
  const found = [...suggestions(trace)]
  return found.length === 0 ? [] : ['', `${en.heading.next}:  ${found.join(' · ')}`]
}

function* suggestions({ request, verdict, errno, forward, reply, service }: Trace): Generator<string> {
  const { from, to, protocol } = request
  const end = forward.hops.at(-1)
  if (errno === 'ENETUNREACH' && to.startsWith('svc/')) yield '--to node/NODE:NODEPORT'
  if (verdict === 'refused') yield '--dport PORT'
  if (end?.drop === 'too-big' || errno === 'EMSGSIZE' || reply?.hops[0]?.frame?.icmp?.mtu !== undefined) {
    yield '--size 1000'
    if (protocol !== 'tcp') yield '--no-df'
  }
  if ((service?.endpoints.length ?? 0) > 1) yield '--all-endpoints'
  const rule = forward.hops.find(({ action }) => action === 'dnat')?.rule ?? null
  if (rule !== null) yield `--proxy-mode ${rule.startsWith('KUBE-') ? 'nftables' : 'iptables'}`
  if (protocol === 'tcp' && verdict === 'delivered' && to.startsWith('svc/'))
    yield `podwire curl --from ${from} ${url(to, request.port)}`
  if (protocol !== 'icmp' && verdict !== 'delivered' && errno === undefined) yield '--proto icmp'
  if (forward.hops.length > 0) yield '--pcap trace.pcapng --capture all'
}

function url(to: string, port: number | null): string {
  const [namespace, name] = /^svc\/(?:([^/]+)\/)?([^:]+)/.exec(to)?.slice(1) ?? []
  const host = namespace === undefined ? name : `${name}.${namespace}`
  if (port === 443) return `https://${host}/`
  return port === 80 ? `http://${host}/` : `http://${host}:${port}/`
}
