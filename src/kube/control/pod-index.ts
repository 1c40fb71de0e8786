import type { Labels } from '../api/meta.ts'
import type { PodPlace } from './endpoint-slices.ts'

type ByValue = Map<string, PodPlace[]>

/**
 * Pods by namespace and by the labels that selectors ask for, so that 10,000 Services need not each look at 150,000 pods.
 * Lists keep the order in which the pods were given.
 */
export class PodIndex {
  private readonly namespaces = new Map<string, { readonly all: PodPlace[]; readonly labels: Map<string, ByValue> }>()

  constructor(places: Iterable<PodPlace>, selectors: Iterable<Labels>) {
    const keys = new Set<string>()
    for (const selector of selectors) for (const key in selector) keys.add(key)
    for (const place of places) this.add(place, keys)
  }

  /** Every pod that the selector could choose, and others: the shortest list that one of its labels leads to. */
  candidates(namespace: string, selector: Labels): readonly PodPlace[] {
    const known = this.namespaces.get(namespace)
    if (known === undefined) return NONE
    let shortest: readonly PodPlace[] = known.all
    for (const key in selector) {
      const found = known.labels.get(key)?.get(selector[key]) ?? NONE
      if (found.length < shortest.length) shortest = found
    }
    return shortest
  }

  private add(place: PodPlace, keys: ReadonlySet<string>): void {
    const { namespace, labels } = place.pod.meta
    let known = this.namespaces.get(namespace)
    if (known === undefined) this.namespaces.set(namespace, (known = { all: [], labels: new Map() }))
    known.all.push(place)
    for (const key in labels) if (keys.has(key)) push(known.labels, key, labels[key], place)
  }
}

const NONE: readonly PodPlace[] = []

function push(labels: Map<string, ByValue>, key: string, value: string, place: PodPlace): void {
  let values = labels.get(key)
  if (values === undefined) labels.set(key, (values = new Map()))
  const list = values.get(value)
  if (list === undefined) values.set(value, [place])
  else list.push(place)
}
