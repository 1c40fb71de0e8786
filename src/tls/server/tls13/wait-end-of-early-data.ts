import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { nothing } from '../../message/small.ts'
import type { State } from '../../state.ts'
import { readUnder } from '../../tls13/keys.ts'
import { type Finishing, WaitFinished } from './wait-finished.ts'

/** WAIT_EOED: data that came with the first flight. */
export class WaitEndOfEarlyData implements State {
  readonly at = 'WAIT_EOED'
  readonly expects = ['EndOfEarlyData'] as const
  readonly reads = 'early data'
  readonly writes = 'nothing'

  /** `budget`: bytes of early data still allowed. */
  constructor(
    private readonly known: Finishing,
    private readonly budget: number,
  ) {}

  consumed(bytes: number): State {
    const left = this.budget - bytes
    if (left < 0) {
      throw new TlsError('unexpected_message', 'early data exceeds max_early_data_size', 'RFC 8446 4.6.1')
    }
    return new WaitEndOfEarlyData(this.known, left)
  }

  handle(core: Core, message: Handshake): State {
    open(nothing, message)
    core.absorb(message)
    const { answer, clientSecret } = this.known
    readUnder(core, answer.suite, clientSecret, 'client_handshake_traffic', 'handshake')
    return new WaitFinished(this.known)
  }
}
