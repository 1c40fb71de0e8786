import type { Address } from '../../util/address.ts'
import type { Namespace } from '../namespace.ts'
import type { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'

/** Records which way a packet goes. `before` is its TTL or hop limit ahead of the decrement; 0 when it is not forwarded. */
export function routed(
  namespace: Namespace,
  skb: Skb,
  decision: 'forward' | 'local' | 'output',
  destination: Address,
  route: Route,
  before = 0,
): void {
  const { recorder, simulation } = namespace.kernel
  if (!recorder.on) {
    skb.cause = recorder.skip()
    return
  }
  const ttl = before === 0 ? null : { before, after: before - 1 }
  skb.cause = recorder.step(simulation.now, namespace.place, skb.cause, skb.packet, null, {
    kind: 'route',
    decision,
    destination,
    route: route.taken,
    ttl,
  })
}

/** Records that the kernel itself (`port` 0 or an echo id) has the packet. */
export function delivered(namespace: Namespace, skb: Skb, protocol: number, address: Address, port: number): void {
  const { recorder, simulation } = namespace.kernel
  skb.cause = recorder.on
    ? recorder.step(simulation.now, namespace.place, skb.cause, skb.packet, null, {
        kind: 'deliver',
        protocol,
        to: 'kernel',
        local: { address, port },
      })
    : recorder.skip()
}
