import type { PodObject } from '../api/pod-object.ts'
import type { Store } from '../api/store.ts'
import { matchesPod } from './disruption.ts'
import { NodeInfo } from './node-info.ts'
import { refusalOf } from './scheduler-filters.ts'
import { stateOf } from './scheduler-state.ts'

export interface Victims {
  readonly node: string
  readonly pods: readonly PodObject[]
}

/**
 * DefaultPreemption: on which node, and instead of which pods of lower priority, the pod would fit. Prefers fewer broken
 * budgets, then the lowest highest priority, then fewer victims. Null when nobody's going would help.
 */
export function preempt(store: Store, pod: PodObject, nodes: readonly NodeInfo[]): Victims | null {
  const held = pod.status.nominatedNodeName
  const waits = nodes.find(({ node }) => node.meta.name === held)
  // Its victims are still on their way out: it waits for them.
  if (
    waits !== undefined &&
    [...waits.pods.values()].some((other) => isLower(other, pod) && store.latest(other)?.meta.deletionTimestamp != null)
  )
    return null
  let best: { readonly victims: Victims; readonly rank: readonly number[] } | null = null
  for (const info of nodes) {
    const pods = victimsOn(pod, info, nodes)
    if (pods === null || pods.length === 0) continue
    const rank = [brokenBudgets(store, pods), Math.max(...pods.map(({ spec }) => spec.priority)), pods.length]
    if (best === null || less(rank, best.rank)) best = { victims: { node: info.node.meta.name, pods }, rank }
  }
  return best?.victims ?? null
}

const isLower = (other: PodObject, pod: PodObject): boolean => other.spec.priority < pod.spec.priority

/** selectVictimsOnNode: all lower ones go, then come back as long as the pod still fits, the most important first. */
function victimsOn(pod: PodObject, info: NodeInfo, nodes: readonly NodeInfo[]): PodObject[] | null {
  const lower = [...info.pods.values()].filter((other) => isLower(other, pod))
  if (lower.length === 0) return null
  const trial = new NodeInfo(info.node)
  for (const other of info.pods.values()) if (!lower.includes(other)) trial.add(other)
  const rest = nodes.map((other) => (other === info ? trial : other))
  const fits = (): boolean => refusalOf(stateOf(pod, rest), trial) === null
  if (!fits()) return null
  const victims: PodObject[] = []
  lower.sort((a, b) => b.spec.priority - a.spec.priority || a.meta.creationTimestamp - b.meta.creationTimestamp)
  for (const other of lower) {
    trial.add(other)
    if (fits()) continue
    trial.remove(other.meta.uid)
    victims.push(other)
  }
  return victims
}

function brokenBudgets(store: Store, pods: readonly PodObject[]): number {
  return pods.filter((pod) =>
    store
      .list('PodDisruptionBudget', pod.meta.namespace)
      .some((budget) => matchesPod(budget, pod) && budget.status.disruptionsAllowed <= 0),
  ).length
}

function less(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i]
  return false
}
