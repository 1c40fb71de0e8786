import type { EndpointSlice, Service } from '../../src/kube/api/service.ts'
import type { ProxyNode, ProxyOptions } from '../../src/kube/node/proxy/config.ts'
import type { ProtocolName } from '../../src/kube/node/proxy/service-port.ts'
import { NODE, service, slice } from './services.ts'

/**
 * What Services do, whatever mode kube-proxy runs in: packets and what becomes of them. Most cases are those of kube-proxy's
 * own packet flow tests (pkg/proxy/{iptables,nftables}/proxier_test.go).
 */
export interface Case {
  readonly name: string
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  readonly options?: Partial<ProxyOptions>
  readonly node?: ProxyNode
  readonly flows: readonly Flow[]
  readonly ipvs?: Differences
}

/** What ipvs mode does with some of a case's flows instead, by their names: docs/fidelity.md says why. */
export type Differences = Readonly<Record<string, readonly [to: string, masquerade: boolean]>>

/** `from`: pod, node, external, blocked, localhost, or an address. `to`: destinations, DROP, REJECT, or ACCEPT (untouched). */
export type Flow = readonly [
  what: string,
  from: string,
  destination: string,
  port: number,
  to: string,
  masquerade: boolean,
  protocol?: ProtocolName,
]

export const SOURCES: Readonly<Record<string, string>> = {
  pod: '10.0.0.2',
  node: '192.168.0.2',
  external: '203.0.113.2',
  blocked: '203.0.113.130',
  localhost: '127.0.0.1',
}

const here = (address: string): { address: string; node: string } => ({ address, node: NODE.name })
const there = (address: string): { address: string; node: string } => ({ address, node: 'remote' })

const dead = { ready: false, serving: false, terminating: true }
const fading = { ready: false, serving: true, terminating: true }

const loadBalancer = (
  name: string,
  ip: string,
  nodePort: number,
  vip: string,
  more: Partial<Parameters<typeof service>[2]> = {},
): Service => service(name, ip, { type: 'LoadBalancer', ports: [{ port: 80, nodePort }], vips: [vip], ...more })

const pair = (name: string, n: number): EndpointSlice =>
  slice(name, [{ port: 80 }], [here(`10.180.0.${n}`), there(`10.180.1.${n}`)])

const policies: Pick<Case, 'services' | 'slices'> = {
  services: [
    loadBalancer('ns1/svc1', '172.30.0.41', 3001, '1.2.3.4'),
    loadBalancer('ns2/svc2', '172.30.0.42', 3002, '5.6.7.8', { externalTrafficPolicy: 'Local' }),
    loadBalancer('ns3/svc3', '172.30.0.43', 3003, '9.10.11.12', { internalTrafficPolicy: 'Local' }),
  ],
  slices: [pair('ns1/svc1', 1), pair('ns2/svc2', 2), pair('ns3/svc3', 3)],
}

const both = (n: number): string => `10.180.0.${n}:80, 10.180.1.${n}:80`

