import { readFileSync } from 'node:fs'
import { iptablesSave } from '../../src/export/iptables.ts'
import type { ServiceModel } from '../../src/kube/node/proxy/model.ts'
import type { RuleSet } from '../../src/linux/netfilter/rules/table.ts'
import { service, slice } from './services.ts'

/** What kube-proxy's own unit tests expect. */
export const vector = (name: string): string =>
  readFileSync(new URL(`../vectors/kube-proxy/${name}`, import.meta.url), 'utf8')

/** A vector of several syncs, each under a line `# what happened before it`. */
export function stages(name: string): { readonly title: string; readonly text: string }[] {
  const parts = vector(name)
    .split(/^# (.*)\n/m)
    .slice(1)
  return parts.flatMap((title, i) => (i % 2 === 0 ? [{ title, text: parts[i + 1] }] : []))
}

/** What happens before each sync of TestSyncProxyRulesRepeated, as far as the modes have it in common: by the titles of `stages`. */
export function repeatedSyncs(model: ServiceModel): Readonly<Record<string, () => void>> {
  const one = (n: number, port = 80): void =>
    model.setService(service(`ns${n}/svc${n}`, `172.30.0.4${n}`, { ports: [{ name: `p${port}`, port }] }))
  const lead = (n: number, addresses: readonly string[], port = 80): void =>
    model.setSlice(slice(`ns${n}/svc${n}`, [{ name: `p${port}`, port }], addresses))
  return {
    'two Services': () => [one(1), lead(1, ['10.0.1.1']), one(2, 8080), lead(2, ['10.0.2.1'], 8080)],
    'a third one and its endpoints': () => [one(3), lead(3, ['10.0.3.1'])],
    'the second one deleted': () => model.deleteService('ns2', 'svc2'),
    'a fourth one, without endpoints': () => one(4),
    'its endpoints': () => lead(4, ['10.0.4.1']),
    'another endpoint in the place of the first': () => lead(3, ['10.0.3.2']),
    'an endpoint added': () => lead(3, ['10.0.3.2', '10.0.3.3']),
  }
}

/** What kube-proxy hands to iptables-restore: its own chains, sorted as its tests sort them. */
export function dump(rules: RuleSet): string {
  const out: string[] = []
  for (const table of iptablesSave(rules, 4, { style: 'written' }).split(/(?<=COMMIT\n)/)) {
    const lines = table.trim().split('\n')
    if (lines[0] === '*mangle') continue
    const own = (name: string): boolean => name.startsWith('KUBE-') && !name.endsWith('-CANARY')
    const names = lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1).split(' ')[0])
    const chains = names.filter(own).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    out.push(lines[0], ...chains.map((name) => `:${name} - [0:0]`))
    for (const name of chains) out.push(...lines.filter((line) => line.startsWith(`-A ${name} `)))
    out.push('COMMIT')
  }
  const text = `${out.join('\n')}\n`
  const [nat, filter] = text.split(/(?<=COMMIT\n)/)
  return filter + nat
}

const rank = (name: string): number => (name === 'KUBE-NODEPORTS' ? 0 : name === 'KUBE-SERVICES' ? 1 : 2)

/** The rules of one chain of a dump. */
export const chainOf = (text: string, table: 'filter' | 'nat', chain: string): string[] => {
  const part = text.split(/(?<=COMMIT\n)/).find((t) => t.startsWith(`*${table}`)) ?? ''
  return part.split('\n').filter((line) => line.startsWith(`-A ${chain} `))
}

/** Tables with their chains and rules, as `iptables-restore --noflush` changes them: `table chain` to rules. */
export type Held = ReadonlyMap<string, readonly string[]>

/** A partial sync: `:CHAIN` makes or empties a chain, -A appends to it, -X takes it away; all else stays. */
export function restored(before: Held, text: string): Held {
  const held = new Map(Array.from(before, ([chain, rules]) => [chain, [...rules]]))
  let table = ''
  for (const line of text.split('\n')) {
    const [word, name] = line.split(' ')
    if (line.startsWith('*')) table = line.slice(1)
    else if (line.startsWith(':')) held.set(`${table} ${word.slice(1)}`, [])
    else if (word === '-A') held.get(`${table} ${name}`)?.push(line)
    else if (word === '-X') held.delete(`${table} ${name}`)
  }
  return held
}

/** Rules for Services in the order of the Services, which kube-proxy does not promise. */
export function sortServices(text: string): string {
  const shared = /^-A KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS) /
  const lines = text.split('\n')
  const name = (line: string): string => /--comment "?(ns\d+\/svc\d+)/.exec(line)?.[1] ?? '~'
  const chain = (line: string): string => line.split(' ')[1]
  for (let i = 0; i < lines.length; i++) {
    let end = i
    while (end < lines.length && shared.test(lines[end]) && chain(lines[end]) === chain(lines[i])) end++
    if (end === i) continue
    const part = lines.slice(i, end).sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0))
    lines.splice(i, end - i, ...part)
    i = end - 1
  }
  return lines.join('\n')
}

/** Of an nftables dump, less chains without a rule, which wait to be deleted in a later sync. */
export function canonicalNft(script: string): string {
  const lines = script.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const rules = lines.filter((line) => line.startsWith('add rule'))
  const chain = (line: string): string => line.split(' ')[4]
  const filled = new Set(rules.map(chain))
  const stale = (line: string): boolean =>
    /^add chain \S+ \S+ (service|endpoint)-\S+\/\S+$/.test(line) && !filled.has(chain(line))
  rules.sort((a, b) => (chain(a) < chain(b) ? -1 : chain(a) > chain(b) ? 1 : 0))
  return [...lines.filter((line) => !line.startsWith('add rule') && !stale(line)).sort(), ...rules].join('\n')
}

/** What every nftables dump of those tests begins with. */
export const nftBase = (): string => vector('overall.nft').split('# svc1\n')[0]

/** The manifests of TestBadIPs: addresses as no one should write them. */
export const BAD_IPS = `
apiVersion: v1
kind: Service
metadata: { name: svc1, namespace: ns1 }
spec:
  type: LoadBalancer
  clusterIP: 172.30.0.041
  ports: [{ name: p80, port: 80, nodePort: 3001 }]
  externalIPs: [192.168.099.022]
  loadBalancerSourceRanges: [' 203.0.113.000/025']
status: { loadBalancer: { ingress: [{ ip: 1.2.3.004 }] } }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: svc1-1, namespace: ns1, labels: { kubernetes.io/service-name: svc1 } }
addressType: IPv4
ports: [{ name: p80, port: 80, protocol: TCP }]
endpoints: [{ addresses: [10.180.00.001] }]
`
