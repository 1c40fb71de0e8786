import { NO_LABELS } from '../../src/kube/api/meta.ts'
import { DEFAULT_PROXY_CONFIG } from '../../src/kube/api/proxy-config.ts'
import type { EndpointSlice, Service, ServicePort, SliceEndpoint } from '../../src/kube/api/service.ts'
import { type ProxyNode, type ProxyOptions, proxyOptions } from '../../src/kube/node/proxy/config.ts'
import { ServiceModel } from '../../src/kube/node/proxy/model.ts'
import { type Address, address, familyOf } from '../../src/util/address.ts'
import { prefix } from '../../src/util/prefix.ts'

/** The conventions of kube-proxy's own unit tests, so that their cases can be read side by side with ours. */
export const NODE: ProxyNode = {
  name: 'test-node',
  zone: 'zone-a',
  addresses: ['192.168.0.2', '192.168.1.2', '192.168.99.11', '127.0.0.1', '2001:db8::1', '2001:db8:1::2', '::1'].map(
    (text) => address(text),
  ),
  podCIDRs: [],
}

export const OPTIONS: ProxyOptions = {
  ...proxyOptions(DEFAULT_PROXY_CONFIG),
  clusterCIDRs: [prefix('10.0.0.0/8'), prefix('fd00:10::/64')],
}

type Port = Partial<Omit<ServicePort, 'port'>> & { readonly port: number }
type Fields = Partial<Omit<Service, 'meta' | 'clusterIPs' | 'ports' | 'externalIPs' | 'ingress' | 'sourceRanges'>> & {
  readonly externalIPs?: readonly string[]
  readonly vips?: readonly string[]
  readonly sourceRanges?: readonly string[]
  readonly ports: readonly Port[]
}

/** `ns1/svc1` at its cluster addresses. */
export function service(name: string, clusterIPs: string | readonly string[], fields: Fields): Service {
  const [namespace, short] = name.split('/')
  const { ports, vips = [], externalIPs = [], sourceRanges = [], ...rest } = fields
  return {
    meta: { namespace, name: short, labels: NO_LABELS, annotations: NO_LABELS, at: null },
    type: 'ClusterIP',
    clusterIPs: [clusterIPs].flat().map((text) => address(text)),
    headless: false,
    externalName: '',
    selector: null,
    loadBalancerClass: '',
    healthCheckNodePort: 0,
    sessionAffinity: 'None',
    affinityTimeout: 10_800,
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    publishNotReadyAddresses: false,
    trafficDistribution: '',
    ...rest,
    externalIPs: externalIPs.map((text) => address(text)),
    ingress: vips.map((text) => ({ address: address(text), mode: 'VIP' })),
    sourceRanges: sourceRanges.map(prefix),
    ports: ports.map((port) => ({
      name: 'p80',
      protocol: 'TCP',
      targetPort: port.port,
      nodePort: 0,
      appProtocol: '',
      ...port,
    })),
  }
}

type Target = string | (Partial<Omit<SliceEndpoint, 'addresses'>> & { readonly address: string })

/** An EndpointSlice of `ns1/svc1`; an endpoint given as its address alone is ready, on no known node. */
export function slice(
  name: string,
  ports: readonly { readonly name?: string; readonly port: number; readonly protocol?: 'TCP' | 'UDP' | 'SCTP' }[],
  targets: readonly Target[],
  number = 1,
): EndpointSlice {
  const [namespace, short] = name.split('/')
  const endpoints = targets.map((target) => {
    const { address: text, ...rest } = typeof target === 'string' ? { address: target } : target
    return { ...READY, addresses: [address(text)], ...rest }
  })
  const first: Address = endpoints[0]?.addresses[0] ?? address('10.0.0.0')
  return {
    meta: { namespace, name: `${short}-${number}`, labels: NO_LABELS, annotations: NO_LABELS, at: null },
    service: short,
    family: familyOf(first),
    ports: ports.map((port) => ({ name: 'p80', protocol: 'TCP', ...port })),
    endpoints,
    from: 'EndpointSlice',
  }
}

const READY: Omit<SliceEndpoint, 'addresses'> = {
  ready: true,
  serving: true,
  terminating: false,
  hostname: '',
  node: '',
  zone: '',
  hintZones: [],
  hintNodes: [],
  pod: '',
}

export function modelOf(services: readonly Service[], slices: readonly EndpointSlice[]): ServiceModel {
  const model = new ServiceModel()
  for (const one of services) model.setService(one)
  for (const one of slices) model.setSlice(one)
  return model
}

/** The Services of TestOverallIPTablesRules and TestOverallNFTablesRules. */
export const overall = (): ServiceModel =>
  modelOf(
    [
      service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] }),
      service('ns2/svc2', '172.30.0.42', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 3001 }],
        vips: ['1.2.3.4'],
        externalIPs: ['192.168.99.22'],
        healthCheckNodePort: 30_000,
      }),
      service('ns3/svc3', '172.30.0.43', { type: 'NodePort', ports: [{ port: 80, nodePort: 3003 }] }),
      service('ns4/svc4', '172.30.0.44', { type: 'NodePort', ports: [{ port: 80 }], externalIPs: ['192.168.99.33'] }),
      service('ns5/svc5', '172.30.0.45', {
        type: 'LoadBalancer',
        ports: [{ port: 80, nodePort: 3002 }],
        vips: ['5.6.7.8'],
        healthCheckNodePort: 30_000,
        sourceRanges: ['203.0.113.0/25'],
        sessionAffinity: 'ClientIP',
      }),
      service('ns6/svc6', '172.30.0.46', { ports: [{ port: 80 }] }),
    ],
    [
      slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1']),
      slice('ns2/svc2', [{ port: 80 }], ['10.180.0.2']),
      slice('ns3/svc3', [{ port: 80 }], ['10.180.0.3']),
      slice('ns4/svc4', [{ port: 80 }], ['10.180.0.4', { address: '10.180.0.5', node: NODE.name }]),
      slice('ns5/svc5', [{ port: 80 }], ['10.180.0.3']),
    ],
  )
