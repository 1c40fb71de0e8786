import type { PacketId, Step, StepId } from '../trace/step.ts'
import { formatAddress, formatEndpoint, sameAddress } from '../util/address.ts'
import { flowOf } from './flow.ts'
import { type FrameSummary, summarise } from './frame-summary.ts'
import { endOf, flowsOf, pathOf } from './path.ts'
import { isKind, type StepIndex } from './record.ts'
import { sentenceOf } from './sentence.ts'

/** One packet that a program's host sent or got, in a line. */
export interface PacketLine {
  readonly packet: PacketId
  /** When it began, in nanoseconds of virtual time. */
  readonly at: number
  readonly direction: 'sent' | 'received'
  /** As the program's host saw it. */
  readonly frame: FrameSummary
  /** Where it ended: `NS/POD` or a node; for a received one, where it came from. */
  readonly peer: string
  /** Where it ended: `NS/POD` or a node. */
  readonly end: string
  /** Why it never arrived; null when it did. */
  readonly lost: string | null
  /** What the other end saw where NAT changed it: `10.244.2.2:8080`. */
  readonly translated: string | null
}

/** What a program did on the network, from the step that started it on: its packets in the order they began. */
export function packetsOf(index: StepIndex, start: StepId): PacketLine[] {
  const begin = index.step(start)
  if (begin === null) return []
  const home = index.place(begin)
  const lines: PacketLine[] = []
  for (const packet of index.packets()) {
    const path = pathOf(index, packet)
    if (path[0].id < start) continue
    const end = endOf(path) ?? path[0]
    const sent = isAt(index, path[0], home.node, home.netns)
    if (!sent && !isAt(index, end, home.node, home.netns)) continue
    const line = packetLine(index, path, end, sent)
    if (line !== null) lines.push(line)
  }
  return lines
}

function packetLine(index: StepIndex, path: readonly Step[], end: Step, sent: boolean): PacketLine | null {
  const seen = sent ? path.find((step) => step.frame !== null) : path.findLast((step) => step.frame !== null)
  const frame = seen === undefined ? null : index.frame(seen)
  if (frame === null || flowOf(frame) === null) return null
  return {
    packet: path[0].packet,
    at: path[0].at,
    direction: sent ? 'sent' : 'received',
    frame: summarise(frame),
    peer: nameOf(index, sent ? end : path[0]),
    end: nameOf(index, end),
    lost: isKind(end, 'deliver') ? null : sentenceOf(end.event),
    translated: translation(index, path[0].packet, sent),
  }
}

/** The first (received: the last but one) flow's far end, when the packet had more than one flow on its way. */
function translation(index: StepIndex, packet: PacketId, sent: boolean): string | null {
  const flows = flowsOf(index, packet)
  if (flows.length < 2) return null
  const far = sent ? flows[flows.length - 1] : flows[0]
  const [address, port] = sent ? [far.destination, far.destinationPort] : [far.source, far.sourcePort]
  const near = sent ? flows[0] : flows[flows.length - 1]
  const [ownAddress, ownPort] = sent ? [near.destination, near.destinationPort] : [near.source, near.sourcePort]
  if (sameAddress(address, ownAddress) && port === ownPort) return null
  return port === 0 ? formatAddress(address) : formatEndpoint(address, port)
}

function nameOf(index: StepIndex, step: Step): string {
  const { netns, node } = index.place(step)
  return netns === 'host' ? node : netns
}

function isAt(index: StepIndex, step: Step, node: string, netns: string): boolean {
  const place = index.place(step)
  return place.node === node && place.netns === netns
}
