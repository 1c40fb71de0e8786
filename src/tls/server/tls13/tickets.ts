import type { Core } from '../../core.ts'
import { extension, find } from '../../extension/build.ts'
import { maxEarlyData, pskModes } from '../../extension/codecs.ts'
import { handshake } from '../../message/handshake.ts'
import { newSessionTicket13 } from '../../message/small.ts'
import { resumptionPsk } from '../../schedule/schedule13.ts'
import type { Finishing } from './wait-finished.ts'

const PSK_DHE_KE = 1

/** Tickets for next time (RFC 8446 4.6.1), to a client that can use them. */
export function sendTickets(core: Core, { answer, client }: Finishing, resumptionMaster: Uint8Array): void {
  const { config, suite, hello, serverName, alpn } = answer
  const { tickets, random } = config
  const modes = find(hello.extensions, 'psk_key_exchange_modes', pskModes) ?? []
  if (tickets === undefined || !modes.includes(PSK_DHE_KE)) return
  const early = config.maxEarlyData ?? 0
  for (let i = 0; i < (config.ticketCount ?? 1); i++) {
    const nonce = Uint8Array.of(i)
    const [a, b, c, d] = random.bytes(4)
    const ageAdd = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    const ticket = tickets.seal({
      version: 'TLS 1.3',
      suite: suite.code,
      secret: resumptionPsk(suite.hash, resumptionMaster, nonce, core.listener),
      issued: core.now,
      lifetime: tickets.lifetime,
      ageAdd,
      serverName,
      alpn,
      extendedMasterSecret: true,
      clientChain: client.chain,
    })
    const extensions = early > 0 ? [extension('early_data', maxEarlyData, early)] : []
    const message = { lifetime: tickets.lifetime, ageAdd, nonce, ticket, extensions }
    core.sendAfterHandshake(handshake('NewSessionTicket', newSessionTicket13, message))
  }
}
