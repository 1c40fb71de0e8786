import { setTimeout as sleep } from 'node:timers/promises'
import { podNetns } from '../../src/export/netns.ts'
import type { NetnsDescription } from '../../src/export/netns-description.ts'
import type { Capture, Sighting } from './capture.ts'
import { type Tracked, tracked } from './conntrack.ts'
import { Dissector, isChatter, type Labels } from './dissect.ts'
import { CLOSED, commandOf, ECHO, type Flow } from './flows.ts'
import type { Lab } from './lab.ts'

/** What a tap at a place saw, in the words of the dissector. */
export interface Seen {
  readonly netns: string
  readonly device: string
  readonly direction: 'in' | 'out'
  readonly text: string
}

export interface Recording {
  readonly seen: readonly Seen[]
  /** What the nodes track when the flow is over. */
  readonly tracked: readonly Tracked[]
}

export async function startEcho(lab: Lab): Promise<void> {
  const six = lab.description.clusterCidrs.length > 1
  for (const netns of lab.namespaces) {
    const tcp = six ? `TCP6-LISTEN:${ECHO.tcp},ipv6only=0` : `TCP4-LISTEN:${ECHO.tcp}`
    lab.serve(netns, `exec socat ${tcp},fork,reuseaddr,backlog=16 EXEC:cat`)
    lab.serve(netns, `exec socat -b65536 ${six ? 'UDP6-RECVFROM' : 'UDP4-RECVFROM'}:${ECHO.udp},fork EXEC:cat`)
  }
  await sleep(300)
}

/** Runs one flow on a cluster that has forgotten all others, and says what every tap saw. */
export async function record(lab: Lab, capture: Capture, flow: Flow): Promise<Recording> {
  const sightings = await sight(lab, capture, flow)
  const dissector = new Dissector(roles(lab.description), KNOWN_PORTS)
  return { seen: tell(sightings, dissector), tracked: await connections(lab, dissector.labels) }
}

/** The frames of one flow, as every tap saw them. */
export async function sight(lab: Lab, capture: Capture, flow: Flow): Promise<Sighting[]> {
  await lab.forget()
  await capture.settle()
  capture.take()
  const { blackhole } = flow
  if (blackhole) await lab.run(blackhole.netns, `ip route add blackhole ${blackhole.address}`)
  const { status, stdout, stderr } = await lab.run(flow.from, commandOf(flow))
  await capture.settle()
  if (blackhole) await lab.run(blackhole.netns, `ip route del blackhole ${blackhole.address}`)
  const output = `${stdout}${stderr}`
  if (flow.status !== undefined && status !== flow.status) throw new Error(`${flow.name}: exit ${status}: ${output}`)
  if (flow.says !== undefined && !flow.says.test(output))
    throw new Error(`${flow.name}: ${flow.says} not in: ${output}`)
  return capture.take()
}

export function tell(sightings: readonly Omit<Sighting, 'at'>[], dissector: Dissector): Seen[] {
  return sightings
    .filter(({ frame }) => !isChatter(frame))
    .map(({ netns, device, direction, frame }) => ({
      netns,
      device,
      direction,
      text: dissector.frame(frame, device !== 'lo'),
    }))
}

async function connections(lab: Lab, labels: Labels): Promise<Tracked[]> {
  const out: Tracked[] = []
  for (const { name } of lab.description.nodes) {
    const { stdout } = await lab.run(name, 'conntrack -L -o extended; conntrack -L -f ipv6 -o extended')
    for (const line of stdout.split('\n').filter(Boolean).sort()) out.push({ netns: name, text: tracked(line, labels) })
  }
  return out
}

export const KNOWN_PORTS: ReadonlySet<number> = new Set([ECHO.tcp, ECHO.udp, CLOSED, 8472, ...range(33434, 33534)])

/** A MAC's role is the device that has it. */
export function roles(d: NetnsDescription): Map<string, string> {
  return new Map([
    ...[...d.machines, ...d.nodes].flatMap((m) => m.interfaces.map((i) => [i.mac, `${m.name}:${i.name}`] as const)),
    ...d.nodes.map((n) => [n.bridge.mac, `${n.name}:${n.bridge.name}`] as const),
    ...d.nodes.flatMap((n) =>
      n.overlays.flatMap((o) => (o.kind === 'vxlan' ? [[o.mac, `${n.name}:${o.device}`] as const] : [])),
    ),
    ...d.pods.flatMap((p) => [[p.mac, `${podNetns(p)}:eth0`] as const, [p.vethMac, `${p.node}:${p.veth}`] as const]),
  ])
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
