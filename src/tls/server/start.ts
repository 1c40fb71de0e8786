import type { ServerConfig } from '../config.ts'
import { checkNames } from '../config-check.ts'
import { Connection } from '../connection.ts'
import { Core } from '../core.ts'
import { WaitClientHello } from './wait-client-hello.ts'

/** A server's end of one connection. Throws `RangeError` for a configuration that cannot work. */
export function server(config: ServerConfig): Connection {
  if (config.clientAuth !== undefined && config.clientAuth !== 'none' && config.judge === undefined) {
    throw new RangeError('judge: expected one where clients are asked for certificates')
  }
  if ((config.maxEarlyData ?? 0) > 0 && (config.replay === undefined || config.tickets === undefined)) {
    throw new RangeError('maxEarlyData: expected replay and tickets beside it (RFC 8446 8)')
  }
  checkNames(config)
  return new Connection(new Core('server', config), new WaitClientHello(config), null)
}
