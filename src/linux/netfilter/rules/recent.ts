import { type Nanos, SECOND } from '../../../sim/time.ts'
import { type Address, type AddressKey, keyOf } from '../../../util/address.ts'

/** xt_recent's defaults: addresses a list holds. */
const LIST_SIZE = 100

/** `-m recent`: named lists of addresses with the last time each was seen, of one namespace and family. */
export class RecentLists {
  private readonly lists = new Map<string, Map<AddressKey, Nanos>>()

  /** `--set`: always matches. The address seen longest ago makes room when the list is full. */
  set(name: string, address: Address, now: Nanos): void {
    const list = this.list(name)
    const key = keyOf(address)
    list.delete(key)
    if (list.size >= LIST_SIZE) list.delete(list.keys().next().value as AddressKey)
    list.set(key, now)
  }

  /** `--rcheck` and `--update`: seen within `seconds` (0: ever). */
  seen(name: string, address: Address, seconds: number, now: Nanos): boolean {
    const at = this.lists.get(name)?.get(keyOf(address))
    return at !== undefined && (seconds === 0 || now - at <= seconds * SECOND)
  }

  /** `--reap`: forgets addresses older than `seconds`. */
  reap(name: string, seconds: number, now: Nanos): void {
    const list = this.lists.get(name)
    if (list === undefined) return
    for (const [key, at] of list) {
      if (now - at <= seconds * SECOND) return
      list.delete(key)
    }
  }

  /** `--remove`: whether it was there. */
  remove(name: string, address: Address): boolean {
    return this.lists.get(name)?.delete(keyOf(address)) ?? false
  }

  /** For explaining: a copy that may be written to. */
  clone(): RecentLists {
    const copy = new RecentLists()
    for (const [name, list] of this.lists) copy.lists.set(name, new Map(list))
    return copy
  }

  private list(name: string): Map<AddressKey, Nanos> {
    const known = this.lists.get(name)
    if (known !== undefined) return known
    const list = new Map<AddressKey, Nanos>()
    this.lists.set(name, list)
    return list
  }
}
