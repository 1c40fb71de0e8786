import type { StepId } from '../../../trace/step.ts'
import type { Address } from '../../../util/address.ts'
import type { Rng } from '../../../util/rng.ts'
import { pseudo, sum } from '../../../wire/checksum.ts'
import { ICMP, id, sequence, type } from '../../../wire/fast/icmp.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { IpLayer, PathError } from '../../ip/layer.ts'
import type { Skb } from '../../skb.ts'
import { recordDeliver, recordDrop } from '../record.ts'
import { ECHO, type PingIds, PingSocket } from './socket.ts'

/** The ping sockets of a namespace, by echo id. */
export class PingTable implements PingIds {
  private readonly ids = new Map<number, PingSocket>()

  constructor(
    readonly ip: IpLayer,
    private readonly rng: Rng,
  ) {}

  open(cause: StepId): PingSocket {
    let ident = this.rng.u16()
    while (ident === 0 || this.ids.has(ident)) ident = (ident + 1) & 0xffff
    const socket = new PingSocket(this, ident, cause)
    this.ids.set(ident, socket)
    return socket
  }

  release(socket: PingSocket): void {
    this.ids.delete(socket.id)
  }

  /** Echo replies: requests are the kernel's own, and errors come by `error`. What nobody waits for is dropped in silence. */
  receive(skb: Skb, protocol: number, source: Address, destination: Address, ttl: number): void {
    const { bytes: b, start: t, end } = skb.frame
    if (end - t < ICMP) return void recordDrop(this.ip, skb, 'packet-too-small')
    const seed = protocol === PROTOCOL.icmp ? 0 : pseudo(source, destination, protocol, end - t)
    if (sum(b, t, end, seed) !== 0xffff) return void recordDrop(this.ip, skb, 'icmp-checksum')
    const isReply = type(b, t) === (protocol === PROTOCOL.icmp ? ECHO.reply : ECHO.reply6)
    const socket = isReply ? this.ids.get(id(b, t)) : undefined
    if (socket === undefined) return void recordDrop(this.ip, skb, 'no-socket')
    if (socket.full) return void recordDrop(this.ip, skb, 'socket-receive-buffer')
    socket.accept({
      kind: 'reply',
      from: source,
      sequence: sequence(b, t),
      ttl,
      bytes: b.slice(t + ICMP, end),
      at: this.ip.kernel.simulation.now,
      cause: recordDeliver(this.ip, skb, protocol, 'socket', destination, socket.id),
    })
  }

  error(error: PathError, cause: StepId): void {
    this.ids.get(error.local.port)?.accept({ kind: 'error', error, at: this.ip.kernel.simulation.now, cause })
  }

  closeAll(): void {
    for (const socket of [...this.ids.values()]) socket.close()
  }
}
