import type { IpLayer } from '../linux/ip/layer.ts'
import type { Skb } from '../linux/skb.ts'
import { Sockets } from '../linux/socket/table.ts'
import type { Address } from '../util/address.ts'

/** Opens the ports that a pod's containers listen on. */
export type Server = (sockets: Sockets) => void

/** The sockets of a pod: its containers' ports are opened when the first packet comes, for most pods never see one. */
export class PodSockets extends Sockets {
  constructor(
    ip: IpLayer,
    private server: Server | null,
  ) {
    super(ip)
  }

  /** Opens the ports now. */
  open(): void {
    const { server } = this
    this.server = null
    server?.(this)
  }

  override receive(skb: Skb, protocol: number, source: Address, destination: Address, ttl: number) {
    if (this.server !== null) this.open()
    return super.receive(skb, protocol, source, destination, ttl)
  }
}
