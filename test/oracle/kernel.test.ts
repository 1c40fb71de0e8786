import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Capture } from './capture.ts'
import { type ClusterOptions, cluster } from './cluster.ts'
import { difference } from './compare.ts'
import { FLOWS, MTU_FLOWS, SIX_FLOWS } from './flows.ts'
import { Lab } from './lab.ts'
import { parse, print } from './observed.ts'
import { record, startEcho } from './record.ts'
import { missing, skip } from './requirements.ts'

const LABS: { name: string; folder: string; options: Partial<ClusterOptions>; flows: typeof FLOWS }[] = [
  { name: 'vxlan', folder: 'vxlan', options: { overlay: 'vxlan' }, flows: FLOWS },
  { name: 'host-gw', folder: 'host-gw', options: { overlay: 'host-gw' }, flows: FLOWS },
  { name: 'vxlan, pods at 1500', folder: 'vxlan', options: { overlay: 'vxlan', podMtu: 1500 }, flows: MTU_FLOWS },
  { name: 'host-gw, IPv6', folder: 'host-gw', options: { overlay: 'host-gw', dualStack: true }, flows: SIX_FLOWS },
  { name: 'vxlan, IPv6', folder: 'vxlan', options: { overlay: 'vxlan', dualStack: true }, flows: SIX_FLOWS },
]

const file = (folder: string, flow: string) => new URL(`observed/${folder}/${flow}.txt`, import.meta.url)

describe.skipIf(skip(missing(), 'the kernel oracle'))('this kernel does what was observed', () => {
  describe.each(LABS)('$name', ({ folder, options, flows }) => {
    let lab: Lab
    let capture: Capture
    beforeAll(async () => {
      lab = await Lab.build(cluster(options))
      capture = await lab.capture()
      await startEcho(lab)
    })
    afterAll(async () => {
      const dropped = await capture?.stop()
      await lab?.destroy()
      expect(dropped, 'tcpdump dropped packets').toEqual([])
    })

    it.each(flows)('$name', async (flow) => {
      const recording = await record(lab, capture, flow)
      if (process.env.PODWIRE_ORACLE === 'record') {
        mkdirSync(new URL('.', file(folder, flow.name)), { recursive: true })
        writeFileSync(file(folder, flow.name), print(recording))
      }
      const observed = parse(readFileSync(file(folder, flow.name), 'utf8'))
      expect(difference(observed, recording, ['observed', 'now'])).toBeNull()
    })
  })
})
