import type { Pod } from '../kube/api/pod.ts'
import type { Namespace } from '../linux/namespace.ts'
import type { Skb } from '../linux/skb.ts'
import { Sockets } from '../linux/socket/table.ts'
import type { Address } from '../util/address.ts'
import type { Host } from './host.ts'

/** Starts what a pod's containers run. */
export type Serve = (pod: Pod, host: Host) => void

/** The sockets of a pod: its containers' ports are opened when the first packet comes, for most pods never see one. */
export class PodSockets extends Sockets implements Host {
  /** `pod`: whose ports are yet to be opened; null when its containers open them as they start. */
  constructor(
    readonly namespace: Namespace,
    private pod: Pod | null,
    private readonly serve: Serve,
  ) {
    super(namespace)
  }

  get sockets(): this {
    return this
  }

  /** Opens the ports now. */
  open(): void {
    const { pod } = this
    this.pod = null
    if (pod !== null) this.serve(pod, this)
  }

  override receive(skb: Skb, protocol: number, source: Address, destination: Address, ttl: number) {
    if (this.pod !== null) this.open()
    return super.receive(skb, protocol, source, destination, ttl)
  }
}
