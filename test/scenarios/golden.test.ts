import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readInput } from '../../src/host/files.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { reportText } from '../../src/scenario/report-text.ts'
import { runScenario } from '../../src/scenario/run.ts'

const FOLDER = join(import.meta.dirname, '../../scenarios')
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

// A scenario's report is kept beside it. `npm test -- -u` writes it anew; read the difference like code.
describe('the report of', () => {
  it.each(files)('%s is its golden', async (file) => {
    const inventory = readInput([join(FOLDER, file)])
    const report = runScenario(new Emulation(inventory), inventory.scenarios[0])
    await expect(`${reportText(report).join('\n')}\n`).toMatchFileSnapshot(join(FOLDER, file.replace('.yaml', '.txt')))
  })

  it('every golden has its scenario', () => {
    const goldens = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))
    expect(goldens.filter((name) => !files.includes(name.replace('.txt', '.yaml')))).toEqual([])
  })
})
