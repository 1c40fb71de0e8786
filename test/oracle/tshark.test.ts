import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Recorded } from '../../src/explain/record.ts'
import { interfaceName, pcapng } from '../../src/export/pcapng.ts'
import { readInput } from '../../src/host/files.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { Place, Step } from '../../src/trace/step.ts'
import type { Capture, Sighting } from './capture.ts'
import { cluster } from './cluster.ts'
import { FLOWS } from './flows.ts'
import { Lab } from './lab.ts'
import { apart, Losses, tapped } from './points.ts'
import { sight, startEcho } from './record.ts'
import { has, missing, skip } from './requirements.ts'
import { dissectWithTshark } from './tshark.ts'

const noTshark = has('tshark') ? null : 'tshark is not installed'

const SCENARIOS = new URL('../../scenarios/', import.meta.url).pathname
const files = readdirSync(SCENARIOS).filter((name) => name.endsWith('.yaml'))

describe.skipIf(skip(noTshark, 'the tshark oracle'))('tshark reads what scenarios leave behind', () => {
  it.each(files)('%s', (file) => {
    const { recorder, epoch } = runScenarioFile(file)
    const taps = tapped(recorder)
    const frame = (step: Step): Uint8Array => recorder.frame(step.frame!)
    const all = dissectWithTshark(pcapng(recorder, { epoch }), 'many')
    expect(all.faults).toEqual([])
    expect(all.frames).toBe(taps.length)
    expect(all.vxlan).toBe(taps.filter((step) => isVxlan(frame(step))).length)
    expect(all.interfaces.toSorted()).toEqual(
      [...new Set(taps.map((s) => interfaceName(recorder.places[s.place])))].sort(),
    )
    const streams = dissectWithTshark(pcapng(apart(recorder), { epoch }))
    expect(streams.faults).toEqual([])
    expect(unexplained(streams.tcp, taps, recorder)).toEqual([])
  })

  it('knows what a lost segment is', () => {
    const { recorder, epoch } = runScenarioFile('61-mlkem-mtu.yaml')
    const { tcp } = dissectWithTshark(pcapng(apart(recorder), { epoch }))
    expect(tcp.length).toBeGreaterThan(0)
    const none = {
      ...recorder,
      frame: recorder.frame.bind(recorder),
      steps: recorder.steps.filter(({ event }) => event.kind !== 'drop'),
    }
    expect(unexplained(tcp, tapped(recorder), none)).toEqual(tcp)
  })
})

/** What Wireshark says of streams, but for gaps: at each tap as many of a connection as segments of it were dropped until then. */
function unexplained(tcp: readonly string[], taps: readonly Step[], recorded: Recorded): string[] {
  const losses = new Losses(recorded)
  const gaps = new Map<string, number>()
  return tcp.filter((fault) => {
    const [, number, what] = /^frame (\d+): (.*)$/.exec(fault)!
    const tap = taps[Number(number) - 1]
    const key = `${tap.place} ${losses.connectionOf(tap)}`
    const count = (gaps.get(key) ?? 0) + 1
    gaps.set(key, count)
    return what !== 'tcp.analysis.lost_segment' || count > losses.before(tap)
  })
}

function runScenarioFile(file: string): Emulation {
  const inventory = readInput([join(SCENARIOS, file)])
  const emulation = new Emulation(inventory)
  runScenario(emulation, inventory.scenarios[0])
  return emulation
}

/** Outer IPv4 or IPv6, unfragmented, UDP to 8472. */
function isVxlan(b: Uint8Array): boolean {
  const six = b[12] === 0x86
  if (b[six ? 20 : 23] !== 17 || (!six && (b[20] & 0x1f) + b[21] > 0)) return false
  const udp = six ? 54 : 14 + (b[14] & 15) * 4
  return ((b[udp + 2] << 8) | b[udp + 3]) === 8472
}

describe.skipIf(skip(noTshark ?? missing(), 'the tshark oracle on kernel frames'))(
  'real frames through our pcapng',
  () => {
    let lab: Lab
    let capture: Capture
    beforeAll(async () => {
      lab = await Lab.build(cluster({ overlay: 'vxlan' }))
      capture = await lab.capture()
      await startEcho(lab)
    })
    afterAll(async () => {
      await capture?.stop()
      await lab?.destroy()
    })

    it.each(['across-icmp', 'across-tcp', 'udp-3000-across', 'traceroute', 'egress-no-route'])('%s', async (name) => {
      const sightings = await sight(lab, capture, FLOWS.find((f) => f.name === name)!)
      const recorded = recordedFrom(sightings)
      for (const device of ['eth0', 'flannel.1']) {
        const file = pcapng(recorded, { at: (p) => p.node === 'node-1' && p.device === device, epoch: 0 })
        const here = sightings.filter((s) => s.netns === 'node-1' && s.device === device)
        const seen = dissectWithTshark(file)
        expect([...seen.faults, ...seen.tcp]).toEqual([])
        expect(seen.frames).toBe(here.length)
        expect(seen.vxlan).toBe(
          here.filter(({ frame }) => frame[23] === 17 && frame[36] === 0x21 && frame[37] === 0x18).length,
        )
        if (here.length > 0) expect(seen.interfaces).toEqual([`node-1:${device}`])
      }
    })

    it('notices a frame that is wrong', async () => {
      const sightings = await sight(lab, capture, FLOWS.find((f) => f.name === 'across-udp')!)
      const spoilt = sightings.map((s) => ({ ...s, frame: s.frame.with(s.frame.length - 1, 0x55) }))
      expect(dissectWithTshark(pcapng(recordedFrom(spoilt), { epoch: 0 })).faults).not.toEqual([])
    })
  },
)

/** What taps saw, as if podwire had recorded it. */
function recordedFrom(sightings: readonly Sighting[]): Recorded {
  const places: Place[] = []
  const placeOf = (s: Sighting): number => {
    const found = places.findIndex((p) => p.node === s.netns && p.device === s.device)
    return found >= 0 ? found : places.push({ node: s.netns, netns: 'host', device: s.device }) - 1
  }
  const first = sightings[0]?.at ?? 0n
  const steps = sightings.map(
    (s, i): Step => ({
      id: i + 1,
      at: Number(s.at - first),
      place: placeOf(s),
      cause: 0,
      packet: i + 1,
      frame: i,
      event: { kind: s.direction === 'in' ? 'receive' : 'transmit' },
    }),
  )
  return { steps, places, frame: (ref) => sightings[ref].frame }
}
