import type { Core, StepBody } from '../../core.ts'
import type { Answer13 } from './answer.ts'

/** Why early data is not taken; null when it is (RFC 8446 4.2.10, 8). */
export function refusesEarlyData(core: Core, { config, psk, suite, alpn, offersEarlyData }: Answer13): string | null {
  if (!offersEarlyData) return 'none is offered'
  if ((config.maxEarlyData ?? 0) === 0 || config.replay === undefined) return 'this server takes none'
  if (psk === null) return 'there is no resumption'
  if (psk.index !== 0) return 'it belongs to the first PSK, another was chosen'
  if (psk.suite !== suite) return `it was sent under ${psk.suite.name}, the handshake uses ${suite.name}`
  if (psk.session.alpn !== alpn)
    return `it was sent for ${psk.session.alpn ?? 'no protocol'}, the handshake chose ${alpn ?? 'none'}`
  if (psk.skew > config.replay.window) return `the ticket's age is off by ${psk.skew} ms: it may be a replay`
  if (!config.replay.accept(psk.binder, core.now)) return 'this very ClientHello was seen before: it is a replay'
  return null
}

export function earlyDataStep(refusal: string | null): StepBody {
  return {
    kind: 'tls-negotiation',
    subject: 'early data',
    offered: ['early data'],
    supported: ['early data'],
    chosen: refusal === null ? 'early data' : null,
    why: refusal ?? 'fresh, first seen, and under the chosen PSK',
    rejected: refusal === null ? [] : [{ candidate: 'early data', reason: refusal }],
  }
}
