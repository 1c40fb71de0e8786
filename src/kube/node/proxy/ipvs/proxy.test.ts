import { describe, expect, test } from 'vitest'
import { modelOf, NODE, OPTIONS, service, slice } from '../../../../../test/support/services.ts'
import { realText, serverText } from '../../../../linux/netfilter/ipvs/text.ts'
import { formatEntry } from '../../../../linux/netfilter/rules/ipset.ts'
import { protocolName } from '../../../../linux/netfilter/rules/names.ts'
import { type RuleSet, userChains } from '../../../../linux/netfilter/rules/table.ts'
import { ruleText } from '../../../../linux/netfilter/rules/text.ts'
import { address, formatAddress } from '../../../../util/address.ts'
import type { EndpointSlice, Service } from '../../../api/service.ts'
import { combineRules } from '../../node-rules.ts'
import type { ProxyNode } from '../config.ts'
import { type IpvsPart, IpvsProxy } from './proxy.ts'

const node = (...addresses: string[]): ProxyNode => ({ ...NODE, addresses: addresses.map((text) => address(text)) })

const ONE = node('100.101.102.103', '127.0.0.1')
const here = (text: string) => ({ address: text, node: NODE.name })
const there = (text: string) => ({ address: text, node: 'other-node' })

interface Given {
  readonly services: readonly Service[]
  readonly slices?: readonly EndpointSlice[]
  readonly node?: ProxyNode
  readonly family?: 4 | 6
  readonly nodePortAddresses?: readonly string[]
}

function part({ services, slices = [], node: on = ONE, family = 4, nodePortAddresses = [] }: Given): IpvsPart {
  return new IpvsProxy(modelOf(services, slices), { ...OPTIONS, nodePortAddresses }).part(on, family)
}

/** As `ipvsadm -Ln` has them, in the order of their text. */
const servers = ({ servers: all }: IpvsPart): string[] =>
  [...all].flatMap((server) => [serverText(server), ...server.reals.map((real) => realText(server, real))]).sort()

/** Sets that have members, but for those that every Service fills. */
function filled({ sets }: IpvsPart): Record<string, string[]> {
  const told = sets.filter(({ name, entries }) => entries.length > 0 && !/CLUSTER-IP|IPVS-IPS|LOOP-BACK/.test(name))
  return Object.fromEntries(
    told.map(({ name, entries }) => [name, entries.map((entry) => formatEntry(entry, protocolName))]),
  )
}

/** `JUMP SET` of each rule of a chain. */
function jumps({ rules }: IpvsPart, table: 'nat' | 'filter', name: string): string[] {
  const all: RuleSet = combineRules([rules])
  const chain = userChains(all[table]!).find((one) => one.name === name)
  return [...(chain?.rules() ?? [])].map((rule) => {
    const text = ruleText(name, rule, 4)
    const set = /--match-set KUBE-(\S+)/.exec(text)?.[1]
    return [/-j (\S+)/.exec(text)?.[1], set].filter((word) => word !== undefined).join(' ')
  })
}

