import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readInput } from '../host/files.ts'
import type { Recording } from '../trace/recorder.ts'
import { formatDiagnostic } from '../util/diagnostics.ts'
import { Emulation } from './emulation.ts'
import type { Inventory } from './load/inventory.ts'
import { failuresOf, runScenario } from './run.ts'

const FOLDER = new URL('../../scenarios', import.meta.url).pathname
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))
const read = (file: string): Inventory => readInput([join(FOLDER, file)])

/**
 * Where a run leads, whatever is kept of it: what programs saw, when each step was over, and how many steps and packets there
 * were. A trace is read from the record, so of it only the times count.
 */
function course(file: string, recording: Recording): object {
  const input = read(file)
  const emulation = new Emulation(input, { recording })
  const { steps } = runScenario(emulation, input.scenarios[0])
  const { recorder, rng } = emulation.kernel
  return {
    steps: steps.map(({ began, ended, outcome }) => ({
      began,
      ended,
      outcome: outcome.kind === 'trace' || outcome.kind === 'tap' ? outcome.kind : outcome,
    })),
    now: emulation.now,
    packets: recorder.packet(),
    ids: recorder.skip(),
    chance: rng.u32(),
  }
}

/** Everything recorded, as text. */
function record(file: string): string {
  const input = read(file)
  const emulation = new Emulation(input)
  runScenario(emulation, input.scenarios[0])
  const { recorder } = emulation
  const bytes = recorder.steps.map(({ frame }) =>
    frame === null ? '' : Buffer.from(recorder.frame(frame)).toString('hex'),
  )
  return JSON.stringify([recorder.places, recorder.steps, bytes])
}

/** What is wrong with a scenario on purpose, where loading it tells. */
const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  '64-ingress-missing-secret.yaml': [
    "Ingress shop/shop: spec.tls[0].secretName names Secret shop/shop-tls, which is not there (there is Secret certificates/shop-tls, in another namespace): the controller's default certificate",
  ],
}

describe.each(files)('scenario %s', (file) => {
  it('loads without a warning that is not meant, and assumes nothing', () => {
    const input = read(file)
    expect(input.scenarios.map((scenario) => `${scenario.name}.yaml`)).toEqual([file])
    const emulation = new Emulation(input)
    expect(emulation.diagnostics.map(({ message }) => message)).toEqual(WARNINGS[file] ?? [])
    expect(emulation.plan.assumed).toEqual([])
  })

  it('meets its own expectations', () => {
    const input = read(file)
    const report = runScenario(new Emulation(input), input.scenarios[0])
    expect(failuresOf(report).map(formatDiagnostic)).toEqual([])
    expect(report.ok).toBe(true)
  })

  it('records the same steps and bytes twice', () => {
    expect(record(file)).toBe(record(file))
  })

  it('goes the same way whether it is recorded or not', () => {
    const recorded = course(file, 'frames')
    expect(course(file, 'steps')).toEqual(recorded)
    expect(course(file, 'off')).toEqual(recorded)
  })
})

it('gives the three proxies the same manifests and the same packets', () => {
  const [first, ...others] = files.filter((file) => file.startsWith('19-modes-')).map((file) => manifestsOf(file))
  expect(others).toEqual([first, first])
})

/** Of a scenario's file: what it sends, and all documents but the scenario itself. */
function manifestsOf(file: string): readonly string[] {
  const [scenario, ...manifests] = readFileSync(join(FOLDER, file), 'utf8').split('---\n')
  return [...scenario.matchAll(/trace: (\{.*?\})/g)].map(([, trace]) => trace).concat(manifests)
}
