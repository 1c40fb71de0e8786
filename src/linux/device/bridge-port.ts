import type { Bridge } from './bridge.ts'
import type { NetDevice } from './net-device.ts'

/** A device enslaved to a bridge. */
export class BridgePort {
  /** May send a frame out by the port it came in by (`bridge link set dev … hairpin on`). */
  hairpin = false

  constructor(
    readonly bridge: Bridge,
    readonly device: NetDevice,
  ) {}
}
