import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Capture } from './capture.ts'
import { cluster, emulation } from './cluster.ts'
import { difference } from './compare.ts'
import { emulate } from './emulate.ts'
import { Lab } from './lab.ts'
import { LABS, observedFile } from './labs.ts'
import { parse, print } from './observed.ts'
import { record, startEcho } from './record.ts'
import { missing, skip } from './requirements.ts'

describe.skipIf(skip(missing(), 'the kernel oracle'))(
  'podwire does what this kernel does, and this kernel what was observed',
  () => {
    describe.each(LABS)('$name', (of) => {
      let lab: Lab
      let capture: Capture
      beforeAll(async () => {
        lab = await Lab.build(cluster(of.options))
        capture = await lab.capture()
        await startEcho(lab)
      })
      afterAll(async () => {
        const dropped = await capture?.stop()
        await lab?.destroy()
        expect(dropped, 'tcpdump dropped packets').toEqual([])
      })

      it.each(of.flows)('$name', async (flow) => {
        const recording = await record(lab, capture, flow)
        if (process.env.PODWIRE_ORACLE === 'record') {
          mkdirSync(new URL('.', observedFile(of.folder, flow.name)), { recursive: true })
          writeFileSync(observedFile(of.folder, flow.name), print(recording))
        }
        const observed = parse(readFileSync(observedFile(of.folder, flow.name), 'utf8'))
        expect(difference(observed, recording, ['observed', 'now'])).toBeNull()
        expect(difference(recording, emulate(emulation(of.options), flow), ['kernel', 'podwire'])).toBeNull()
      })
    })
  },
)
