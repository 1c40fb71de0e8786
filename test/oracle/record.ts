import { setTimeout as sleep } from 'node:timers/promises'
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
  const six = lab.six
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
  const teller = new Teller(lab.description, flow)
  return { seen: teller.tell(sightings), tracked: await connections(lab, teller.labels) }
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

/** Membership reports are tracked like anything else. */
const MULTICAST = / dst=(224\.|ff02:)/

async function connections(lab: Lab, labels: Labels): Promise<Tracked[]> {
  const out: Tracked[] = []
  for (const { name, rules } of lab.description.namespaces) {
    if (rules[4] + rules[6] === '') continue
    const { stdout } = await lab.run(name, 'conntrack -L -o extended; conntrack -L -f ipv6 -o extended')
    const lines = stdout.split('\n').filter((line) => line !== '' && !MULTICAST.test(line))
    for (const line of lines.sort()) out.push({ netns: name, text: tracked(line, labels) })
  }
  return out
}

const SERVED: ReadonlySet<number> = new Set([ECHO.tcp, ECHO.udp, CLOSED, 8472])
/** What traceroute sends to: within the range of ephemeral ports. */
const PROBED = range(33434, 33534)

/** Devices by place, `node-1 cni0`, as recordings name them: a bridge port after its pod, since its own name is a hash. */
class Names {
  private readonly names = new Map<string, string>()

  constructor(readonly description: NetnsDescription) {
    for (const { name, devices } of description.namespaces) {
      for (const d of devices) {
        const pod = d.kind === 'veth' && d.port !== null ? d.peer.netns.replace(/^.*_/, 'veth') : null
        this.names.set(`${name} ${d.name}`, pod ?? d.name)
      }
    }
  }

  of(netns: string, device: string): string {
    return this.names.get(`${netns} ${device}`) ?? device
  }
}

/** Turns the sightings of one flow into what recordings say of them. */
export class Teller {
  readonly labels: Labels
  private readonly names: Names
  private readonly dissector: Dissector

  constructor(description: NetnsDescription, { probe }: Flow) {
    this.names = new Names(description)
    const roles = description.namespaces.flatMap(({ name, devices }) =>
      devices.map((d) => [d.mac, `${name}:${this.names.of(name, d.name)}`] as const),
    )
    this.dissector = new Dissector(
      new Map(roles),
      probe.kind === 'traceroute' ? new Set([...SERVED, ...PROBED]) : SERVED,
    )
    this.labels = this.dissector.labels
  }

  tell(sightings: readonly Omit<Sighting, 'at'>[]): Seen[] {
    return sightings
      .filter(({ frame }) => !isChatter(frame))
      .map(({ netns, device, direction, frame }) => ({
        netns,
        device: this.names.of(netns, device),
        direction,
        text: this.dissector.frame(frame, device !== 'lo'),
      }))
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
