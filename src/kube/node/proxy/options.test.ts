import { describe, expect, test } from 'vitest'
import { chainOf, dump } from '../../../../test/support/kube-proxy-dumps.ts'
import { FakeNode } from '../../../../test/support/netfilter.ts'
import { modelOf, NODE, OPTIONS, service, slice } from '../../../../test/support/services.ts'
import { nftScript } from '../../../export/nftables.ts'
import { address, formatAddress } from '../../../util/address.ts'
import { prefix } from '../../../util/prefix.ts'
import { combineRules } from '../node-rules.ts'
import type { ProxyOptions } from './config.ts'
import { explainService, type ProxyDecision } from './explain.ts'
import { IptablesProxy } from './iptables/proxy.ts'
import { NftablesProxy } from './nftables/proxy.ts'

const SERVICE = service('ns1/svc1', '172.30.0.41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })
const ENDPOINTS = slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])
const HERE = { ...NODE, podCIDRs: [prefix('10.0.0.0/24')] }
const fake = new FakeNode({}, Object.fromEntries(NODE.addresses.map((a) => [formatAddress(a), 'eth0'])))

type Input = 'cni0' | 'eth0' | null
type Ask = (options: Partial<ProxyOptions>, source: string, to: string, port: number, input: Input) => ProxyDecision

const ask =
  (mode: 'iptables' | 'nftables', model = () => modelOf([SERVICE], [ENDPOINTS])): Ask =>
  (options, source, to, port, input) => {
    const query = {
      source: address(source),
      destination: address(to),
      port,
      protocol: 'tcp',
      input: input === null ? null : fake[input],
    } as const
    const all = { ...OPTIONS, ...options }
    if (mode === 'nftables')
      return explainService({}, query, fake.stack, [new NftablesProxy(model(), all).table(HERE, 4)])
    return explainService(combineRules([new IptablesProxy(model(), all).part(HERE, 4)]), query, fake.stack)
  }

const rulesOf = (options: Partial<ProxyOptions>): string =>
  dump(combineRules([new IptablesProxy(modelOf([SERVICE], [ENDPOINTS]), { ...OPTIONS, ...options }).part(HERE, 4)]))
const tableOf = (options: Partial<ProxyOptions>): string =>
  nftScript(new NftablesProxy(modelOf([SERVICE], [ENDPOINTS]), { ...OPTIONS, ...options }).table(HERE, 4), 4)

/**
 * NewDetectLocalByCIDR, …ByBridgeInterface, …ByInterfaceNamePrefix: the words of the rule (names of devices quoted, as nft lists
 * them), and who counts as a pod of this node.
 */
const MODES: readonly (readonly [
  Partial<ProxyOptions>,
  string,
  string,
  readonly (readonly [string, Input, boolean])[],
])[] = [
  [
    { detectLocal: 'ClusterCIDR' },
    '! -s 10.0.0.0/8',
    'ip saddr != 10.0.0.0/8',
    [
      ['10.0.0.2', 'cni0', false],
      ['10.0.7.2', 'eth0', false],
      ['203.0.113.2', 'eth0', true],
    ],
  ],
  [
    { detectLocal: 'NodeCIDR' },
    '! -s 10.0.0.0/24',
    'ip saddr != 10.0.0.0/24',
    [
      ['10.0.0.2', 'cni0', false],
      ['10.0.7.2', 'eth0', true],
      ['192.168.0.2', null, true],
    ],
  ],
  [
    { detectLocal: 'BridgeInterface', bridgeInterface: 'cni0' },
    '! -i cni0',
    'iifname != cni0',
    [
      ['10.0.0.2', 'cni0', false],
      ['10.0.0.2', 'eth0', true],
      ['192.168.0.2', null, true],
    ],
  ],
  [
    { detectLocal: 'InterfaceNamePrefix', interfaceNamePrefix: 'cni' },
    '! -i cni+',
    'iifname != cni*',
    [
      ['10.0.0.2', 'cni0', false],
      ['10.0.0.2', 'eth0', true],
    ],
  ],
]

describe.each(MODES)('detectLocal %o', (options, iptables, nft, sources) => {
  test('is told in the words of kube-proxy', () => {
    const svc = 'KUBE-SVC-XPGD46QRK7WJZT7O'
    expect(chainOf(rulesOf(options), 'nat', svc)[0]).toBe(
      `-A ${svc} -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 ${iptables} -j KUBE-MARK-MASQ`,
    )
    expect(tableOf(options)).toContain(
      `add rule ip kube-proxy service-ULMVA6XW-ns1/svc1/tcp/p80 ip daddr 172.30.0.41 ${nft} jump mark-for-masquerade\n`,
    )
  })

  test.each(sources)('%s by %s: masqueraded %s', (source, input, masquerade) => {
    for (const mode of ['iptables', 'nftables'] as const)
      expect(ask(mode)(options, source, '172.30.0.41', 80, input)).toMatchObject({ verdict: 'DNAT', masquerade })
  })
})

