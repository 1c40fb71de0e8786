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

/** Resources that a pod asks for, and how much of each. */
export type Wanted = readonly (readonly [string, number])[]

export const wantedBy = (spec: PodSpec): Wanted => Object.entries(requestsOf(spec)).filter(([, amount]) => amount > 0)

/** What the scheduler knows of a node: NodeInfo. */
export class NodeInfo {
  readonly used: Record<string, number> = {}
  readonly pods = new Map<string, PodObject>()
  /** Pods here that refuse others beside them. */
  readonly withAntiAffinity = new Set<string>()
  /** No taint, and not cordoned: every pod is let in. */
  isOpen = false
  /** Where it stands among the nodes. */
  place = -1
  private known: NodeObject
  private room = 0
  private count = 0

  /** `changed` is told when something here did. */
  constructor(
    node: NodeObject,
    private readonly changed: (info: NodeInfo) => void = () => undefined,
  ) {
    this.known = node
    this.node = node
  }

  get node(): NodeObject {
    return this.known
  }

  set node(node: NodeObject) {
    this.known = node
    this.room = node.status.allocatable.pods ?? 110
    this.isOpen = !node.spec.unschedulable && node.spec.taints.length === 0
    this.changed(this)
  }

  add(pod: PodObject): void {
    if (this.pods.has(pod.meta.uid)) return
    this.pods.set(pod.meta.uid, pod)
    this.count++
    addResources(this.used, requestsOf(pod.spec))
    if ((pod.spec.affinity?.antiRequired.length ?? 0) > 0) this.withAntiAffinity.add(pod.meta.uid)
    this.changed(this)
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid)
    if (pod === undefined) return
    this.pods.delete(uid)
    this.count--
    this.withAntiAffinity.delete(uid)
    addResources(this.used, requestsOf(pod.spec), -1)
    this.changed(this)
  }

  /** The first resource of which there is too little left, or null. */
  lacks(wanted: Wanted): string | null {
    if (this.count >= this.room) return 'pods'
    for (let i = 0; i < wanted.length; i++) {
      const [name, amount] = wanted[i]
      if (amount > (this.known.status.allocatable[name] ?? 0) - (this.used[name] ?? 0)) return name
    }
    return null
  }

  /** LeastAllocated and BalancedAllocation for a pod that asks for so much, 0 to 200. */
  fit(cpu: number, memory: number): number {
    const ofCpu = this.share('cpu', cpu, CPU)
    const ofMemory = this.share('memory', memory, MEMORY)
    return 100 * (1 - (ofCpu + ofMemory) / 2) + 100 * (1 - Math.abs(ofCpu - ofMemory) / 2)
  }

  private share(name: string, own: number, standIn: number): number {
    const all = this.known.status.allocatable[name] ?? 0
    if (all === 0) return 1
    const used = this.used[name]
    return Math.min(1, ((used ?? 0) + own + (used === undefined ? this.count * standIn : 0)) / all)
  }
}

/** What the scheduler takes for granted of a pod that asks for nothing: GetNonzeroRequests. */
export const CPU = 100
export const MEMORY = 200 * 1024 * 1024

/** Whether a pod takes up room on its node. */
export const takesRoom = (pod: PodObject): boolean => pod.spec.nodeName !== '' && !isFinished(pod)
