import type { NameService, PodContext } from '../app/context.ts'
import { coredns } from '../app/dns/coredns.ts'
import type { DnsEndpoint, DnsService, KubeDirectory } from '../app/dns/kube-directory.ts'
import { KubeZone } from '../app/dns/kube-zone.ts'
import { clusterFirst } from '../app/dns/resolv-conf.ts'
import { Resolver } from '../app/dns/resolver.ts'
import { StaticZone } from '../app/dns/static-zone.ts'
import type { Zone } from '../app/dns/zone.ts'
import { Hosts } from '../app/names.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Service } from '../kube/api/service.ts'
import { type Address, keyOf, parseAddress, sameAddress } from '../util/address.ts'
import { dnsAddress } from './addons.ts'
import type { ClusterPlan } from './plan.ts'
import type { Services } from './services.ts'

/** Whether a pod is one of the cluster's DNS servers: kubeadm's label, in the system's namespace. */
export const servesDns = ({ meta }: Pod): boolean =>
  meta.namespace === 'kube-system' && meta.labels['k8s-app'] === 'kube-dns'

const LOOPBACK = [parseAddress('127.0.0.1')!, parseAddress('::1')!]

/** The cluster's DNS: what its servers answer from, and what its pods find in their resolv.conf. */
export class ClusterDns {
  constructor(
    private readonly plan: ClusterPlan,
    private readonly services: Services,
  ) {}

  /** Starts CoreDNS as a process. */
  serve(context: PodContext, epoch: number): void {
    const zone = new KubeZone(
      new ServiceDirectory(this.plan, this.services),
      Math.floor(epoch / 1000),
      this.plan.path.dnsDomain,
    )
    coredns(context, [zone], this.upstream === null ? null : this.plan.lan.gateway[0])
  }

  /** What the DNS server outside knows, where the scenario has one: the laptop, whom the nodes' resolv.conf names. */
  get upstream(): Zone | null {
    const { upstream } = this.plan.settings
    if (upstream === undefined) return null
    return new StaticZone(
      Object.entries(upstream).map(
        ([name, given]) => [name, [given].flat().map((text) => parseAddress(text)!)] as const,
      ),
    )
  }

  /** What programs in a network namespace find: `host` or NS/POD. */
  namesOf(context: PodContext, netns: string): NameService {
    return netns === 'host' ? this.hosts() : this.resolver(context, netns.slice(0, netns.indexOf('/')))
  }

  /** Of a pod with dnsPolicy ClusterFirst. */
  resolver(context: PodContext, namespace: string): NameService {
    return new Resolver(context, clusterFirst([this.nameserver], namespace, this.plan.path.dnsDomain))
  }

  /** Of a machine: it asks no cluster DNS. Its /etc/hosts knows itself. */
  hosts(): NameService {
    return new Hosts([['localhost', LOOPBACK]])
  }

  get nameserver(): Address {
    const service = this.services.all.find(({ meta }) => meta.namespace === 'kube-system' && meta.name === 'kube-dns')
    return service?.clusterIPs[0] ?? dnsAddress(this.plan.path.serviceCIDRs[0])
  }
}

/** CoreDNS's informers: Services and EndpointSlices, as they stand when it is asked. */
class ServiceDirectory implements KubeDirectory {
  constructor(
    private readonly plan: ClusterPlan,
    private readonly services: Services,
  ) {}

  /** There is no list of namespaces in every input: one exists if anything is in it. */
  hasNamespace(name: string): boolean {
    if (name === 'default' || name === 'kube-system') return true
    if (this.services.all.some(({ meta }) => meta.namespace === name)) return true
    return [...this.plan.nodes.values()].some(({ pods }) => pods.some(({ meta }) => meta.namespace === name))
  }

  service(namespace: string, name: string): DnsService | null {
    const found = this.services.all.find(({ meta }) => meta.namespace === namespace && meta.name === name)
    return found === undefined ? null : this.seen(found)
  }

  serviceAt(address: Address): DnsService | null {
    const found = this.services.all.find(({ clusterIPs }) => clusterIPs.some((own) => sameAddress(own, address)))
    return found === undefined ? null : this.seen(found)
  }

  endpointsAt(address: Address): { readonly service: DnsService; readonly endpoint: DnsEndpoint }[] {
    return this.services.all
      .map((service) => this.seen(service))
      .flatMap((service) => {
        const endpoint = service.endpoints.find((candidate) => keyOf(candidate.address) === keyOf(address))
        return endpoint === undefined ? [] : [{ service, endpoint }]
      })
  }

  private seen({
    meta,
    clusterIPs,
    externalName,
    type,
    ports,
    headless,
    publishNotReadyAddresses,
  }: Service): DnsService {
    const slices = this.services.slices.filter(
      (slice) => slice.service === meta.name && slice.meta.namespace === meta.namespace,
    )
    const endpoints = slices.flatMap((slice) =>
      slice.endpoints
        .filter((endpoint) => endpoint.ready || publishNotReadyAddresses)
        .flatMap(({ addresses, hostname }) =>
          addresses.map((address) => ({ address, hostname: hostname === '' ? null : hostname })),
        ),
    )
    const own = headless ? slices.flatMap((slice) => slice.ports) : ports
    return {
      namespace: meta.namespace,
      name: meta.name,
      addresses: clusterIPs,
      externalName: type === 'ExternalName' ? externalName : null,
      ports: own.map(({ name, protocol, port }) => ({
        name,
        port,
        protocol: protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp',
      })),
      endpoints,
    }
  }
}