describe('NodePorts on localhost (TestNodePorts)', () => {
  test.each([
    [{}, 'DNAT'],
    [{ localhostNodePorts: false }, 'ACCEPT'],
    [{ localhostNodePorts: false, nodePortAddresses: ['192.168.0.0/24', '127.0.0.1/32'] }, 'ACCEPT'],
    [{ nodePortAddresses: ['192.168.0.0/24'] }, 'ACCEPT'],
    [{ nodePortAddresses: ['127.0.0.0/8'] }, 'DNAT'],
  ])('%o: %s', (options, verdict) => {
    const decision = ask('iptables')(options, '127.0.0.1', '127.0.0.1', 3001, null)
    expect(decision).toMatchObject({ verdict, masquerade: verdict === 'DNAT' })
    // nftables mode never has them there.
    expect(ask('nftables')(options, '127.0.0.1', '127.0.0.1', 3001, null).verdict).toBe('ACCEPT')
  })
})

describe('TestInternalExternalMasquerade: masqueradeAll, with a way to tell local pods and without', () => {
  const model = () =>
    modelOf(
      [
        service('ns2/svc2', '172.30.0.42', {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          ports: [{ port: 80, nodePort: 3002 }],
          vips: ['5.6.7.8'],
        }),
      ],
      [
        slice(
          'ns2/svc2',
          [{ port: 80 }],
          [
            { address: '10.180.0.2', node: NODE.name },
            { address: '10.180.1.2', node: 'remote' },
          ],
        ),
      ],
    )
  test.each([
    ['10.0.0.2', '172.30.0.42', 80, 'cni0', 2, true, 2, true],
    ['10.0.0.2', '192.168.0.2', 3002, 'cni0', 2, false, 1, false],
    ['10.0.0.2', '5.6.7.8', 80, 'cni0', 2, false, 1, false],
    ['192.168.0.2', '5.6.7.8', 80, null, 2, true, 2, true],
    ['203.0.113.2', '172.30.0.42', 80, 'eth0', 2, true, 2, true],
    ['203.0.113.2', '5.6.7.8', 80, 'eth0', 1, false, 1, false],
  ] as const)('%s to %s:%i', (source, to, port, input, count, masquerade, blindCount, blindMasquerade) => {
    for (const mode of ['iptables', 'nftables'] as const) {
      const told = ask(mode, model)({ masqueradeAll: true }, source, to, port, input)
      expect([told.destinations.length, told.masquerade]).toEqual([count, masquerade])
      const blind = ask(mode, model)({ masqueradeAll: true, clusterCIDRs: [] }, source, to, port, input)
      expect([blind.destinations.length, blind.masquerade]).toEqual([blindCount, blindMasquerade])
    }
  })
})

test('a load balancer of any class is served: the class is for who gives it its address', () => {
  const classed = service('ns1/svc1', '172.30.0.41', {
    type: 'LoadBalancer',
    loadBalancerClass: 'example.com/internal',
    ports: [{ port: 80, nodePort: 3001 }],
    vips: ['1.2.3.4'],
  })
  for (const mode of ['iptables', 'nftables'] as const) {
    const decision = ask(mode, () => modelOf([classed], [ENDPOINTS]))({}, '203.0.113.2', '1.2.3.4', 80, 'eth0')
    expect(decision).toMatchObject({ verdict: 'DNAT', masquerade: true })
  }
})

test('TestHealthCheckNodePort: the port is let in for as long as the Service is there', () => {
  const model = modelOf(
    [
      service('ns1/svc1', '172.30.0.42', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30_000,
        ports: [{ port: 80, nodePort: 3001 }],
      }),
    ],
    [],
  )
  const proxy = new IptablesProxy(model, { ...OPTIONS, nodePortAddresses: ['127.0.0.0/8'] })
  const held = (): string[] => chainOf(dump(combineRules([proxy.part(NODE, 4)])), 'filter', 'KUBE-NODEPORTS')
  expect(held()).toEqual([
    '-A KUBE-NODEPORTS -m comment --comment "ns1/svc1:p80 health check node port" -m tcp -p tcp --dport 30000 -j ACCEPT',
  ])
  model.deleteService('ns1', 'svc1')
  expect(held()).toEqual([])
})