const nodePort = (protocol: 'TCP' | 'UDP' | 'SCTP', more: Partial<Parameters<typeof service>[2]> = {}): Service =>
  service('ns1/svc1', '10.20.30.41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001, protocol }], ...more })

// What pkg/proxy/ipvs/proxier_test.go expects, with its names.
describe("kube-proxy's own expectations", () => {
  test('TestNodePortIPv4: 1 UDP service with node port, has endpoints', () => {
    const got = part({
      services: [nodePort('UDP')],
      slices: [slice('ns1/svc1', [{ port: 80, protocol: 'UDP' }], ['10.180.0.1'])],
      nodePortAddresses: ['0.0.0.0/0'],
    })
    expect(servers(got)).toEqual([
      '-A -u 10.20.30.41:80 -s rr',
      '-A -u 100.101.102.103:3001 -s rr',
      '-a -u 10.20.30.41:80 -r 10.180.0.1:80 -m -w 1',
      '-a -u 100.101.102.103:3001 -r 10.180.0.1:80 -m -w 1',
    ])
    expect(filled(got)).toEqual({ 'KUBE-NODE-PORT-UDP': ['3001'] })
    expect(jumps(got, 'nat', 'KUBE-NODE-PORT')).toEqual(['KUBE-MARK-MASQ NODE-PORT-UDP'])
    expect(jumps(got, 'filter', 'KUBE-NODE-PORT')).toEqual(['ACCEPT HEALTH-CHECK-NODE-PORT'])
    expect(jumps(got, 'nat', 'KUBE-SERVICES')).toEqual([
      'RETURN',
      'KUBE-MARK-MASQ CLUSTER-IP',
      'KUBE-NODE-PORT',
      'ACCEPT CLUSTER-IP',
    ])
  })

  test('TestNodePortIPv4: service has node port but no endpoints', () => {
    expect(servers(part({ services: [nodePort('TCP')] }))).toEqual([
      '-A -t 10.20.30.41:80 -s rr',
      '-A -t 100.101.102.103:3001 -s rr',
    ])
  })

  test('TestNodePortIPv4: node port service with protocol sctp on a node with multiple nodeIPs', () => {
    const got = part({
      services: [nodePort('SCTP')],
      slices: [slice('ns1/svc1', [{ port: 80, protocol: 'SCTP' }], ['10.180.0.1'])],
      node: node('100.101.102.103', '100.101.102.104', '100.101.102.105', '2001:db8::1:1', '2001:db8::1:2'),
    })
    expect(servers(got).filter((line) => line.startsWith('-A'))).toEqual(
      ['10.20.30.41:80', '100.101.102.103:3001', '100.101.102.104:3001', '100.101.102.105:3001'].map(
        (text) => `-A --sctp-service ${text} -s rr`,
      ),
    )
    expect(filled(got)).toEqual({
      'KUBE-NODE-PORT-SCTP-HASH': ['103', '104', '105'].map((last) => `100.101.102.${last},sctp:3001`),
    })
  })

  test('TestNodePortIPv4: node port service with protocol sctp and externalTrafficPolicy local', () => {
    const got = part({
      services: [nodePort('SCTP', { externalTrafficPolicy: 'Local' })],
      slices: [slice('ns1/svc1', [{ port: 80, protocol: 'SCTP' }], [here('10.180.0.1'), there('10.180.1.1')])],
    })
    expect(servers(got).filter((line) => line.startsWith('-a'))).toEqual([
      '-a --sctp-service 10.20.30.41:80 -r 10.180.0.1:80 -m -w 1',
      '-a --sctp-service 10.20.30.41:80 -r 10.180.1.1:80 -m -w 1',
      '-a --sctp-service 100.101.102.103:3001 -r 10.180.0.1:80 -m -w 1',
    ])
    expect(filled(got)).toEqual({
      'KUBE-NODE-PORT-SCTP-HASH': ['100.101.102.103,sctp:3001'],
      'KUBE-NODE-PORT-LOCAL-SCTP-HASH': ['100.101.102.103,sctp:3001'],
    })
    expect(jumps(got, 'nat', 'KUBE-NODE-PORT')).toEqual([
      'RETURN NODE-PORT-LOCAL-SCTP-HASH',
      'KUBE-MARK-MASQ NODE-PORT-SCTP-HASH',
    ])
  })

  test('TestNodePortIPv6', () => {
    const got = part({
      services: [
        service('ns1/svc1', '2020::1', {
          type: 'NodePort',
          ports: [{ port: 80, nodePort: 3001, protocol: 'SCTP' }],
        }),
      ],
      slices: [slice('ns1/svc1', [{ port: 80, protocol: 'SCTP' }], ['2001::1'])],
      node: node('2001:db8::1:1', '2001:db8::1:2', '::1'),
      family: 6,
    })
    expect(servers(got)).toHaveLength(6)
    expect(filled(got)).toEqual({
      'KUBE-6-NODE-PORT-SCTP-HASH': ['2001:db8::1:1,sctp:3001', '2001:db8::1:2,sctp:3001'],
    })
  })

  test('TestIPv4Proxier, TestIPv6Proxier: each serves its own family', () => {
    const services = [
      service('ns1/svc1', '10.20.30.41', { ports: [{ port: 80 }] }),
      service('ns2/svc2', '1002:ab8::2:1', { ports: [{ name: 'p8080', port: 8080 }] }),
    ]
    const slices = [
      slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1']),
      slice('ns2/svc2', [{ name: 'p8080', port: 8080 }], ['1009:ab8::5:6']),
    ]
    expect(servers(part({ services, slices }))).toEqual([
      '-A -t 10.20.30.41:80 -s rr',
      '-a -t 10.20.30.41:80 -r 10.180.0.1:80 -m -w 1',
    ])
    expect(servers(part({ services, slices, family: 6 }))).toEqual([
      '-A -t [1002:ab8::2:1]:8080 -s rr',
      '-a -t [1002:ab8::2:1]:8080 -r [1009:ab8::5:6]:8080 -m -w 1',
    ])
  })

  test('TestExternalIPs, TestExternalIPsNoEndpoint', () => {
    const got = part({
      services: [
        service('ns1/svc1', '10.20.30.41', {
          externalIPs: ['50.60.70.81', '2012::51', '127.0.0.1'],
          ports: [{ port: 80 }],
        }),
      ],
    })
    expect(servers(got)).toEqual([
      '-A -t 10.20.30.41:80 -s rr',
      '-A -t 127.0.0.1:80 -s rr',
      '-A -t 50.60.70.81:80 -s rr',
    ])
    // What another interface has must not be bound again.
    expect(got.addresses.map(formatAddress)).toEqual(['10.20.30.41', '50.60.70.81'])
  })

  test('TestOnlyLocalNodePorts', () => {
    const got = part({
      services: [nodePort('TCP', { externalTrafficPolicy: 'Local' })],
      slices: [slice('ns1/svc1', [{ port: 80 }], [here('10.180.0.1'), there('10.180.1.1')])],
      nodePortAddresses: ['100.101.102.0/24'],
    })
    expect(servers(got).filter((line) => line.includes('3001 -r'))).toEqual([
      '-a -t 100.101.102.103:3001 -r 10.180.0.1:80 -m -w 1',
    ])
    expect(filled(got)).toEqual({ 'KUBE-NODE-PORT-TCP': ['3001'], 'KUBE-NODE-PORT-LOCAL-TCP': ['3001'] })
    expect(jumps(got, 'nat', 'KUBE-NODE-PORT')).toEqual(['RETURN NODE-PORT-LOCAL-TCP', 'KUBE-MARK-MASQ NODE-PORT-TCP'])
  })

  test('TestHealthCheckNodePort: of Services with the Local policy alone', () => {
    const lb = (name: string, port: number, policy: 'Local' | 'Cluster'): Service =>
      service(name, '10.20.30.41', {
        type: 'LoadBalancer',
        externalTrafficPolicy: policy,
        healthCheckNodePort: port,
        ports: [{ port: 80, nodePort: 3000 }],
      })
    const got = part({
      services: [lb('ns1/svc1', 30_000, 'Local'), lb('ns1/svc2', 30_001, 'Local'), lb('ns1/svc3', 30_002, 'Cluster')],
    })
    expect(filled(got)['KUBE-HEALTH-CHECK-NODE-PORT']).toEqual(['30000', '30001'])
  })

  test('TestLoadBalancerSourceRanges', () => {
    const got = part({
      services: [
        service('ns1/svc1', '10.20.30.41', {
          type: 'LoadBalancer',
          vips: ['1.2.3.4'],
          sourceRanges: ['10.0.0.0/8'],
          ports: [{ port: 80 }],
        }),
      ],
      slices: [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])],
    })
    expect(servers(got).filter((line) => line.includes('1.2.3.4'))).toEqual([
      '-A -t 1.2.3.4:80 -s rr',
      '-a -t 1.2.3.4:80 -r 10.180.0.1:80 -m -w 1',
    ])
    expect(filled(got)).toEqual({
      'KUBE-LOAD-BALANCER': ['1.2.3.4,tcp:80'],
      'KUBE-LOAD-BALANCER-FW': ['1.2.3.4,tcp:80'],
      'KUBE-LOAD-BALANCER-SOURCE-CIDR': ['1.2.3.4,tcp:80,10.0.0.0/8'],
    })
    expect(jumps(got, 'nat', 'KUBE-SERVICES')).toEqual([
      'RETURN',
      'KUBE-LOAD-BALANCER LOAD-BALANCER',
      'KUBE-MARK-MASQ CLUSTER-IP',
      'KUBE-NODE-PORT',
      'ACCEPT CLUSTER-IP',
      'ACCEPT LOAD-BALANCER',
    ])
    expect(jumps(got, 'filter', 'KUBE-PROXY-FIREWALL')).toEqual(['KUBE-SOURCE-RANGES-FIREWALL LOAD-BALANCER-FW'])
    expect(jumps(got, 'filter', 'KUBE-SOURCE-RANGES-FIREWALL')).toEqual(['RETURN LOAD-BALANCER-SOURCE-CIDR', 'DROP'])
    // The node is outside the ranges (kubernetes/kubernetes#119656).
    const out = userChains(combineRules([got.rules]).filter!).find(({ name }) => name === 'KUBE-IPVS-OUT-FILTER')!
    expect([...out.rules()].map((rule) => ruleText(out.name, rule, 4))).toEqual([
      '-A KUBE-IPVS-OUT-FILTER -s 1.2.3.4/32 -m ipvs --vproto 6 --vaddr 1.2.3.4 --vport 80 -j DROP',
    ])
  })

  test('TestOnlyLocalLoadBalancing', () => {
    const got = part({
      services: [
        service('ns1/svc1', '10.20.30.41', {
          type: 'LoadBalancer',
          vips: ['1.2.3.4'],
          externalTrafficPolicy: 'Local',
          ports: [{ port: 80, nodePort: 3001 }],
        }),
      ],
      slices: [slice('ns1/svc1', [{ port: 80 }], [here('10.180.0.1'), there('10.180.1.1')])],
    })
    expect(servers(got).filter((line) => line.startsWith('-a -t 1.2.3.4'))).toEqual([
      '-a -t 1.2.3.4:80 -r 10.180.0.1:80 -m -w 1',
    ])
    expect(filled(got)).toMatchObject({
      'KUBE-LOAD-BALANCER': ['1.2.3.4,tcp:80'],
      'KUBE-LOAD-BALANCER-LOCAL': ['1.2.3.4,tcp:80'],
    })
    expect(jumps(got, 'nat', 'KUBE-LOAD-BALANCER')).toEqual(['RETURN LOAD-BALANCER-LOCAL', 'KUBE-MARK-MASQ'])
  })

  test('TestAcceptIPVSTraffic', () => {
    const got = part({
      services: [
        service('ns1/svc1', '10.20.30.40', { externalIPs: ['5.6.7.8'], ports: [{ port: 80 }] }),
        service('ns1/svc2', '10.20.30.41', { type: 'LoadBalancer', vips: ['1.2.3.4'], ports: [{ port: 80 }] }),
        service('ns1/svc3', '10.20.30.42', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }),
      ],
    })
    expect(jumps(got, 'nat', 'KUBE-SERVICES')).toEqual([
      'RETURN',
      'KUBE-LOAD-BALANCER LOAD-BALANCER',
      'KUBE-MARK-MASQ CLUSTER-IP',
      'KUBE-MARK-MASQ EXTERNAL-IP',
      'ACCEPT EXTERNAL-IP',
      'ACCEPT EXTERNAL-IP',
      'KUBE-NODE-PORT',
      'ACCEPT CLUSTER-IP',
      'ACCEPT LOAD-BALANCER',
    ])
  })

  test('TestSessionAffinity: as long as the Service says, on each of its addresses', () => {
    const got = part({
      services: [
        nodePort('TCP', { sessionAffinity: 'ClientIP', externalIPs: ['50.60.70.81'] }),
        service('ns1/svc2', '10.20.30.42', { ports: [{ port: 80 }] }),
      ],
    })
    expect(servers(got)).toEqual([
      '-A -t 10.20.30.41:80 -s rr -p 10800',
      '-A -t 10.20.30.42:80 -s rr',
      '-A -t 100.101.102.103:3001 -s rr -p 10800',
      '-A -t 50.60.70.81:80 -s rr -p 10800',
    ])
  })
})

test('nodes share the virtual servers of Services that they serve alike', () => {
  const model = modelOf(
    [service('ns1/svc1', '10.20.30.41', { ports: [{ port: 80 }] })],
    [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])],
  )
  const proxy = new IpvsProxy(model, OPTIONS)
  const [a, b] = ['a', 'b'].map((name) => [...proxy.part({ ...ONE, name }, 4).servers])
  expect(a[0]).toBe(b[0])
  model.setService(service('ns1/svc2', '10.20.30.42', { ports: [{ port: 80 }] }))
  const after = [...proxy.part({ ...ONE, name: 'a' }, 4).servers]
  expect(after).toHaveLength(2)
  expect(after[0]).toBe(a[0])
})
