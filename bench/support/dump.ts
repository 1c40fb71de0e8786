/** How big a cluster, and whether its dump holds EndpointSlices or leaves endpoints to the Services' selectors. */
export interface DumpSize {
  readonly nodes: number
  readonly podsPerNode: number
  readonly services: number
  readonly endpoints: 'slices' | 'selectors'
}

/** Endpoints a Service has where slices are given. */
const BACKENDS = 5
const NAMESPACES = 50

/** What `kubectl get nodes,pods,svc,endpointslices -A -o json | jq -c .items[]` prints, cut down to what podwire reads. */
export function* dump({ nodes, podsPerNode, services, endpoints }: DumpSize): Generator<string> {
  for (let n = 0; n < nodes; n++) yield JSON.stringify(node(n))
  const pods = nodes * podsPerNode
  // Pods of one application are on many nodes, as the scheduler spreads them.
  for (let i = 0; i < pods; i++) yield JSON.stringify(pod(i, nodes, Math.max(1, services)))
  for (let s = 0; s < services; s++) {
    yield JSON.stringify(service(s))
    if (endpoints === 'slices') yield JSON.stringify(slice(s, pods, nodes, services))
  }
}

const ranges = (n: number): string => `10.${(n >> 8) & 255}.${n & 255}`
const nodeAddress = (n: number): string => `172.16.${(n + 10) >> 8}.${(n + 10) & 255}`
const podAddress = (i: number, nodes: number): string => `${ranges(i % nodes)}.${Math.floor(i / nodes) + 2}`
const namespaceOf = (service: number): string => `team-${service % NAMESPACES}`
const podName = (i: number, service: number): string => `svc-${service}-7d9c5b8f66-${(i + 50_000).toString(36)}`

const node = (n: number): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${n}`, labels: { 'kubernetes.io/hostname': `node-${n}` } },
  spec: { podCIDRs: [`${ranges(n)}.0/24`] },
  status: {
    addresses: [{ type: 'InternalIP', address: nodeAddress(n) }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})

function pod(i: number, nodes: number, services: number): object {
  const app = i % services
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(i, app),
      namespace: namespaceOf(app),
      labels: { app: `svc-${app}`, 'pod-template-hash': '7d9c5b8f66' },
    },
    spec: {
      nodeName: `node-${i % nodes}`,
      containers: [{ name: 'app', ports: [{ containerPort: 8080, protocol: 'TCP' }] }],
    },
    status: {
      phase: 'Running',
      podIPs: [{ ip: podAddress(i, nodes) }],
      hostIP: nodeAddress(i % nodes),
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
}

const service = (s: number): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `svc-${s}`, namespace: namespaceOf(s) },
  spec: {
    clusterIPs: [`10.${96 + ((s + 11) >> 16)}.${((s + 11) >> 8) & 255}.${(s + 11) & 255}`],
    selector: { app: `svc-${s}` },
    ports: [{ port: 80, targetPort: 8080 }],
  },
})

function slice(s: number, pods: number, nodes: number, services: number): object {
  const backends = Array.from({ length: BACKENDS }, (_, k) => (s + k * services) % pods)
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `svc-${s}-abcde`,
      namespace: namespaceOf(s),
      labels: { 'kubernetes.io/service-name': `svc-${s}` },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: backends.map((i) => ({
      addresses: [podAddress(i, nodes)],
      conditions: { ready: true },
      nodeName: `node-${i % nodes}`,
      targetRef: { kind: 'Pod', namespace: namespaceOf(s), name: podName(i, i % services) },
    })),
  }
}
