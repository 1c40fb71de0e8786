import { type Nanos, SECOND } from '../../sim/time.ts'
import { type Address, parseAddress } from '../../util/address.ts'

/** resolv.conf(5), as far as glibc's resolver heeds it. */
export interface ResolvConf {
  /** At most three. */
  readonly nameservers: readonly Address[]
  readonly search: readonly string[]
  readonly ndots: number
  readonly timeout: Nanos
  readonly attempts: number
}

export const RESOLV_DEFAULTS: ResolvConf = { nameservers: [], search: [], ndots: 1, timeout: 5 * SECOND, attempts: 2 }
const MAX_NAMESERVERS = 3

/** What the kubelet writes for dnsPolicy ClusterFirst (`getPodDNSType`, `appendOptions`). */
export function clusterFirst(
  nameservers: readonly Address[],
  namespace: string,
  domain = 'cluster.local',
  hostSearch: readonly string[] = [],
): ResolvConf {
  const search = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...hostSearch]
  return { ...RESOLV_DEFAULTS, nameservers: nameservers.slice(0, MAX_NAMESERVERS), search, ndots: 5 }
}

/** Lines that mean nothing are skipped, as glibc does; the last `search` or `domain` counts. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: Address[] = []
  let conf = RESOLV_DEFAULTS
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver') {
      const address = parseAddress(values[0] ?? '')
      if (address !== null && nameservers.length < MAX_NAMESERVERS) nameservers.push(address)
    } else if (keyword === 'search' || keyword === 'domain') conf = { ...conf, search: values }
    else if (keyword === 'options') conf = withOptions(conf, values)
  }
  return { ...conf, nameservers }
}

export function formatResolvConf({ nameservers, search, ndots }: ResolvConf, format: (a: Address) => string): string {
  const lines = [
    `search ${search.join(' ')}`,
    ...nameservers.map((a) => `nameserver ${format(a)}`),
    `options ndots:${ndots}`,
  ]
  return `${lines.join('\n')}\n`
}

/** glibc caps ndots at 15, timeout at 30 s and attempts at 5. */
function withOptions(conf: ResolvConf, options: readonly string[]): ResolvConf {
  let next = conf
  for (const option of options) {
    const [name, text] = option.split(':')
    const value = Number(text)
    if (!Number.isInteger(value) || value < 0) continue
    if (name === 'ndots') next = { ...next, ndots: Math.min(15, value) }
    else if (name === 'timeout') next = { ...next, timeout: Math.min(30, value) * SECOND }
    else if (name === 'attempts') next = { ...next, attempts: Math.min(5, value) }
  }
  return next
}
