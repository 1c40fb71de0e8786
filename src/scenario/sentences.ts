/**
 * What is said beside a verdict about the cluster that was built: `assumed` and `unmodelled`. One place, so that another
 * language can stand beside it.
 */
export const say = {
  noPlugin: 'nothing in the input names the network plugin: flannel with vxlan is assumed',
  flannelBackend: 'flannel runs, but its backend is not in the input: vxlan is assumed',
  backend: (name: string) => `flannel's backend ${name} is not modelled: vxlan stands in for it`,
  gke: 'the cloud routes each node its pod range: modelled as host-gw routes on one LAN',
  standIn: (plugin: string, overlay: string) =>
    `${plugin} is not modelled: a bridge on each node and flannel ${overlay} stand in for it`,
  inferredNodes: (names: readonly string[], count: number) =>
    `${count === 1 ? `Node ${names[0]} is` : `${count} Nodes (${names.join(', ')}${count > names.length ? ', …' : ''}) are`} named by pods only: inferred`,
  inferredAddresses: (count: number) =>
    `${count === 1 ? 'one Node has' : `${count} Nodes have`} no InternalIP in the input: addresses of the nodes' network were chosen`,
  inferredRanges: (count: number) =>
    `${count === 1 ? 'one Node has' : `${count} Nodes have`} no pod range in the input: ranges were cut from the cluster CIDR`,
  spread: (count: number) => `${count === 1 ? 'one pod names' : `${count} pods name`} no node: spread over the workers`,
  severalSubnets: (count: number) => `the nodes' addresses lie in ${count} subnets: they are joined by one LAN`,
  foreign: (count: number, example: string) =>
    `${count === 1 ? 'one pod has an address' : `${count} pods have addresses`} outside the node's range (${example}): reached by /32 and /128 routes`,
  derivedEndpoints: (count: number) =>
    `${count === 1 ? 'one Service has' : `${count} Services have`} no EndpointSlices in the input: endpoints follow from selectors and readiness`,
  takenByAddon: (service: string, address: string, addon: string): string =>
    `the ClusterIP ${address} of Service ${service} is that of Service ${addon} too, which kubeadm adds: give it another, or bring your own ${addon}`,
  outsideRange: (service: string, address: string, ranges: string) =>
    `the ClusterIP ${address} of Service ${service} is outside the cluster's Service range ${ranges}`,
  unmodelledKind: (kind: string, count: number, names: readonly string[]) => {
    const which = names.filter((name) => name !== '').join(', ')
    return `${count} ${kind} not modelled${which === '' ? '' : ` (${which}${count > names.length ? ', …' : ''})`}: could change this verdict`
  },
  mesh: (count: number) =>
    `${count === 1 ? 'one pod has' : `${count} pods have`} an Istio or Linkerd sidecar, which is not modelled: could change this verdict`,
} as const
