import { describe, expect, test } from 'vitest'
import {
  BAD_IPS,
  chainOf,
  dump,
  type Held,
  repeatedSyncs,
  restored,
  sortServices,
  stages,
  vector,
} from '../../../../../test/support/kube-proxy-dumps.ts'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../../../../../test/support/services.ts'
import { iptablesSave } from '../../../../export/iptables.ts'
import type { RuleSet } from '../../../../linux/netfilter/rules/table.ts'
import { load } from '../../../../scenario/load/load.ts'
import { combineRules } from '../../node-rules.ts'
import type { ProxyNode, ProxyOptions } from '../config.ts'
import { ServiceModel } from '../model.ts'
import { IptablesProxy } from './proxy.ts'

/** As kube-proxy's tests run it. */
const TESTED: ProxyOptions = { ...OPTIONS, nfacct: true, randomFully: false }

function rulesOf(model: ServiceModel, options = TESTED, node: ProxyNode = NODE, family: 4 | 6 = 4): RuleSet {
  return combineRules([new IptablesProxy(model, options).part(node, family)])
}

describe("kube-proxy's own expectations", () => {
  test('TestOverallIPTablesRules', () => {
    expect(sortServices(dump(rulesOf(overall())))).toBe(sortServices(vector('overall.iptables')))
  })

  test('TestSyncProxyRulesRepeated: after each sync the kernel holds what we have', () => {
    const model = new ServiceModel()
    const proxy = new IptablesProxy(model, TESTED)
    const doing: Readonly<Record<string, () => void>> = {
      ...repeatedSyncs(model),
      'nothing changed': () => {},
      'the fourth one deleted, in a full sync': () => model.deleteService('ns4', 'svc4'),
    }
    const syncs = stages('repeated.iptables')
    expect(syncs.map(({ title }) => title)).toEqual(Object.keys(doing))
    let held: Held = new Map()
    for (const { title, text } of syncs) {
      doing[title]()
      held = restored(held, text)
      const ours = dump(combineRules([proxy.part(NODE, 4)]))
      expect(Object.fromEntries(restored(new Map(), ours)), title).toEqual(Object.fromEntries(held))
    }
  })

  test('TestBadIPs: zeros before a number are not printed', () => {
    const { services, slices, diagnostics } = load([{ name: 'bad.yaml', text: BAD_IPS }])
    expect(dump(rulesOf(modelOf(services, slices)))).toBe(vector('bad-ips.iptables'))
    expect(diagnostics.map(({ message }) => message)).toContain(
      'Service "svc1": spec.externalIPs[0]: non-standard IP address "192.168.099.022" will be considered invalid in a future Kubernetes release: use "192.168.99.22"',
    )
  })

  test.each([
    [false, false, '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP'],
    [
      true,
      false,
      '-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP',
    ],
    [false, true, null],
  ])('TestDropInvalidRule: nfacct %s, tcpLiberal %s', (nfacct, tcpLiberal, drop) => {
    const rules = dump(rulesOf(modelOf([], []), { ...TESTED, nfacct, tcpLiberal }))
    expect(chainOf(rules, 'filter', 'KUBE-FORWARD')).toEqual([
      ...(drop === null ? [] : [drop]),
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ])
  })

  test.each([
    [false, ''],
    [true, ' --random-fully'],
  ])('TestMasqueradeRule: randomFully %s', (randomFully, choice) => {
    const rules = dump(rulesOf(modelOf([], []), { ...TESTED, randomFully }))
    expect(chainOf(rules, 'nat', 'KUBE-POSTROUTING')).toEqual([
      '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
      '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
      `-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE${choice}`,
    ])
  })

  test('TestNodePorts: KUBE-FIREWALL guards IPv4, where kubelet wants it even without NodePorts on localhost', () => {
    const held = (family: 4 | 6): string[] =>
      chainOf(
        dump(rulesOf(overall(), { ...TESTED, localhostNodePorts: false }, NODE, family)),
        'filter',
        'KUBE-FIREWALL',
      )
    expect(held(4)).toEqual([
      '-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
    ])
    expect(held(6)).toEqual([])
  })

  test('TestComputeProbability', () => {
    const found = [2, 10, 100, 1000].map((n) => {
      const many = Array.from({ length: n }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
      const rules = rulesOf(
        modelOf(
          [service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] })],
          [slice('ns1/svc1', [{ port: 80 }], many)],
        ),
      )
      return /--probability (\S+)/.exec(dump(rules))?.[1]
    })
    expect(found).toEqual(['0.5000000000', '0.1000000000', '0.0100000000', '0.0010000000'])
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
