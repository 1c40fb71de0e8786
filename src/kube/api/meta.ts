import type { SourcePosition } from '../../util/diagnostics.ts'

export type Labels = Readonly<Record<string, string>>

export const NO_LABELS: Labels = Object.freeze({})

/** What all objects have. `namespace` is empty for cluster-scoped kinds; `at` is null for objects that no file names. */
export interface Meta {
  readonly namespace: string
  readonly name: string
  readonly labels: Labels
  readonly annotations: Labels
  readonly at: SourcePosition | null
}

/** The controller that owns an object (`metadata.ownerReferences` with `controller: true`). */
export interface Owner {
  readonly kind: string
  readonly name: string
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** `default/web`; a cluster-scoped object's name alone. */
export const nameOf = (meta: Pick<Meta, 'namespace' | 'name'>): string =>
  meta.namespace === '' ? meta.name : `${meta.namespace}/${meta.name}`

/** Whether labels satisfy an equality selector; a Service without a selector selects nothing. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false
  return true
}
