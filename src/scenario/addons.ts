import { type Meta, NO_LABELS, nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { EndpointSlice, Service } from '../kube/api/service.ts'
import {
  type Address,
  type Family,
  familyOf,
  formatAddress,
  isV4,
  sameAddress,
  type V4,
  v6FromBigInt,
  v6ToBigInt,
} from '../util/address.ts'
import type { Diagnostic } from '../util/diagnostics.ts'
import type { Prefix } from '../util/prefix.ts'
import { dataPathOf } from './data-path.ts'
import type { Inventory } from './load/inventory.ts'
import { load } from './load/load.ts'
import type { ClusterSettings } from './load/scenario-schema.ts'
import type { ClusterPlan } from './plan.ts'
import { say } from './sentences.ts'

const API_SERVER = 1
const DNS = 10
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'

/**
 * What kubeadm puts into every cluster, where the input does not bring its own: CoreDNS behind the Service kube-dns, and the
 * API server behind the Service kubernetes. A dump, which shows in its Nodes or its pods' addresses, is taken as it is.
 */
export function withAddons(inventory: Inventory, settings: ClusterSettings): Inventory {
  const { nodes, scenarios } = inventory
  const dumped = (scenarios.length === 0 && nodes.length > 0) || inventory.pods.some((pod) => pod.addresses.length > 0)
  if (settings.addons === false || dumped) return inventory
  const [range] = dataPathOf(inventory, settings).serviceCIDRs
  const added = load([{ name: 'kubeadm', text: manifest(controlPlane(inventory), range) }])
  const given = new Set(inventory.services.map((service) => nameOf(service.meta)))
  const pods = new Set(inventory.pods.map((pod) => nameOf(pod.meta)))
  const ownDns = given.has('kube-system/kube-dns')
  const lacks = ({ meta }: { readonly meta: Meta }): boolean =>
    !pods.has(nameOf(meta)) && !(ownDns && meta.name === 'coredns')
  const services = added.services.filter(({ meta }) => !given.has(nameOf(meta)))
  return {
    ...inventory,
    diagnostics: [...inventory.diagnostics, ...services.flatMap((service) => clashes(service, inventory))],
    pods: [...added.pods.filter(lacks), ...inventory.pods],
    objects: [...added.objects.filter(lacks), ...inventory.objects],
    services: [...inventory.services, ...services],
  }
}

/** The API server would have refused the Service of the input: kubeadm's was there before it. */
function clashes({ meta, clusterIPs }: Service, { services }: Inventory): Diagnostic[] {
  return services.flatMap((other) => {
    const address = other.clusterIPs.find((own) => clusterIPs.some((taken) => sameAddress(own, taken)))
    if (address === undefined) return []
    const message = say.takenByAddon(nameOf(other.meta), formatAddress(address), nameOf(meta))
    return [{ severity: 'warning', at: other.meta.at, message }]
  })
}

/** The address of the cluster's DNS Service in a Service range: the tenth, as kubeadm gives it. */
export const dnsAddress = (range: Prefix): Address => nth(range, DNS)

function controlPlane({ nodes }: Inventory): string {
  const labelled = nodes.find(({ meta }) => CONTROL_PLANE in meta.labels)
  return (labelled ?? nodes.find(({ meta }) => meta.name === 'control-plane') ?? nodes[0])?.meta.name ?? 'control-plane'
}

/**
 * The endpoints of the Service kubernetes, which has no selector: the API servers enter their own addresses (the endpoint
 * reconciler of kube-apiserver). Empty when the cluster has none, or the input says them.
 */
export function apiServerSlices(plan: ClusterPlan, { slices, pods }: Inventory): EndpointSlice[] {
  if (slices.some((slice) => slice.service === 'kubernetes' && slice.meta.namespace === 'default')) return []
  const hosts = new Set(pods.filter(isApiServer).map(({ node }) => node))
  const nodes = [...plan.nodes.values()].filter(({ name }) => hosts.has(name))
  const of = (family: Family): Address[] =>
    nodes.flatMap((node) => node.addresses.filter((address) => familyOf(address) === family))
  const [primary = 4, ...others] = new Set(plan.path.serviceCIDRs.map(({ address }) => familyOf(address)))
  const first = apiServerSlice('kubernetes', primary, of(primary))
  // The Service has one family; the endpoints of the other are there for whoever asks, once all servers have an address of it.
  const more = others.filter((family) => of(family).length === of(primary).length)
  return [first, ...more.map((family) => apiServerSlice(`kubernetes-v${family}`, family, of(family)))].filter(
    ({ endpoints }) => endpoints.length > 0,
  )
}

/** Named as the API server names it: after the Service in the first family of the Service ranges, `kubernetes-v6` in the second. */
function apiServerSlice(name: string, family: Family, addresses: readonly Address[]): EndpointSlice {
  const meta = { namespace: 'default', name, labels: NO_LABELS, annotations: NO_LABELS, at: null }
  const endpoints = addresses.map((address) => ({ ...API_ENDPOINT, addresses: [address] }))
  return { meta, service: 'kubernetes', family, ports: [API_PORT], endpoints, from: 'EndpointSlice' }
}

const isApiServer = ({ meta }: Pod): boolean =>
  meta.namespace === 'kube-system' && meta.labels.component === 'kube-apiserver'
const API_PORT = { name: 'https', port: 6443, protocol: 'TCP' } as const
const API_ENDPOINT = {
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

const nth = ({ address }: Prefix, n: number): Address =>
  isV4(address) ? ((address + n) as V4) : v6FromBigInt(v6ToBigInt(address) + BigInt(n))

const manifest = (node: string, range: Prefix): string => `
apiVersion: v1
kind: Pod
metadata: { name: coredns, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec:
  nodeName: ${JSON.stringify(node)}
  containers:
    - name: coredns
      image: registry.k8s.io/coredns/coredns
      ports: [{ name: dns, protocol: UDP, containerPort: 53 }, { name: dns-tcp, protocol: TCP, containerPort: 53 }]
---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system, labels: { k8s-app: kube-dns } }
spec:
  clusterIP: ${JSON.stringify(formatAddress(nth(range, DNS)))}
  selector: { k8s-app: kube-dns }
  ports: [{ name: dns, protocol: UDP, port: 53 }, { name: dns-tcp, protocol: TCP, port: 53 }]
---
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver-${node}
  namespace: kube-system
  labels: { component: kube-apiserver }
  annotations: { podwire.dev/serve: 'tcp:6443' }
spec:
  nodeName: ${JSON.stringify(node)}
  hostNetwork: true
  containers: [{ name: kube-apiserver, image: registry.k8s.io/kube-apiserver, ports: [{ name: https, containerPort: 6443 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: kubernetes, namespace: default, labels: { component: apiserver } }
spec:
  clusterIP: ${JSON.stringify(formatAddress(nth(range, API_SERVER)))}
  ports: [{ name: https, port: 443, targetPort: 6443 }]
`
