import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../../../../../test/support/services.ts'
import { iptablesSave } from '../../../../export/iptables.ts'
import type { RuleSet } from '../../../../linux/netfilter/rules/table.ts'
import { combineRules } from '../../node-rules.ts'
import type { ProxyNode, ProxyOptions } from '../config.ts'
import type { ServiceModel } from '../model.ts'
import { IptablesProxy } from './proxy.ts'

/** As kube-proxy's tests run it. */
const TESTED: ProxyOptions = { ...OPTIONS, nfacct: true, randomFully: false }

const vector = (name: string): string =>
  readFileSync(new URL(`../../../../../test/vectors/kube-proxy/${name}`, import.meta.url), 'utf8')

/** What kube-proxy hands to iptables-restore: its own chains, sorted as its tests sort them. */
function dump(rules: RuleSet): string {
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

function rulesOf(model: ServiceModel, options = TESTED, node: ProxyNode = NODE, family: 4 | 6 = 4): RuleSet {
  return combineRules([new IptablesProxy(model, options).part(node, family)])
}

describe("kube-proxy's own expectations", () => {
  test('TestOverallIPTablesRules', () => {
    expect(sortServices(dump(rulesOf(overall())))).toBe(sortServices(vector('overall.iptables')))
  })

  test('TestSyncProxyRulesRepeated', () => {
    const model = modelOf(
      [
        service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] }),
        service('ns2/svc2', '172.30.0.42', { ports: [{ name: 'p8080', port: 8080 }] }),
      ],
      [
        slice('ns1/svc1', [{ port: 80 }], ['10.0.1.1']),
        slice('ns2/svc2', [{ name: 'p8080', port: 8080 }], ['10.0.2.1']),
      ],
    )
    expect(dump(rulesOf(model))).toBe(vector('repeated.iptables'))
  })

  test('TestDropInvalidRule, TestMasqueradeRule', () => {
    const liberal = iptablesSave(rulesOf(modelOf([], []), { ...TESTED, tcpLiberal: true, randomFully: true }), 4)
    expect(liberal).not.toContain('INVALID')
    expect(liberal).toContain('-j MASQUERADE --random-fully')
  })

  test('TestSyncProxyRulesLargeClusterMode: beyond 1,000 endpoints comments are left out', () => {
    const many = Array.from({ length: 1001 }, (_, i) => `10.0.${i & 255}.${i >> 8}`)
    const one = service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] })
    const text = (targets: string[]): string =>
      iptablesSave(rulesOf(modelOf([one], [slice('ns1/svc1', [{ port: 80 }], targets)])), 4, { style: 'written' })
    expect(text(many.slice(0, 1000))).toContain(
      '-A KUBE-SEP-DKGQUZGBKLTPAR56 -m comment --comment ns1/svc1:p80 -m tcp -p tcp -j DNAT --to-destination 10.0.0.0:80\n',
    )
    expect(text(many)).toContain('-A KUBE-SEP-DKGQUZGBKLTPAR56 -m tcp -p tcp -j DNAT --to-destination 10.0.0.0:80\n')
  })
})

/** Rules for Services in the order of the Services, which kube-proxy does not promise. */
function sortServices(text: string): string {
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

describe('nodes', () => {
  test('share the rules of Services that they serve alike, and what they use of the others', () => {
    const model = overall()
    const proxy = new IptablesProxy(model, TESTED)
    const rules = ['a', 'b'].map((name) => combineRules([proxy.part({ ...NODE, name }, 4)]))
    const chains = rules.map((set) => [...(set.nat?.chains.PREROUTING?.rules() ?? [])][0].target)
    const [a, b] = chains.map((target) => (target.kind === 'jump' ? target.chain.blocks : []))
    expect(a[0]).toBe(b[0])
    expect(a[1]).toBe(b[1])
  })

  test('keep the rules of Services that did not change', () => {
    const model = overall()
    const proxy = new IptablesProxy(model, TESTED)
    const first = [...(combineRules([proxy.part(NODE, 4)]).nat?.chains.PREROUTING?.rules() ?? [])][0].target
    model.setService(service('ns7/svc7', '172.30.0.47', { ports: [{ port: 80 }] }))
    model.setSlice(slice('ns7/svc7', [{ port: 80 }], ['10.180.0.7']))
    const second = [...(combineRules([proxy.part(NODE, 4)]).nat?.chains.PREROUTING?.rules() ?? [])][0].target
    if (first.kind !== 'jump' || second.kind !== 'jump') throw new Error('not a jump')
    const before = [...first.chain.rules()]
    const after = [...second.chain.rules()]
    expect(after).toHaveLength(before.length + 1)
    expect(after.filter((rule) => before.includes(rule))).toHaveLength(before.length - 1)
  })
})
