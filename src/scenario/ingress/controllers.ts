import type { Inventory } from '../load/inventory.ts'
import { type IngressServing, ingressQuery, readIngressServing } from './serving.ts'

const SERVE = 'podwire.dev/serve'

/** How pods of the input, and those that its workloads will make, are ingress controllers. What cannot be read says so later. */
export function controllersIn({ pods, objects }: Pick<Inventory, 'pods' | 'objects'>): IngressServing[] {
  const texts = [
    ...pods.map(({ serve }) => serve),
    ...objects.map((object) =>
      'spec' in object && 'template' in object.spec ? (object.spec.template.meta.annotations[SERVE] ?? '') : '',
    ),
  ]
  return texts.flatMap(servingsIn)
}

const servingsIn = (text: string): IngressServing[] =>
  text.split(',').flatMap((part) => {
    const query = ingressQuery(part.trim())
    const serving = query === null ? null : readIngressServing(query)
    return serving === null || typeof serving === 'string' ? [] : [serving]
  })
