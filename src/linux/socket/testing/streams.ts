import type { Process } from '../../../sim/process.ts'
import type { TcpOptions } from '../tcp/connection.ts'
import type { ListenOptions } from '../tcp/listener.ts'
import type { TcpStream } from '../tcp/stream.ts'
import { B4, type Pair } from './hosts.ts'
import { run } from './run.ts'

/** Reads to the end. */
export function* readAll(stream: TcpStream, chunk = 65_536): Process<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let part = yield* stream.read(chunk); part !== null; part = yield* stream.read(chunk)) parts.push(part)
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Connects a to b's port 80 and gives both ends. */
export function connected(net: Pair, client: TcpOptions = {}, server: ListenOptions = {}): [TcpStream, TcpStream] {
  let accepted: TcpStream | null = null
  net.b.sockets.listen('any', 80, (stream) => (accepted = stream), server)
  const mine = run(net.kernel.simulation, () => net.a.sockets.connect(B4, 80, client))
  net.kernel.simulation.runWhile(() => accepted === null)
  return [mine, accepted!]
}
