import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { emulation } from './cluster.ts'
import { difference } from './compare.ts'
import { emulate } from './emulate.ts'
import { LABS, observedFile } from './labs.ts'
import { parse } from './observed.ts'

/** podwire against the recordings, hop for hop: needs neither root nor Linux. */
describe.each(LABS)('podwire does what the kernel was seen to do: $name', (lab) => {
  it.each(lab.flows)('$name', (flow) => {
    const observed = parse(readFileSync(observedFile(lab.folder, flow.name), 'utf8'))
    expect(difference(observed, emulate(emulation(lab.options), flow), ['kernel', 'podwire'])).toBeNull()
  })
})
