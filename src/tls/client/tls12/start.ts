import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ServerHello } from '../../message/hello.ts'
import type { State } from '../../state.ts'
import type { Offer } from '../offer.ts'

export function start12(_core: Core, _offer: Offer, _hello: ServerHello, _message: Handshake): State {
  throw new TlsError('protocol_version', 'TLS 1.2 is not enabled', 'RFC 8446 4.2.1')
}
