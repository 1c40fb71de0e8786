import { type Nanos, SECOND } from '../../sim/time.ts'
import type { Mac } from '../../util/address.ts'
import type { BridgePort } from './bridge-port.ts'

/** ageing_time: how long an address is known after it was last seen. */
const AGEING = 300 * SECOND

interface Entry {
  port: BridgePort
  seen: Nanos
  readonly fixed: boolean
}

/** A bridge's forwarding database, as `bridge fdb show` prints it. Old entries are found out when they are next asked for. */
export class Fdb {
  private readonly entries = new Map<Mac, Entry>()

  /** The port behind which an address was last seen; null when that is not known, or too long ago. */
  find(mac: Mac, now: Nanos): BridgePort | null {
    const entry = this.entries.get(mac)
    if (entry === undefined) return null
    if (entry.fixed || now - entry.seen < AGEING) return entry.port
    this.entries.delete(mac)
    return null
  }

  /** `br_fdb_update`: true when the address is new at this port. */
  learn(mac: Mac, port: BridgePort, now: Nanos): boolean {
    const entry = this.entries.get(mac)
    if (entry === undefined) {
      this.entries.set(mac, { port, seen: now, fixed: false })
      return true
    }
    if (entry.fixed) return false
    const moved = entry.port !== port || now - entry.seen >= AGEING
    entry.port = port
    entry.seen = now
    return moved
  }

  /** `bridge fdb add MAC dev PORT master static`. */
  add(mac: Mac, port: BridgePort): void {
    this.entries.set(mac, { port, seen: 0, fixed: true })
  }

  /** The port is gone. */
  forget(port: BridgePort): void {
    for (const [mac, entry] of this.entries) if (entry.port === port) this.entries.delete(mac)
  }

  list(now: Nanos): readonly { readonly mac: Mac; readonly port: BridgePort }[] {
    return [...this.entries].flatMap(([mac, { port }]) => (this.find(mac, now) === null ? [] : [{ mac, port }]))
  }
}
