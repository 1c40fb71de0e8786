import type { ScenarioReport, StepReport } from '../scenario/run.ts'
import { titleOf } from '../scenario/step-title.ts'

/** Reports as JUnit XML, as CI systems read it: a suite a scenario, a case a step. Times are virtual seconds. */
export function junit(reports: readonly ScenarioReport[]): string {
  const suites = reports.map(suite)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="podwire">',
    ...suites.flat(),
    '</testsuites>',
    '',
  ].join('\n')
}

function suite({ scenario, steps, failures }: ScenarioReport): string[] {
  const cases = [
    ...steps.map((step, i) => stepCase(scenario.name, step, i + 1)),
    ...(failures.length === 0 ? [] : [endCase(scenario.name, failures)]),
  ]
  const failed = steps.filter((step) => step.failures.length > 0).length + (failures.length === 0 ? 0 : 1)
  return [
    `  <testsuite name="${xml(scenario.name)}" tests="${cases.length}" failures="${failed}" errors="0">`,
    ...cases.flat(),
    '  </testsuite>',
  ]
}

function stepCase(suiteName: string, { step, began, ended, failures }: StepReport, number: number): string[] {
  const time = ((ended - began) / 1e9).toFixed(6)
  const open = `    <testcase classname="${xml(suiteName)}" name="${xml(`${number}. ${titleOf(step)}`)}" file="${xml(step.at.file)}" line="${step.at.line}" time="${time}"`
  return failures.length === 0 ? [`${open}/>`] : [`${open}>`, ...failures.map(failure), '    </testcase>']
}

function endCase(suiteName: string, failures: ScenarioReport['failures']): string[] {
  return [`    <testcase classname="${xml(suiteName)}" name="in the end">`, ...failures.map(failure), '    </testcase>']
}

function failure({ field, expected, got }: { field: string; expected: string; got: string }): string {
  return `      <failure message="${xml(`${field} is ${got}, expected ${expected}`)}"/>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function xml(text: string): string {
  // Characters that XML 1.0 cannot hold at all are left out (section 2.2).
  const legal = [...text].filter((character) => character >= ' ' || character === '\t' || character === '\n').join('')
  return legal.replace(/[&<>"]/g, (character) => ENTITIES[character])
}
