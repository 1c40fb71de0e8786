import type { NodeObject } from '../api/cluster-objects.ts'
import type { PodSpec } from '../api/pod-spec.ts'
import type { NodeSelectorTerm } from '../api/scheduling.ts'
import { meets } from '../api/selector.ts'

/** nodeSelector and required node affinity: the plugin NodeAffinity's filter. */
export function matchesNode({ nodeSelector, affinity }: PodSpec, node: NodeObject): boolean {
  for (const key in nodeSelector) if (node.meta.labels[key] !== nodeSelector[key]) return false
  const terms = affinity?.nodeRequired ?? null
  return terms === null || terms.some((term) => matchesTerm(term, node))
}

/** An empty term matches nothing. */
export function matchesTerm({ matchExpressions, matchFields }: NodeSelectorTerm, { meta }: NodeObject): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return (
    matchExpressions.every((requirement) => meets(requirement, meta.labels)) &&
    matchFields.every((requirement) => meets(requirement, { 'metadata.name': meta.name }))
  )
}
