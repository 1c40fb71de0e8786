import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { cluster, emulation } from '../../test/oracle/cluster.ts'
import { prefix } from '../util/prefix.ts'
import { netnsScript } from './netns.ts'
import { describeCluster } from './netns-cluster.ts'
import { netnsName } from './netns-describe.ts'

const vxlan = netnsScript(cluster({ overlay: 'vxlan' }))
const hostGw = netnsScript(cluster({ overlay: 'host-gw', dualStack: true }))

describe('netnsScript', () => {
  it.each([
    ['vxlan', vxlan],
    ['host-gw', hostGw],
  ])('%s: is a POSIX shell script', (_, script) => {
    expect(() => execFileSync('sh', ['-n'], { input: script })).not.toThrow()
  })

  it('gives the same text for the same description', () => {
    expect(netnsScript(cluster({ overlay: 'vxlan' }))).toBe(vxlan)
  })

  it('writes what flannel writes under vxlan: neighbour, FDB entry and onlink route for each other node', () => {
    expect(vxlan).toContain('type vxlan id 1 local 192.168.56.11 dev eth0 dstport 8472 nolearning')
    const mac = /link add flannel.1 .* address (\S+) type vxlan id 1 local 192.168.56.12 /.exec(vxlan)![1]
    expect(vxlan).toContain(`neigh add 10.244.2.0 lladdr ${mac} dev flannel.1 nud permanent`)
    expect(vxlan).toContain('route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink')
    expect(vxlan).toContain(`fdb append ${mac} dev flannel.1 dst 192.168.56.12 self permanent`)
  })

  it('routes pod CIDRs to their nodes under host-gw, in both families', () => {
    expect(hostGw).toContain('route add 10.244.2.0/24 via 192.168.56.12')
    expect(hostGw).toContain('route add fd00:244:0:2::/64 via fd00:56::12')
    expect(hostGw).not.toContain('vxlan id')
  })

  it('masquerades after the rules that keep pod addresses within the cluster', () => {
    const rules = vxlan
      .slice(vxlan.indexOf('# node-1'))
      .match(/^-A FLANNEL-POSTRTG .*$/gm)!
      .slice(0, 6)
    expect(rules.map((rule) => /-j (\w+)/.exec(rule)![1])).toEqual([
      'RETURN',
      'RETURN',
      'RETURN',
      'RETURN',
      'MASQUERADE',
      'MASQUERADE',
    ])
    expect(rules[1]).toContain('-s 10.244.1.0/24 -d 10.244.0.0/16')
  })

  it('leaves IPv6 out when no machine has an IPv6 address', () => {
    expect(vxlan).toContain('disable_ipv6=1')
    expect(vxlan).not.toContain('ip6tables-restore')
    expect(hostGw).not.toContain('disable_ipv6')
  })

  it('names no two pods alike', () => {
    const pod = (name: string) => netnsName({ node: 'n', name })
    expect(pod('a/b-c')).not.toBe(pod('a-b/c'))
  })

  it('makes each veth pair once, and as a port of its bridge', () => {
    const pairs = vxlan.match(/^link add veth\w+ .* peer name eth0 .*$/gm)!
    expect(pairs).toHaveLength(5)
    for (const pair of pairs) expect(vxlan).toContain(`link set ${pair.split(' ')[2]} master cni0 up`)
    expect(vxlan.match(/hairpin on$/gm)).toHaveLength(5)
  })

  it('carries what else was done to a namespace', () => {
    const changed = emulation({ overlay: 'host-gw' })
    const { namespace } = changed.cluster.node('node-1')
    namespace.configure({ rpFilter: 2 })
    namespace.addRoute({ destination: prefix('203.0.113.0/24'), kind: 'blackhole' })
    const script = netnsScript(describeCluster(changed, 't'))
    expect(script).toContain('net.ipv4.conf.all.rp_filter=2')
    expect(script).toContain('route add blackhole 203.0.113.0/24')
  })
})
