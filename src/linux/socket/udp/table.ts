import { type Address, sameAddress } from '../../../util/address.ts'
import type { Rng } from '../../../util/rng.ts'
import { pseudo, sum } from '../../../wire/checksum.ts'
import { u16 } from '../../../wire/fast/bytes.ts'
import { destinationPort, fault, length, sourcePort, UDP } from '../../../wire/fast/udp.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Errno } from '../../errno.ts'
import type { IpLayer, PathError } from '../../ip/layer.ts'
import type { Skb } from '../../skb.ts'
import { type LocalAddress, matchScore, overlap } from '../binding.ts'
import { anyPort } from '../ephemeral.ts'
import { recordDeliver, recordDrop } from '../record.ts'
import { type UdpOptions, type UdpPorts, UdpSocket } from './socket.ts'

/** The UDP sockets of a namespace, by port. */
export class UdpTable implements UdpPorts {
  private readonly ports = new Map<number, UdpSocket[]>()

  constructor(
    readonly ip: IpLayer,
    private readonly rng: Rng,
  ) {}

  open(options: UdpOptions): UdpSocket {
    return new UdpSocket(this, options)
  }

  /** Two sockets share a port when nothing fits both, or when both have SO_REUSEADDR (`inet_rcv_saddr_equal`). */
  bind(socket: UdpSocket, bound: LocalAddress, port: number): Errno | null {
    const isFree = (candidate: number): boolean =>
      !this.ports.get(candidate)?.some((other) => overlap(other.bound, bound) && !(other.reuse && socket.reuse))
    const chosen = port === 0 ? anyPort(this.rng, isFree) : isFree(port) ? port : null
    if (chosen === null) return port === 0 ? 'EAGAIN' : 'EADDRINUSE'
    socket.bound = bound
    socket.port = chosen
    const sharing = this.ports.get(chosen)
    if (sharing === undefined) this.ports.set(chosen, [socket])
    else sharing.push(socket)
    return null
  }

  release(socket: UdpSocket): void {
    const rest = this.ports.get(socket.port)?.filter((other) => other !== socket)
    if (rest === undefined || rest.length === 0) this.ports.delete(socket.port)
    else this.ports.set(socket.port, rest)
  }

  /** `__udp4_lib_rcv`: length, socket, checksum. Without a socket the checksum still decides whether an error is sent. */
  receive(skb: Skb, source: Address, destination: Address, ttl: number): 'delivered' | 'no-socket' {
    const { bytes: b, start: t, end } = skb.frame
    if (fault(b, t, end) !== null) return this.drop(skb, 'packet-too-small')
    const finish = t + length(b, t)
    if (!checksumOk(b, t, finish, source, destination)) return this.drop(skb, 'udp-checksum')
    const port = destinationPort(b, t)
    const from = { address: source, port: sourcePort(b, t) }
    const socket = this.find(destination, port, source, from.port)
    if (socket === null) return 'no-socket'
    if (socket.full) return this.drop(skb, 'socket-receive-buffer')
    const cause = recordDeliver(this.ip, skb, PROTOCOL.udp, 'socket', destination, port)
    const at = this.ip.kernel.simulation.now
    socket.accept({ bytes: b.slice(t + UDP, finish), from, to: destination, ttl, at, cause })
    return 'delivered'
  }

  error(error: PathError, cause: number): void {
    const { local, remote } = error
    this.find(local.address, local.port, remote.address, remote.port)?.fail(error, cause)
  }

  closeAll(): void {
    for (const sharing of [...this.ports.values()]) for (const socket of sharing) socket.close()
  }

  /** The best fit, the first of equals (`udp4_lib_lookup2`). A connected socket takes only what its other end sends. */
  private find(address: Address, port: number, remote: Address, remotePort: number): UdpSocket | null {
    let best: UdpSocket | null = null
    let bestScore = -1
    for (const socket of this.ports.get(port) ?? []) {
      let score = matchScore(socket.bound, address)
      if (score < 0) continue
      if (socket.remote !== null) {
        if (socket.remote.port !== remotePort || !sameAddress(socket.remote.address, remote)) continue
        score += 8
      }
      if (score > bestScore) [best, bestScore] = [socket, score]
    }
    return best
  }

  private drop(skb: Skb, reason: 'packet-too-small' | 'udp-checksum' | 'socket-receive-buffer'): 'delivered' {
    recordDrop(this.ip, skb, reason)
    return 'delivered'
  }
}

/** Zero means "none" over IPv4; over IPv6 it is an error (RFC 8200 8.1). */
function checksumOk(b: Uint8Array, t: number, end: number, source: Address, destination: Address): boolean {
  if (u16(b, t + 6) === 0) return typeof source === 'number'
  return sum(b, t, end, pseudo(source, destination, PROTOCOL.udp, end - t)) === 0xffff
}
