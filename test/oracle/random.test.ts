import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Capture } from './capture.ts'
import { cluster, emulation } from './cluster.ts'
import { difference } from './compare.ts'
import { emulate } from './emulate.ts'
import { Lab } from './lab.ts'
import { randomFlows, randomOptions } from './random.ts'
import { record, startEcho } from './record.ts'
import { missing, skip } from './requirements.ts'

/** PODWIRE_SEEDS=5,6,7 tries others. */
const SEEDS = (process.env.PODWIRE_SEEDS ?? '1,2,3,4').split(',').map(Number)
const FLOWS = 10

describe.skipIf(skip(missing(), 'the kernel oracle'))('podwire does what this kernel does', () => {
  describe.each(SEEDS)('random cluster, seed %i', (seed) => {
    const options = randomOptions(seed)
    const description = cluster(options)
    let lab: Lab
    let capture: Capture
    beforeAll(async () => {
      lab = await Lab.build(description)
      capture = await lab.capture()
      await startEcho(lab)
    })
    afterAll(async () => {
      await capture?.stop()
      await lab?.destroy()
    })

    it.each(randomFlows(description, seed, FLOWS))('$name', async (flow) => {
      const kernel = await record(lab, capture, flow)
      const context = JSON.stringify(options)
      expect(difference(kernel, emulate(emulation(options), flow), ['kernel', 'podwire']), context).toBeNull()
    })
  })
})
