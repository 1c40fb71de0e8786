import type { Service } from '../kube/api/service.ts'
import { Emulation } from '../scenario/emulation.ts'
import type { Inventory } from '../scenario/load/inventory.ts'
import type { ClusterPlan, NodePlan } from '../scenario/plan.ts'
import type { Experience, NodeView, ServiceView, Story, StoryRequest } from '../ui/model/experience.ts'
import { formatAddress } from '../util/address.ts'
import { formatPrefix } from '../util/prefix.ts'

/** The terminal UI's view of a cluster. Every trace starts from the same fresh cluster, so it is what `podwire trace` prints. */
export function experienceOf(inventory: Inventory, seed: number | undefined): Experience {
  const emulation = new Emulation(inventory, { seed, recording: 'off' })
  const { plan } = emulation
  return {
    title: inventory.scenarios[0]?.title ?? 'cluster',
    seed: emulation.seed,
    overlay: plan.path.overlay,
    proxyMode: plan.path.proxyMode,
    underlay: plan.lan.subnets.map(formatPrefix).join(' '),
    nodes: [...plan.nodes.values()].map((node) => nodeView(emulation, plan, node)),
    services: emulation.services.all.filter(isUsers).map((service) => serviceView(emulation, service)),
    trace: (request) => story(inventory, seed, request),
  }
}

function story(inventory: Inventory, seed: number | undefined, request: StoryRequest): Story {
  const emulation = new Emulation(inventory, { seed })
  const { trace } = emulation.trace({ from: request.from, to: request.to, proto: request.protocol })
  return { request, trace, recorded: emulation.recorder }
}

function nodeView({ cluster }: Emulation, plan: ClusterPlan, node: NodePlan): NodeView {
  const { namespace } = cluster.node(node.name)
  const drawn = ['cni0', ...(plan.path.overlay === 'vxlan' ? ['flannel.1'] : []), 'eth0']
  return {
    name: node.name,
    address: node.addresses.map(formatAddress)[0] ?? '',
    pods: node.pods.map((pod) => ({
      namespace: pod.meta.namespace,
      name: pod.meta.name,
      address: cluster.addressesOf(pod).map(formatAddress)[0] ?? '',
      phase: pod.phase,
    })),
    devices: drawn.map((name) => {
      const own = namespace.device(name)?.addresses[0]?.address
      return { name, address: own === undefined ? '' : formatAddress(own) }
    }),
  }
}

/** The cluster's own Services would crowd out those that the reader came for. */
const isUsers = ({ meta }: Service): boolean => meta.namespace !== 'kube-system' && meta.name !== 'kubernetes'

function serviceView({ services: { slices } }: Emulation, service: Service): ServiceView {
  const endpoints = slices
    .filter((slice) => slice.service === service.meta.name && slice.meta.namespace === service.meta.namespace)
    .flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses.map(formatAddress)))
  return {
    name: `${service.meta.namespace}/${service.meta.name}`,
    address: service.clusterIPs.map(formatAddress)[0] ?? 'None',
    endpoints,
  }
}
