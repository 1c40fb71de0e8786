import { junit } from '../export/junit.ts'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { Emulation } from '../scenario/emulation.ts'
import { plainOutcome } from '../scenario/outcome.ts'
import { reportText } from '../scenario/report-text.ts'
import { failuresOf, runScenario, type ScenarioReport } from '../scenario/run.ts'
import { titleOf } from '../scenario/step-title.ts'
import { inputError } from '../util/diagnostics.ts'
import { EXIT } from './exit.ts'
import { print, printJson, warn } from './output.ts'
import type { RunOptions } from './run.ts'

export function run(names: readonly string[], options: RunOptions): number {
  return report(
    names.flatMap((name) => runFile(scenarioPath(name), options)),
    options.output,
  )
}

/** The scenarios of one file, each in a cluster of its own. */
export function runFile(path: string, { seed, proxyMode }: Pick<RunOptions, 'seed' | 'proxyMode'>): ScenarioReport[] {
  const inventory = readInput([path])
  if (inventory.scenarios.length === 0) throw inputError(`${path} holds no Scenario`, 'a document of kind Scenario')
  return inventory.scenarios.map((scenario) => {
    const emulation = new Emulation(inventory, { scenario, seed, proxyMode })
    warn(emulation.diagnostics)
    return runScenario(emulation, scenario)
  })
}

export function report(reports: readonly ScenarioReport[], output: RunOptions['output']): number {
  if (output === 'junit') process.stdout.write(junit(reports))
  else if (output === 'json') printJson('ScenarioReports', { reports: reports.map(plain) })
  else print(reports.flatMap((one, i) => [...(i === 0 ? [] : ['', '']), ...reportText(one)]))
  for (const one of reports) warn(failuresOf(one))
  return reports.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed
}

/** A report as JSON: what was asked and what came of it, without the Scenario's own text. */
function plain({ scenario, seed, ok, steps, failures, timeline, traffic }: ScenarioReport): object {
  return {
    scenario: scenario.name,
    title: scenario.title,
    seed,
    ok,
    steps: steps.map(({ step, began, ended, outcome, lost, failures: wrong }) => ({
      step: titleOf(step),
      line: step.at.line,
      began,
      ended,
      outcome: plainOutcome(outcome),
      ...(lost.length > 0 && { lost }),
      failures: wrong,
    })),
    failures,
    timeline,
    traffic,
  }
}
