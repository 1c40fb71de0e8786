import { NO_LABELS } from '../../../kube/api/meta.ts'
import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
  Weighted,
} from '../../../kube/api/scheduling.ts'
import type { LabelSelector, Requirement } from '../../../kube/api/selector.ts'
import type { Fields } from '../fields.ts'

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const
const EFFECTS = ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

/** Null when the field is absent. */
export function readSelector(parent: Fields, key: string): LabelSelector | null {
  if (!parent.has(key)) return null
  const fields = parent.child(key, 'LabelSelector')
  return {
    matchLabels: fields.has('matchLabels') ? fields.labels('matchLabels') : NO_LABELS,
    matchExpressions: fields.list('matchExpressions', 'LabelSelectorRequirement').map(readRequirement),
  }
}

const readRequirement = (fields: Fields): Requirement => ({
  key: fields.text('key'),
  operator: fields.oneOf('operator', OPERATORS, 'In'),
  values: fields.texts('values'),
})

export const readToleration = (fields: Fields): Toleration => ({
  key: fields.text('key'),
  operator: fields.oneOf('operator', ['Equal', 'Exists'], 'Equal'),
  value: fields.text('value'),
  effect: fields.oneOf('effect', EFFECTS, ''),
  tolerationSeconds: fields.has('tolerationSeconds') ? fields.int('tolerationSeconds') : null,
})

export const readSpread = (fields: Fields): TopologySpreadConstraint => ({
  maxSkew: fields.int('maxSkew', 1),
  topologyKey: fields.text('topologyKey'),
  whenUnsatisfiable: fields.oneOf('whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway'], 'DoNotSchedule'),
  labelSelector: readSelector(fields, 'labelSelector'),
  minDomains: fields.int('minDomains', 1),
})

export function readAffinity(fields: Fields): Affinity {
  const node = fields.child('nodeAffinity', 'NodeAffinity')
  const pods = fields.child('podAffinity', 'PodAffinity')
  const anti = fields.child('podAntiAffinity', 'PodAntiAffinity')
  const terms = node.child(REQUIRED, 'NodeSelector').list('nodeSelectorTerms', 'NodeSelectorTerm')
  return {
    nodeRequired: node.has(REQUIRED) ? terms.map(readNodeTerm) : null,
    nodePreferred: node.list(PREFERRED, 'PreferredSchedulingTerm').map((one) => ({
      weight: one.int('weight', 1),
      term: readNodeTerm(one.child('preference', 'NodeSelectorTerm')),
    })),
    podRequired: pods.list(REQUIRED, 'PodAffinityTerm').map(readPodTerm),
    podPreferred: pods.list(PREFERRED, 'WeightedPodAffinityTerm').map(readWeighted),
    antiRequired: anti.list(REQUIRED, 'PodAffinityTerm').map(readPodTerm),
    antiPreferred: anti.list(PREFERRED, 'WeightedPodAffinityTerm').map(readWeighted),
  }
}

const readNodeTerm = (fields: Fields): NodeSelectorTerm => ({
  matchExpressions: fields.list('matchExpressions', 'NodeSelectorRequirement').map(readRequirement),
  matchFields: fields.list('matchFields', 'NodeSelectorRequirement').map(readRequirement),
})

const readPodTerm = (fields: Fields): PodAffinityTerm => ({
  labelSelector: readSelector(fields, 'labelSelector'),
  topologyKey: fields.required('topologyKey'),
  namespaces: fields.texts('namespaces'),
})

const readWeighted = (fields: Fields): Weighted<PodAffinityTerm> => ({
  weight: fields.int('weight', 1),
  term: readPodTerm(fields.child('podAffinityTerm', 'PodAffinityTerm')),
})
