import { digest } from '../../pki/digest.ts'
import type { TlsRole } from '../../trace/steps/tls.ts'
import { TlsError } from '../alert.ts'
import type { Core } from '../core.ts'
import { type Handshake, handshake, open } from '../message/handshake.ts'
import { keyUpdate } from '../message/small.ts'
import { HANDSHAKE, type HandshakeName } from '../numbers.ts'
import { exportKey, nextTrafficSecret } from '../schedule/schedule13.ts'
import type { State } from '../state.ts'
import type { Suite } from '../suite.ts'
import { protectionOf } from './keys.ts'

/** One direction's traffic secret and how often it was renewed. */
export interface Traffic {
  readonly secret: Uint8Array
  readonly generation: number
}

export interface Connected13Keys {
  readonly suite: Suite
  readonly reads: Traffic
  readonly writes: Traffic
  readonly exporter: Uint8Array
  /** KeyUpdates received with no data between them. */
  readonly updates: number
}

/** What a side does with the messages that only it may get; the client: tickets. */
export interface AfterHandshake {
  readonly expects: readonly HandshakeName[]
  /** What it is ready for then. */
  handle(core: Core, message: Handshake): AfterHandshake
}

/** CONNECTED (RFC 8446 A), the same at both ends but for tickets. */
export class Connected13 implements State {
  readonly at = 'CONNECTED'
  readonly reads = 'data'
  readonly writes = 'data'
  readonly expects: readonly HandshakeName[]

  constructor(
    private readonly keys: Connected13Keys,
    private readonly after: AfterHandshake,
  ) {
    this.expects = ['KeyUpdate', ...after.expects]
  }

  handle(core: Core, message: Handshake): State {
    if (message.type === HANDSHAKE.KeyUpdate) return this.keyUpdate(core, message)
    return new Connected13(this.keys, this.after.handle(core, message))
  }

  consumed(): State {
    return this.keys.updates === 0 ? this : this.with({ updates: 0 })
  }

  updateKeys(core: Core, askPeer: boolean): State {
    core.sendAfterHandshake(handshake('KeyUpdate', keyUpdate, askPeer ? 1 : 0))
    const writes = renewed(core, this.keys.suite, this.keys.writes, core.role)
    core.writeUnder(writes.protection, 'application')
    return this.with({ writes: writes.traffic })
  }

  exportKey(label: string, context: Uint8Array, length: number): Uint8Array {
    const { suite, exporter } = this.keys
    return exportKey(suite.hash, exporter, label, digest(suite.hash, context), length)
  }

  private keyUpdate(core: Core, message: Handshake): State {
    const request = open(keyUpdate, message)
    if (request > 1) {
      throw new TlsError('illegal_parameter', `request_update is 0 or 1, not ${request}`, 'RFC 8446 4.6.3')
    }
    const updates = this.keys.updates + 1
    if (updates > core.limits.keyUpdates) {
      throw new TlsError(
        'unexpected_message',
        `more than ${core.limits.keyUpdates} KeyUpdates without data`,
        'RFC 8446 4.6.3',
      )
    }
    const reads = renewed(core, this.keys.suite, this.keys.reads, core.peer)
    core.readUnder(reads.protection, 'application')
    const next = this.with({ reads: reads.traffic, updates })
    return request === 1 && !core.sealed ? next.updateKeys(core, false) : next
  }

  private with(changes: Partial<Connected13Keys>): Connected13 {
    return new Connected13({ ...this.keys, ...changes }, this.after)
  }
}

function renewed(core: Core, suite: Suite, { secret, generation }: Traffic, of: TlsRole) {
  const next = nextTrafficSecret(suite.hash, secret, `${of}_application_traffic_${generation}`, core.listener)
  const protection = protectionOf(core, suite, next, `${of}_application_traffic_${generation + 1}`)
  return { traffic: { secret: next, generation: generation + 1 }, protection }
}
