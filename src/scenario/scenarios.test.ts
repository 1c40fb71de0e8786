import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readInput } from '../host/files.ts'
import { planCluster } from './plan.ts'

const FOLDER = new URL('../../scenarios', import.meta.url).pathname
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

describe('the scenarios that ship', () => {
  it.each(files)('%s loads without a warning, and assumes nothing', (file) => {
    const input = readInput([join(FOLDER, file)])
    expect(input.diagnostics).toEqual([])
    expect(input.scenarios.map((scenario) => `${scenario.name}.yaml`)).toEqual([file])
    expect(planCluster(input, input.scenarios[0].cluster).assumed).toEqual([])
  })
})
