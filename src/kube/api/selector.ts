import type { Labels } from './meta.ts'

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'

export interface Requirement {
  readonly key: string
  /** Node selectors have `Gt` and `Lt` too. */
  readonly operator: SelectorOperator | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** metav1.LabelSelector: all of it must hold. An empty one selects everything; null selects nothing. */
export interface LabelSelector {
  readonly matchLabels: Labels
  readonly matchExpressions: readonly Requirement[]
}

const NO_EXPRESSIONS: readonly Requirement[] = Object.freeze([])

export const selectorOf = (matchLabels: Labels): LabelSelector => ({ matchLabels, matchExpressions: NO_EXPRESSIONS })

export function matches(selector: LabelSelector | null, labels: Labels): boolean {
  if (selector === null) return false
  for (const key in selector.matchLabels) if (labels[key] !== selector.matchLabels[key]) return false
  return selector.matchExpressions.every((requirement) => meets(requirement, labels))
}

/** labels.Requirement.Matches: NotIn and DoesNotExist hold for labels that are absent. */
export function meets({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
  }
}

export const isEmptySelector = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  matchExpressions.length === 0 && Object.keys(matchLabels).length === 0

/** `app=web,tier in (a,b)`, as kubectl prints it; `<none>` for nothing. */
export function formatSelector(selector: LabelSelector | null): string {
  if (selector === null || isEmptySelector(selector)) return '<none>'
  const pairs = Object.entries(selector.matchLabels).map(([key, value]) => `${key}=${value}`)
  return [...pairs, ...selector.matchExpressions.map(formatRequirement)].join(',')
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`
    case 'NotIn':
      return `${key} notin (${values.join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'Gt':
      return `${key}>${values[0]}`
    case 'Lt':
      return `${key}<${values[0]}`
  }
}
