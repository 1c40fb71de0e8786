import type { Address } from '../util/address.ts'

/** Who an address belongs to. */
export interface Owner {
  readonly kind: 'pod' | 'node' | 'service' | 'external'
  /** Empty for nodes and hosts outside the cluster. */
  readonly namespace: string
  readonly name: string
  /** The node it is on; empty for Services and external hosts. */
  readonly node: string
}

/** What explanations need to know of the cluster beyond the steps: names for addresses, never behaviour. */
export interface Facts {
  owner(address: Address): Owner | null
  /** Sentences about what was assumed in building the cluster. */
  readonly assumed: readonly string[]
  /** What exists in the input, is not modelled, and could change a verdict. */
  readonly unmodelled: readonly string[]
}

/** `default/web-1`, `node-1`, `svc/default/web`. */
export function ownerName({ kind, namespace, name }: Owner): string {
  if (kind === 'pod') return `${namespace}/${name}`
  return kind === 'service' ? `svc/${namespace}/${name}` : name
}
