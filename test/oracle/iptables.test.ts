import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { iptablesSave } from '../../src/export/iptables.ts'
import { bridgeMasquerade } from '../../src/kube/node/bridge-masq.ts'
import { flannelMasquerade } from '../../src/kube/node/flannel-masq.ts'
import { combineRules } from '../../src/kube/node/node-rules.ts'
import { IptablesProxy } from '../../src/kube/node/proxy/iptables/proxy.ts'
import { parseIptables } from '../../src/linux/netfilter/rules/parse.ts'
import { address } from '../../src/util/address.ts'
import { prefix } from '../../src/util/prefix.ts'
import { SAVED } from '../support/saved-rules.ts'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../support/services.ts'
import { missing, skip } from './requirements.ts'
import { canonical } from './saved.ts'

const TOOLS = ['unshare', 'iptables-restore', 'iptables-save', 'ip6tables-restore', 'ip6tables-save']

describe.skipIf(skip(missing(TOOLS), 'iptables-restore'))('iptables-save after iptables-restore', () => {
  it('prints every match and target as we do', () => {
    expect(throughKernel(SAVED, 4)).toBe(canonical(SAVED))
  })

  it.each([
    [4, '10.244.1.0/24', '10.244.0.0/16', '10.244.1.2'],
    [6, 'fd00:10:244:1::/64', 'fd00:10:244::/56', 'fd00:10:244:1::2'],
  ] as const)('prints the rules of flannel and the bridge plugin as we do, IPv%i', (family, pods, cluster, pod) => {
    const rules = combineRules([
      flannelMasquerade(prefix(pods), prefix(cluster)),
      bridgeMasquerade('cbr0', '3f2a', address(pod), prefix(pods)),
    ])
    const text = iptablesSave(rules, family)
    const back = throughKernel(text, family)
    expect(back).toBe(canonical(text))
    expect(canonical(iptablesSave(parseIptables(back), family))).toBe(canonical(text))
  })
})

describe.skipIf(skip(missing(TOOLS), 'iptables-restore'))("kube-proxy's rules", () => {
  it.each(['saved', 'written'] as const)('load as they are %s, and come back as we print them', (style) => {
    const rules = combineRules([
      new IptablesProxy(overall(), OPTIONS).part(NODE, 4),
      flannelMasquerade(prefix('10.244.1.0/24'), prefix('10.244.0.0/16')),
    ])
    const back = throughKernel(iptablesSave(rules, 4, { style }), 4)
    expect(back).toBe(canonical(iptablesSave(rules, 4)))
    expect(canonical(iptablesSave(parseIptables(back), 4))).toBe(back)
  })

  it('load for IPv6', () => {
    const model = modelOf(
      [service('ns1/svc1', 'fd00:172:30::41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
      [slice('ns1/svc1', [{ port: 80 }], ['fd00:10:180::1', 'fd00:10:180::2:1'])],
    )
    const text = iptablesSave(combineRules([new IptablesProxy(model, OPTIONS).part(NODE, 6)]), 6)
    expect(throughKernel(text, 6)).toBe(canonical(text))
  })
})

/** Loads rules in a network namespace of its own and saves them again. */
function throughKernel(rules: string, family: 4 | 6): string {
  const tool = family === 4 ? 'iptables' : 'ip6tables'
  const script = `${tool}-restore && ${tool}-save`
  return canonical(execFileSync('unshare', ['--net', 'sh', '-c', script], { input: rules, encoding: 'utf8' }))
}
