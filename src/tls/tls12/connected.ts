import { concat } from '../../util/bytes.ts'
import type { Core } from '../core.ts'
import { prf } from '../schedule/prf12.ts'
import type { State } from '../state.ts'
import type { Secrets12 } from './keys.ts'

/** Connected, TLS 1.2. Renegotiation is declined (RFC 5246 7.2.2): a warning, and we go on. */
export class Connected12 implements State {
  readonly at = 'CONNECTED'
  readonly expects: readonly ('HelloRequest' | 'ClientHello')[]
  readonly reads = 'data'
  readonly writes = 'data'

  constructor(
    private readonly secrets: Secrets12,
    role: 'client' | 'server',
  ) {
    this.expects = role === 'client' ? ['HelloRequest'] : ['ClientHello']
  }

  handle(core: Core): State {
    const rule = 'renegotiation is not done here'
    core.alert('no_renegotiation', 'warning', { rule, rfc: 'RFC 5246 7.2.2', knew: [] })
    return this
  }

  /** RFC 5705 4; no context where it is empty. */
  exportKey(label: string, context: Uint8Array, length: number): Uint8Array {
    const { suite, master, clientRandom, serverRandom } = this.secrets
    const size = Uint8Array.of(context.length >>> 8, context.length)
    const seed = concat([clientRandom, serverRandom, ...(context.length === 0 ? [] : [size, context])])
    return prf(suite.hash, master, label, seed, length)
  }
}
