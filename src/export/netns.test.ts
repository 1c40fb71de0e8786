import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { cluster } from '../../test/oracle/cluster.ts'
import { netnsScript, podNetns } from './netns.ts'

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
    expect(vxlan).toContain('neigh add 10.244.2.0 lladdr 0e:00:0a:f4:02:00 dev flannel.1 nud permanent')
    expect(vxlan).toContain('route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink')
    expect(vxlan).toContain('fdb append 0e:00:0a:f4:02:00 dev flannel.1 dst 192.168.56.12 self permanent')
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
    expect(podNetns({ namespace: 'a', name: 'b-c' })).not.toBe(podNetns({ namespace: 'a-b', name: 'c' }))
  })
})
