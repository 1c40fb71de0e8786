import type { NodeObject } from '../api/cluster-objects.ts'
import { isFinished, type PodObject } from '../api/pod-object.ts'
import type { PodSpec } from '../api/pod-spec.ts'
import { addResources, type Resources } from '../api/quantity.ts'

const requests = new WeakMap<PodSpec['containers'], Resources>()

/** What a pod asks of its node: its containers together, or an init container that alone asks for more (KEP-753 for sidecars). */
export function requestsOf({ containers, initContainers }: PodSpec): Resources {
  const known = requests.get(containers)
  if (known !== undefined) return known
  const sum: Record<string, number> = {}
  for (const container of containers) addResources(sum, container.requests)
  const sidecars: Record<string, number> = {}
  const peak: Record<string, number> = {}
  for (const container of initContainers) {
    if (container.sidecar) addResources(sidecars, container.requests)
    const here = { ...sidecars }
    if (!container.sidecar) addResources(here, container.requests)
    for (const name in here) peak[name] = Math.max(peak[name] ?? 0, here[name])
  }
  addResources(sum, sidecars)
  for (const name in peak) sum[name] = Math.max(sum[name] ?? 0, peak[name])
  requests.set(containers, sum)
  return sum
}

/** What the scheduler knows of a node: NodeInfo. */
export class NodeInfo {
  readonly used: Record<string, number> = {}
  readonly pods = new Map<string, PodObject>()
  /** Pods here that refuse others beside them. */
  readonly withAntiAffinity = new Set<string>()

  constructor(public node: NodeObject) {}

  add(pod: PodObject): void {
    if (this.pods.has(pod.meta.uid)) return
    this.pods.set(pod.meta.uid, pod)
    addResources(this.used, requestsOf(pod.spec))
    if ((pod.spec.affinity?.antiRequired.length ?? 0) > 0) this.withAntiAffinity.add(pod.meta.uid)
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid)
    if (pod === undefined) return
    this.pods.delete(uid)
    this.withAntiAffinity.delete(uid)
    addResources(this.used, requestsOf(pod.spec), -1)
  }

  /** The first resource of which there is too little left, or null. */
  lacks(wanted: Resources): string | null {
    const { allocatable } = this.node.status
    if (this.pods.size + 1 > (allocatable.pods ?? 110)) return 'pods'
    for (const name in wanted) {
      if (wanted[name] > 0 && wanted[name] > (allocatable[name] ?? 0) - (this.used[name] ?? 0)) return name
    }
    return null
  }
}

/** Whether a pod takes up room on its node. */
export const takesRoom = (pod: PodObject): boolean => pod.spec.nodeName !== '' && !isFinished(pod)