export const CASES: readonly Case[] = [
  {
    name: 'cluster addresses: several ports and protocols',
    services: [
      service('ns1/svc1', '172.30.0.41', { ports: [{ name: 'http', port: 80 }] }),
      service('ns2/svc2', '172.30.0.42', {
        ports: [
          { name: 'http', port: 80 },
          { name: 'https', port: 443 },
          { name: 'dns-udp', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53 },
          { name: 'dns-sctp', port: 53, protocol: 'SCTP' },
        ],
      }),
    ],
    slices: [
      slice('ns1/svc1', [{ name: 'http', port: 80 }], [here('10.180.0.1')]),
      slice(
        'ns2/svc2',
        [
          { name: 'http', port: 80 },
          { name: 'https', port: 8443 },
          { name: 'dns-udp', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 5353 },
          { name: 'dns-sctp', port: 53, protocol: 'SCTP' },
        ],
        [here('10.180.0.1'), there('10.180.2.1')],
      ),
    ],
    flows: [
      ['one endpoint', '10.180.0.2', '172.30.0.41', 80, '10.180.0.1:80', false],
      ['hairpin', '10.180.0.1', '172.30.0.41', 80, '10.180.0.1:80', true],
      ['two endpoints', '10.180.0.2', '172.30.0.42', 80, '10.180.0.1:80, 10.180.2.1:80', false],
      ['another target port', '10.180.0.2', '172.30.0.42', 443, '10.180.0.1:8443, 10.180.2.1:8443', false],
      ['TCP', '10.180.0.2', '172.30.0.42', 53, '10.180.0.1:5353, 10.180.2.1:5353', false, 'tcp'],
      ['UDP', '10.180.0.2', '172.30.0.42', 53, '10.180.0.1:53, 10.180.2.1:53', false, 'udp'],
      ['SCTP', '10.180.0.2', '172.30.0.42', 53, '10.180.0.1:53, 10.180.2.1:53', false, 'sctp'],
    ],
  },
  {
    name: 'internal and external policies',
    ...policies,
    flows: [
      ['pod to ClusterIP', 'pod', '172.30.0.41', 80, both(1), false],
      ['pod to NodePort', 'pod', '192.168.0.2', 3001, both(1), true],
      ['pod to LB', 'pod', '1.2.3.4', 80, both(1), true],
      ['node to ClusterIP', 'node', '172.30.0.41', 80, both(1), true],
      ['node to NodePort', 'node', '192.168.0.2', 3001, both(1), true],
      ['node to LB', 'node', '1.2.3.4', 80, both(1), true],
      ['external to ClusterIP', 'external', '172.30.0.41', 80, both(1), true],
      ['external to NodePort', 'external', '192.168.0.2', 3001, both(1), true],
      ['external to LB', 'external', '1.2.3.4', 80, both(1), true],
      ['pod to ClusterIP, eTP Local', 'pod', '172.30.0.42', 80, both(2), false],
      ['pod to NodePort, eTP Local', 'pod', '192.168.0.2', 3002, both(2), false],
      ['pod to LB, eTP Local', 'pod', '5.6.7.8', 80, both(2), false],
      ['node to ClusterIP, eTP Local', 'node', '172.30.0.42', 80, both(2), true],
      ['node to NodePort, eTP Local', 'node', '192.168.0.2', 3002, both(2), true],
      ['node to LB, eTP Local', 'node', '5.6.7.8', 80, both(2), true],
      ['external to ClusterIP, eTP Local', 'external', '172.30.0.42', 80, both(2), true],
      ['external to NodePort, eTP Local', 'external', '192.168.0.2', 3002, '10.180.0.2:80', false],
      ['external to LB, eTP Local', 'external', '5.6.7.8', 80, '10.180.0.2:80', false],
      ['pod to ClusterIP, iTP Local', 'pod', '172.30.0.43', 80, '10.180.0.3:80', false],
      ['pod to NodePort, iTP Local', 'pod', '192.168.0.2', 3003, both(3), true],
      ['pod to LB, iTP Local', 'pod', '9.10.11.12', 80, both(3), true],
      ['node to ClusterIP, iTP Local', 'node', '172.30.0.43', 80, '10.180.0.3:80', true],
      ['node to NodePort, iTP Local', 'node', '192.168.0.2', 3003, both(3), true],
      ['external to ClusterIP, iTP Local', 'external', '172.30.0.43', 80, '10.180.0.3:80', true],
      ['external to LB, iTP Local', 'external', '9.10.11.12', 80, both(3), true],
    ],
    // A virtual server cannot tell pods and the node from other clients: all get the local endpoints, with the address they have.
    ipvs: {
      'pod to NodePort, eTP Local': ['10.180.0.2:80', false],
      'pod to LB, eTP Local': ['10.180.0.2:80', false],
      'node to NodePort, eTP Local': ['10.180.0.2:80', false],
      'node to LB, eTP Local': ['10.180.0.2:80', false],
    },
  },
  {
    name: 'without a way to tell local pods',
    ...policies,
    options: { clusterCIDRs: [] },
    flows: [
      ['node to ClusterIP', 'node', '172.30.0.41', 80, both(1), false],
      ['external to ClusterIP', 'external', '172.30.0.41', 80, both(1), false],
      ['pod to NodePort, eTP Local', 'pod', '192.168.0.2', 3002, '10.180.0.2:80', false],
      ['pod to LB, eTP Local', 'pod', '5.6.7.8', 80, '10.180.0.2:80', false],
      ['external to LB', 'external', '1.2.3.4', 80, both(1), true],
    ],
  },
  {
    name: 'masqueradeAll',
    ...policies,
    options: { masqueradeAll: true },
    flows: [
      ['pod to ClusterIP', 'pod', '172.30.0.41', 80, both(1), true],
      ['pod to ClusterIP, iTP Local', 'pod', '172.30.0.43', 80, '10.180.0.3:80', true],
      ['pod to NodePort, eTP Local', 'pod', '192.168.0.2', 3002, both(2), false],
    ],
    ipvs: { 'pod to NodePort, eTP Local': ['10.180.0.2:80', false] },
  },
  {
    name: 'no endpoints at all',
    services: [loadBalancer('ns1/svc1', '172.30.0.41', 3001, '1.2.3.4', { externalIPs: ['192.168.99.11'] })],
    slices: [],
    flows: [
      ['pod to ClusterIP', 'pod', '172.30.0.41', 80, 'REJECT', false],
      ['node to ClusterIP', 'node', '172.30.0.41', 80, 'REJECT', false],
      ['external to external IP', 'external', '192.168.99.11', 80, 'REJECT', false],
      ['pod to NodePort', 'pod', '192.168.0.2', 3001, 'REJECT', false],
      ['external to NodePort', 'external', '192.168.0.2', 3001, 'REJECT', false],
      ['pod to LB', 'pod', '1.2.3.4', 80, 'REJECT', false],
      ['external to LB', 'external', '1.2.3.4', 80, 'REJECT', false],
    ],
  },
  {
    name: 'no local endpoints under a Local policy',
    services: [
      loadBalancer('ns1/svc1', '172.30.0.41', 3001, '1.2.3.4', { externalTrafficPolicy: 'Local' }),
      service('ns2/svc2', '172.30.0.42', { ports: [{ port: 80 }], internalTrafficPolicy: 'Local' }),
    ],
    slices: [
      slice('ns1/svc1', [{ port: 80 }], [there('10.180.1.1')]),
      slice('ns2/svc2', [{ port: 80 }], [there('10.180.1.2')]),
    ],
    flows: [
      ['external to LB', 'external', '1.2.3.4', 80, 'DROP', false],
      ['external to NodePort', 'external', '192.168.0.2', 3001, 'DROP', false],
      ['pod to LB', 'pod', '1.2.3.4', 80, '10.180.1.1:80', false],
      ['node to NodePort', 'node', '192.168.0.2', 3001, '10.180.1.1:80', true],
      ['pod to ClusterIP, iTP Local', 'pod', '172.30.0.42', 80, 'DROP', false],
    ],
    // Without a local endpoint a virtual server has all of them, or, when the Service has nothing but its ClusterIP, none.
    ipvs: {
      'external to LB': ['10.180.1.1:80', false],
      'external to NodePort': ['10.180.1.1:80', false],
      'node to NodePort': ['10.180.1.1:80', false],
      'pod to ClusterIP, iTP Local': ['REJECT', false],
    },
  },
  {
    name: 'source ranges of a load balancer',
    services: [
      service('ns1/svc1', '172.30.0.41', {
        type: 'LoadBalancer',
        ports: [{ port: 80, nodePort: 3001 }],
        vips: ['1.2.3.4', '5.6.7.8'],
        sourceRanges: ['192.168.0.0/24', '203.0.113.0/25'],
      }),
    ],
    slices: [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])],
    flows: [
      ['pod to ClusterIP', 'pod', '172.30.0.41', 80, '10.180.0.1:80', false],
      ['external to NodePort', 'external', '192.168.0.2', 3001, '10.180.0.1:80', true],
      ['NodePorts know no ranges', 'blocked', '192.168.0.2', 3001, '10.180.0.1:80', true],
      ['accepted', 'external', '1.2.3.4', 80, '10.180.0.1:80', true],
      ['accepted, second address', 'external', '5.6.7.8', 80, '10.180.0.1:80', true],
      ['blocked', 'blocked', '1.2.3.4', 80, 'DROP', false],
      ['blocked, second address', 'blocked', '5.6.7.8', 80, 'DROP', false],
      ['pod outside the ranges', 'pod', '1.2.3.4', 80, 'DROP', false],
      ['node within them', 'node', '1.2.3.4', 80, '10.180.0.1:80', true],
      ['the address itself, from such a node', '1.2.3.4', '1.2.3.4', 80, '10.180.0.1:80', true],
    ],
  },
  {
    name: 'NodePorts on all addresses',
    services: [service('ns1/svc1', '172.30.0.41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
    slices: [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1', here('10.180.2.1')])],
    flows: [
      ['external', 'external', '192.168.0.2', 3001, '10.180.0.1:80, 10.180.2.1:80', true],
      ['secondary address', 'external', '192.168.1.2', 3001, '10.180.0.1:80, 10.180.2.1:80', true],
      ['another host', 'external', '192.168.0.3', 3001, 'ACCEPT', false],
    ],
  },
  {
    name: 'NodePorts on some addresses',
    services: [service('ns1/svc1', '172.30.0.41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
    slices: [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])],
    options: { nodePortAddresses: ['192.168.0.0/24', '2001:db8::/64'] },
    flows: [
      ['within', 'external', '192.168.0.2', 3001, '10.180.0.1:80', true],
      ['outside', 'external', '192.168.1.2', 3001, 'ACCEPT', false],
    ],
  },
  {
    name: 'NodePorts on IPv6',
    services: [service('ns1/svc1', 'fd00:172:30::41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
    slices: [slice('ns1/svc1', [{ port: 80 }], ['fd00:10:180::1', here('fd00:10:180::2:1')])],
    flows: [
      ['pod to ClusterIP', 'fd00:10::2', 'fd00:172:30::41', 80, '[fd00:10:180::1]:80, [fd00:10:180::2:1]:80', false],
      ['external', '2600:5200::1', '2001:db8::1', 3001, '[fd00:10:180::1]:80, [fd00:10:180::2:1]:80', true],
      ['localhost never', '::1', '::1', 3001, 'ACCEPT', false],
    ],
  },
  {
    name: 'one Service in two families',
    services: [service('ns1/svc1', ['172.30.0.41', 'fd00:172:30::41'], { ports: [{ port: 80 }] })],
    slices: [
      slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1']),
      slice('ns1/svc1', [{ port: 80 }], ['fd00:10:180::1'], 2),
    ],
    flows: [
      ['IPv4', 'pod', '172.30.0.41', 80, '10.180.0.1:80', false],
      ['IPv6', 'fd00:10::2', 'fd00:172:30::41', 80, '[fd00:10:180::1]:80', false],
    ],
  },
  {
    name: 'terminating endpoints serve when none is ready',
    services: [loadBalancer('ns1/svc1', '172.30.0.41', 3001, '1.2.3.4', { externalTrafficPolicy: 'Local' })],
    slices: [
      slice(
        'ns1/svc1',
        [{ port: 80 }],
        [
          { ...here('10.0.1.1'), ...fading },
          { ...here('10.0.1.2'), ...dead },
          { ...there('10.0.1.3'), ...fading },
        ],
      ),
    ],
    flows: [
      ['pod to ClusterIP', 'pod', '172.30.0.41', 80, '10.0.1.1:80, 10.0.1.3:80', false],
      ['external to LB', 'external', '1.2.3.4', 80, '10.0.1.1:80', false],
    ],
  },
  {
    name: 'ready endpoints elsewhere, a terminating one here',
    services: [loadBalancer('ns1/svc1', '172.30.0.41', 3001, '1.2.3.4', { externalTrafficPolicy: 'Local' })],
    slices: [slice('ns1/svc1', [{ port: 80 }], [{ ...here('10.0.1.1'), ...fading }, there('10.0.1.3')])],
    flows: [
      ['pod to ClusterIP', 'pod', '172.30.0.41', 80, '10.0.1.3:80', false],
      ['external to LB', 'external', '1.2.3.4', 80, '10.0.1.1:80', false],
    ],
  },
  {
    name: 'endpoints that neither serve nor are ready',
    services: [service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] })],
    slices: [slice('ns1/svc1', [{ port: 80 }], [{ ...here('10.0.1.1'), ...dead }])],
    flows: [['pod to ClusterIP', 'pod', '172.30.0.41', 80, 'REJECT', false]],
  },
  {
    name: 'hints of zones and of nodes',
    services: [
      service('ns1/zone', '172.30.0.41', { ports: [{ port: 80 }] }),
      service('ns1/node', '172.30.0.42', { ports: [{ port: 80 }] }),
      service('ns1/other', '172.30.0.43', { ports: [{ port: 80 }] }),
      service('ns1/partial', '172.30.0.44', { ports: [{ port: 80 }] }),
    ],
    slices: [
      slice(
        'ns1/zone',
        [{ port: 80 }],
        [
          { address: '10.180.0.1', hintZones: ['zone-a'] },
          { address: '10.180.0.2', hintZones: ['zone-b'] },
        ],
      ),
      slice(
        'ns1/node',
        [{ port: 80 }],
        [
          { address: '10.180.0.1', hintZones: ['zone-a'], hintNodes: [NODE.name] },
          { address: '10.180.0.2', hintZones: ['zone-a'], hintNodes: ['remote'] },
        ],
      ),
      slice(
        'ns1/other',
        [{ port: 80 }],
        [
          { address: '10.180.0.1', hintZones: ['zone-b'] },
          { address: '10.180.0.2', hintZones: ['zone-b'] },
        ],
      ),
      slice('ns1/partial', [{ port: 80 }], [{ address: '10.180.0.1', hintZones: ['zone-a'] }, '10.180.0.2']),
    ],
    flows: [
      ['this zone alone', 'pod', '172.30.0.41', 80, '10.180.0.1:80', false],
      ['this node alone', 'pod', '172.30.0.42', 80, '10.180.0.1:80', false],
      ['no endpoint for this zone', 'pod', '172.30.0.43', 80, '10.180.0.1:80, 10.180.0.2:80', false],
      ['an endpoint without a hint', 'pod', '172.30.0.44', 80, '10.180.0.1:80, 10.180.0.2:80', false],
    ],
  },
  {
    name: 'what kube-proxy leaves alone',
    services: [
      service('ns1/headless', [], { headless: true, ports: [{ port: 80 }] }),
      service('ns1/external-name', [], { type: 'ExternalName', externalName: 'example.com', ports: [{ port: 80 }] }),
      {
        ...service('ns1/proxied-lb', '172.30.0.41', { type: 'LoadBalancer', ports: [{ port: 80 }] }),
        ingress: [{ address: service('x/y', '1.2.3.4', { ports: [] }).clusterIPs[0], mode: 'Proxy' }],
      },
    ],
    slices: [
      slice('ns1/headless', [{ port: 80 }], ['10.180.0.1']),
      slice('ns1/proxied-lb', [{ port: 80 }], ['10.180.0.2']),
    ],
    flows: [
      ['a pod of a headless Service', 'pod', '10.180.0.1', 80, 'ACCEPT', false],
      ['a load balancer that proxies', 'external', '1.2.3.4', 80, 'ACCEPT', false],
      ['its cluster address', 'pod', '172.30.0.41', 80, '10.180.0.2:80', false],
    ],
  },
]

/** Modes with a chance for each endpoint: expected within a packet's possible destinations. */
export const SPREAD: Case = {
  name: 'every endpoint has the same chance',
  services: [service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] })],
  slices: [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1', '10.180.0.2', '10.180.0.3', '10.180.0.4', '10.180.0.5'])],
  flows: [],
}
