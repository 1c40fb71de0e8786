import { concat } from '../../util/bytes.ts'
import { TlsError } from '../alert.ts'
import type { Core } from '../core.ts'
import { type Handshake, open } from '../message/handshake.ts'
import { nothing } from '../message/small.ts'
import { HANDSHAKE } from '../numbers.ts'
import { prf } from '../schedule/prf12.ts'
import type { State } from '../state.ts'
import type { Secrets12 } from './keys.ts'

/** Connected, TLS 1.2. Renegotiation is declined (RFC 5246 7.2.2, 7.4.1.1): a warning, and we go on. */
export class Connected12 implements State {
  readonly at = 'CONNECTED'
  readonly expects: readonly ('HelloRequest' | 'ClientHello')[]
  readonly reads = 'data'
  readonly writes = 'data'

  constructor(
    private readonly secrets: Secrets12,
    private readonly role: 'client' | 'server',
    private readonly declined = 0,
  ) {
    this.expects = role === 'client' ? ['HelloRequest'] : ['ClientHello']
  }

  handle(core: Core, message: Handshake): State {
    if (message.type === HANDSHAKE.HelloRequest) open(nothing, message)
    const { renegotiations } = core.limits
    if (this.declined === renegotiations) {
      const rule = `renegotiation was declined ${renegotiations} times already`
      throw new TlsError('unexpected_message', rule, 'RFC 5246 7.4.1.1')
    }
    const rule = 'renegotiation is not done here'
    core.alert('no_renegotiation', 'warning', { rule, rfc: 'RFC 5246 7.2.2', knew: [] })
    return new Connected12(this.secrets, this.role, this.declined + 1)
  }

  /** RFC 5705 4; no context where it is empty. */
  exportKey(label: string, context: Uint8Array, length: number): Uint8Array {
    const { suite, master, clientRandom, serverRandom } = this.secrets
    const size = Uint8Array.of(context.length >>> 8, context.length)
    const seed = concat([clientRandom, serverRandom, ...(context.length === 0 ? [] : [size, context])])
    return prf(suite.hash, master, label, seed, length)
  }
}
