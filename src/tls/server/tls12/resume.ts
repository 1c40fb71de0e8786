import type { Core } from '../../core.ts'
import type { ServerSession } from '../../session/ticket.ts'
import type { State } from '../../state.ts'
import { sendFinished12 } from '../../tls12/finished.ts'
import { protections12, type Secrets12 } from '../../tls12/keys.ts'
import type { Answer12 } from './answer.ts'
import { type Ending12, sendTicket12, WaitChangeCipherSpec } from './wait-finished.ts'

/** The short handshake (RFC 5246 7.3): our Finished comes first. */
export function resume12(core: Core, answer: Answer12, session: ServerSession): State {
  const { suite, hello, serverRandom, encryptThenMac } = answer
  core.keylog('tls12', session.secret)
  const clientRandom = hello.random
  const secrets: Secrets12 = { suite, master: session.secret, clientRandom, serverRandom, encryptThenMac }
  const protections = protections12(core, secrets)
  const client = { chain: session.clientChain, verdict: null }
  const ending: Ending12 = { answer, secrets, protections, scheme: null, group: null, client, resumed: true }
  if (answer.sendsTicket) sendTicket12(core, ending)
  sendFinished12(core, secrets, protections)
  return new WaitChangeCipherSpec(ending)
}
