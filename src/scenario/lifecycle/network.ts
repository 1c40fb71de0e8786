import { nameOf } from '../../kube/api/meta.ts'
import type { PodObject } from '../../kube/api/pod-object.ts'
import type { PodNetwork } from '../../kube/node/kubelet/outside.ts'
import type { Address } from '../../util/address.ts'
import type { Cluster } from '../cluster.ts'
import type { Host } from '../host.ts'
import { slimPod } from './slim.ts'

/** Sandboxes of pods as the bridge plugin makes them on their nodes: real interfaces, host-local's addresses. */
export class SandboxNetwork implements PodNetwork {
  constructor(private readonly cluster: Cluster) {}

  add(pod: PodObject): readonly Address[] | string {
    return this.cluster.attach(slimPod(pod))
  }

  del(pod: PodObject): void {
    this.cluster.detach(slimPod(pod))
  }

  hostAddresses(node: string): readonly Address[] {
    return this.cluster.plan.nodes.get(node)?.addresses ?? []
  }

  /** Where the pod's programs run; null while it has no sandbox. */
  hostOf(pod: PodObject): Host | null {
    if (!this.cluster.plan.nodes.has(pod.spec.nodeName)) return null
    const node = this.cluster.node(pod.spec.nodeName)
    return pod.spec.hostNetwork ? node : (node.sandboxes.get(nameOf(pod.meta)) ?? null)
  }
}
