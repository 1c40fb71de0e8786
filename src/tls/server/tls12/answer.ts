import { TlsError } from '../../alert.ts'
import type { ServerConfig } from '../../config.ts'
import type { Core } from '../../core.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ClientHello } from '../../message/hello.ts'
import type { State } from '../../state.ts'

export function answer12(_core: Core, _config: ServerConfig, _hello: ClientHello, _message: Handshake): State {
  throw new TlsError('protocol_version', 'TLS 1.2 is not enabled', 'RFC 8446 4.2.1')
}
