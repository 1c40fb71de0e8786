import type { Meta } from './meta.ts'

/**
 * Objects of one kind by namespace and name, in the order in which their names first came. Names are not joined into keys:
 * at 150,000 objects those would take longer to hash than the objects take to read.
 */
export class ByName<T> {
  private readonly order: T[] = []
  private readonly places = new Map<string, Map<string, number>>()

  get size(): number {
    return this.order.length
  }

  get(namespace: string, name: string): T | null {
    const at = this.places.get(namespace)?.get(name)
    return at === undefined ? null : this.order[at]
  }

  /** The value of a name that is known already is replaced where it stands; true when that was so. */
  set({ namespace, name }: Pick<Meta, 'namespace' | 'name'>, value: T): boolean {
    let names = this.places.get(namespace)
    if (names === undefined) this.places.set(namespace, (names = new Map()))
    const at = names.get(name)
    if (at === undefined) names.set(name, this.order.push(value) - 1)
    else this.order[at] = value
    return at !== undefined
  }

  /** Takes time in proportion to what came after it: for clusters that live, which are small. */
  delete({ namespace, name }: Pick<Meta, 'namespace' | 'name'>): void {
    const at = this.places.get(namespace)?.get(name)
    if (at === undefined) return
    this.places.get(namespace)!.delete(name)
    this.order.splice(at, 1)
    for (const names of this.places.values())
      for (const [key, place] of names) if (place > at) names.set(key, place - 1)
  }

  values(): readonly T[] {
    return this.order
  }
}
