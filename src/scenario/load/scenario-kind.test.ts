import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SECOND } from '../../sim/time.ts'
import { formatDiagnostic, InputError } from '../../util/diagnostics.ts'
import { load } from './load.ts'
import type { Scenario } from './scenario-kind.ts'
import { scenarioJsonSchema } from './scenario-schema.ts'

const HEAD = 'apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec:\n  title: A title\n'

function errors(body: string): string[] {
  try {
    load([{ name: 's.yaml', text: HEAD + body }])
    return []
  } catch (error) {
    if (error instanceof InputError) return error.diagnostics.map(formatDiagnostic)
    throw error
  }
}

const read = (body: string): Scenario => load([{ name: 's.yaml', text: HEAD + body }]).scenarios[0]

it('reads cluster settings, manifests, steps and what they expect', () => {
  const scenario = read(`  seed: 7
  cluster: { overlay: host-gw, mtu: 9000 }
  manifests: [./web.yaml]
  steps:
    - { at: 1m30s, ping: { from: client, to: default/web }, expect: { received: 1 } }
    - { advance: 500ms }
    - { at: 2m, name: looks, trace: { from: client, to: 'svc/web:80' }, expect: { verdict: delivered } }
`)
  expect(scenario).toMatchObject({
    name: 's',
    title: 'A title',
    seed: 7,
    cluster: { overlay: 'host-gw', mtu: 9000 },
    manifests: [{ path: './web.yaml', at: { file: 's.yaml', line: 8, column: 15 } }],
    steps: [
      { start: 90 * SECOND, operation: { name: 'ping', with: { count: 1, size: 56 } }, expect: { received: 1 } },
      { start: null, operation: { name: 'advance', with: '500ms' }, expect: null },
      { start: 120 * SECOND, label: 'looks', operation: { name: 'trace', with: { proto: 'tcp' } } },
    ],
  })
})

it.each([
  ['  steps: [{ pingg: { from: a, to: b } }]', 's.yaml:6:20: unknown field "spec.steps[0].pingg": did you mean ping?'],
  ['  steps: [{ at: 1s }]', 's.yaml:6:11: step 1 does nothing: it takes one of ping,'],
  ['  steps: [{ advance: 1s, cutLink: {} }]', 's.yaml:6:11: step 1 does several things (advance, cutLink)'],
  ['  steps: [{ at: soon, advance: 1s }]', 's.yaml:6:17: spec.steps[0].at: a duration like 500ms, 10s or 1m30s'],
  ['  steps: [{ ping: { from: a } }]', 's.yaml:6:19: spec.steps[0].ping.to: Required value'],
  [
    '  steps: [{ at: 2s, advance: 1s }, { at: 1s, advance: 1s }]',
    's.yaml:6:42: step 2 begins before the step above it',
  ],
  [
    '  steps: [{ ping: { from: a, to: b }, expect: { status: 200 } }]',
    's.yaml:6:57: ping cannot be expected to have "status": one of received, error',
  ],
  ['  cluster: { overlay: ipip }', 's.yaml:6:23: spec.cluster.overlay: '],
  ['  cluster: { podCIDR: 10.244.0.0/33 }', 's.yaml:6:23: spec.cluster.podCIDR: a CIDR like 10.244.0.0/16'],
  ['  cluster: { mtu: 12 }', 's.yaml:6:19: spec.cluster.mtu: '],
  ['  colour: red', 's.yaml:6:11: unknown field "spec.colour"'],
])('refuses %j', (body, message) => {
  const found = errors(body)
  expect(found).toHaveLength(1)
  expect(found[0].slice(0, message.length)).toBe(message)
})

it('has a JSON Schema for editors, kept in docs (UPDATE=1 writes it)', () => {
  const file = new URL('../../../docs/scenario.schema.json', import.meta.url)
  if (process.env.UPDATE !== undefined) writeFileSync(file, `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(scenarioJsonSchema())
})
