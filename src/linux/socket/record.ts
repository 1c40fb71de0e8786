import type { DropReason } from '../../trace/drops.ts'
import type { StepId } from '../../trace/step.ts'
import type { Endpoint } from '../../trace/steps/packet.ts'
import type { Address } from '../../util/address.ts'
import type { Errno } from '../errno.ts'
import type { IpLayer } from '../ip/layer.ts'
import type { Skb } from '../skb.ts'
import { SocketError } from './error.ts'

/** The packet reached a socket or the kernel. The step is the cause of whatever is sent in answer. */
export function recordDeliver(
  ip: IpLayer,
  skb: Skb,
  protocol: number,
  to: 'socket' | 'listener' | 'kernel',
  address: Address,
  port: number,
): StepId {
  const { recorder, simulation } = ip.kernel
  if (!recorder.on) return recorder.skip()
  const event = { kind: 'deliver', protocol, to, local: { address, port } } as const
  return recorder.step(simulation.now, ip.place, skb.cause, skb.packet, null, event)
}

export function recordDrop(ip: IpLayer, skb: Skb, reason: DropReason, detail?: string): StepId {
  return recordDropAfter(ip, skb, skb.cause, reason, detail)
}

/** A drop whose cause is not the packet's last step: it was delivered first, and then found wanting. */
export function recordDropAfter(ip: IpLayer, skb: Skb, cause: StepId, reason: DropReason, detail?: string): StepId {
  const { recorder, simulation } = ip.kernel
  if (!recorder.on) return recorder.skip()
  const event = detail === undefined ? ({ kind: 'drop', reason } as const) : ({ kind: 'drop', reason, detail } as const)
  return recorder.step(simulation.now, ip.place, cause, skb.packet, null, event)
}

/** Records that a system call fails, and gives the error to throw. */
export function failure(
  ip: IpLayer,
  cause: StepId,
  errno: Errno,
  call: string,
  local: Endpoint | null = null,
  remote: Endpoint | null = null,
): SocketError {
  const { recorder, simulation } = ip.kernel
  if (recorder.on) {
    recorder.step(simulation.now, ip.place, cause, 0, null, { kind: 'socket-error', errno, call, local, remote })
  } else recorder.skip()
  return new SocketError(errno, call, local, remote)
}
