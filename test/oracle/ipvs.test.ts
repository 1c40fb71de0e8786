import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { iptablesSave } from '../../src/export/iptables.ts'
import { ipsetSave } from '../../src/export/ipvs.ts'
import { combineRules } from '../../src/kube/node/node-rules.ts'
import { IpvsProxy } from '../../src/kube/node/proxy/ipvs/proxy.ts'
import { setName } from '../../src/kube/node/proxy/ipvs/sets.ts'
import type { ServiceModel } from '../../src/kube/node/proxy/model.ts'
import { parseIptables } from '../../src/linux/netfilter/rules/parse.ts'
import { address } from '../../src/util/address.ts'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../support/services.ts'
import { missing, skip } from './requirements.ts'
import { canonical } from './saved.ts'

// No kernel here has ip_vs. What ipvs mode leaves to iptables and ipset is judged all the same.
const TOOLS = ['unshare', 'ipset', 'iptables-restore', 'iptables-save', 'ip6tables-restore', 'ip6tables-save']

describe.skipIf(skip(missing(TOOLS), 'ipset'))('sets and rules of ipvs mode', () => {
  it.each<readonly [string, 4 | 6, ServiceModel]>([
    ['of every kind of Service', 4, overall()],
    [
      'of SCTP, and of traffic policies',
      4,
      modelOf(
        [
          service('ns1/sctp', '172.30.0.41', {
            type: 'NodePort',
            ports: [{ port: 80, nodePort: 3001, protocol: 'SCTP' }],
          }),
          service('ns1/udp', '172.30.0.42', {
            type: 'LoadBalancer',
            externalTrafficPolicy: 'Local',
            externalIPs: ['192.168.99.22'],
            vips: ['1.2.3.4'],
            ports: [{ port: 53, nodePort: 3002, protocol: 'UDP' }],
          }),
        ],
        [],
      ),
    ],
    [
      'of IPv6',
      6,
      modelOf(
        [service('ns1/svc1', 'fd00:172:30::41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
        [slice('ns1/svc1', [{ port: 80 }], [{ address: 'fd00:10:180::1', node: NODE.name }])],
      ),
    ],
  ])('%s load, and come back as we print them', (_name, family, model) => {
    const part = new IpvsProxy(model, OPTIONS).part(NODE, family)
    const rules = withoutIpvs(iptablesSave(combineRules([part.rules]), family))
    const tool = family === 4 ? 'iptables' : 'ip6tables'
    const script = `head -c ${Buffer.byteLength(ipsetSave(part.sets, family))} | ipset restore && ${tool}-restore`
    const all = `${script} && ipset save && echo '# rules' && ${tool}-save`
    const [sets, back] = inNamespace(all, ipsetSave(part.sets, family) + rules).split('# rules\n')
    expect(plain(sets)).toEqual(plain(ipsetSave(part.sets, family)))
    expect(canonical(back)).toBe(canonical(rules))
    expect(canonical(iptablesSave(parseIptables(back), family))).toBe(canonical(rules))
  })

  it('say of an address what ipset test says', () => {
    const { sets } = new IpvsProxy(overall(), OPTIONS).part(NODE, 4)
    const set = (name: 'CLUSTER-IP' | 'LOAD-BALANCER-SOURCE-CIDR' | 'NODE-PORT-TCP') =>
      sets.find((one) => one.name === setName(name, 4))!
    const cases = [
      [set('CLUSTER-IP'), '172.30.0.41', 'tcp', 80, ''],
      [set('CLUSTER-IP'), '172.30.0.41', 'udp', 80, ''],
      [set('CLUSTER-IP'), '172.30.0.41', 'tcp', 81, ''],
      [set('LOAD-BALANCER-SOURCE-CIDR'), '5.6.7.8', 'tcp', 80, '203.0.113.2'],
      [set('LOAD-BALANCER-SOURCE-CIDR'), '5.6.7.8', 'tcp', 80, '203.0.113.130'],
      [set('NODE-PORT-TCP'), '', 'tcp', 3003, ''],
      [set('NODE-PORT-TCP'), '', 'tcp', 3004, ''],
    ] as const
    const ours = cases.map(([one, ip, protocol, port, second]) =>
      one.has(address(ip || '0.0.0.0'), protocol === 'tcp' ? 6 : 17, port, address(second || '0.0.0.0')),
    )
    const tests = cases.map(([one, ip, protocol, port, second]) => {
      const entry = ip === '' ? `${port}` : [ip, `${protocol}:${port}`, second].filter(Boolean).join()
      return `if ipset -q test ${one.name} ${entry} 2>/dev/null; then echo true; else echo false; fi`
    })
    const theirs = inNamespace(`ipset restore && { ${tests.join('; ')}; }`, ipsetSave(sets, 4))
    expect(theirs.trim().split('\n')).toEqual(ours.map(String))
    expect(ours).toContain(true)
    expect(ours).toContain(false)
  })
})

/** The kernels of our machines lack xt_ipvs as well. */
const withoutIpvs = (rules: string): string =>
  rules
    .split('\n')
    .filter((line) => !line.includes('-m ipvs '))
    .join('\n')

/** Without what differs from one version of ipset to the next; members of a set are in no order. */
function plain(saved: string): string[] {
  return saved
    .replace(/ bucketsize \d+| initval \S+/g, '')
    .split('\n')
    .filter(Boolean)
    .sort()
}

function inNamespace(script: string, input: string): string {
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script], { input, encoding: 'utf8' })
  expect(`${status} ${stderr}`).toBe('0 ')
  return stdout
}
