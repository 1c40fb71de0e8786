import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { Address } from '../../util/address.ts'
import type { PodContext } from '../context.ts'
import type { Upgrade } from '../curl/options.ts'

/** Where a server behind is, by its name. Throws SocketError for one that has no address. */
export function* addressBehind(context: PodContext, name: string): Process<Address> {
  const found = yield* context.names.resolve(name)
  if (found.kind !== 'found') throw new SocketError('EHOSTUNREACH', `resolve ${name}`)
  return found.addresses[0]
}

/** Begins TLS on the second connection; nobody listens to it. `authority` is `HOST:PORT`. */
export function secureBehind(
  context: PodContext,
  behind: TcpStream,
  connect: Upgrade,
  { host, port, authority }: { readonly host: string; readonly port: number; readonly authority: string },
): Process<Stream> {
  const url = { scheme: 'https', host, port, target: '/', authority }
  return connect(behind, url, context, {}, { talk: null, tls: () => {} })
}
