import type { Namespace } from '../linux/namespace.ts'
import type { Skb } from '../linux/skb.ts'
import { Sockets } from '../linux/socket/table.ts'
import type { Address } from '../util/address.ts'

/** Opens the ports that a pod's containers listen on. */
export type Server = (namespace: Namespace, sockets: Sockets) => void

/** The sockets of a pod: its containers' ports are opened when the first packet comes, for most pods never see one. */
export class PodSockets extends Sockets {
  constructor(
    private readonly namespace: Namespace,
    private server: Server | null,
  ) {
    super(namespace)
  }

  /** Opens the ports now. */
  open(): void {
    const { server } = this
    this.server = null
    server?.(this.namespace, this)
  }

  override receive(skb: Skb, protocol: number, source: Address, destination: Address, ttl: number) {
    if (this.server !== null) this.open()
    return super.receive(skb, protocol, source, destination, ttl)
  }
}
