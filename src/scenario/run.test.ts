import { describe, expect, it } from 'vitest'
import { SECOND } from '../sim/time.ts'
import { formatDiagnostic } from '../util/diagnostics.ts'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'
import { failuresOf, runScenario, type ScenarioReport } from './run.ts'

const PODS = ['client node-1', 'web node-2']
  .map((text) => text.split(' '))
  .map(
    ([name, node]) =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { nodeName: ${node}, containers: [{ name: c, ports: [{ containerPort: 8080 }] }] }\n`,
  )
  .join('')

function run(steps: string, more = ''): ScenarioReport {
  const text = `apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec:\n  title: T\n  steps:\n${steps}\n${more}\n${PODS}`
  const inventory = load([{ name: 's.yaml', text }])
  return runScenario(new Emulation(inventory), inventory.scenarios[0])
}
const failures = (report: ScenarioReport): string[] => failuresOf(report).map(formatDiagnostic)

describe('a timeline', () => {
  it('keeps its times, and goes on after the step before where none is given', () => {
    const report = run(`    - { at: 10s, ping: { from: client, to: default/web, count: 2 }, expect: { received: 2 } }
    - { advance: 30s }
    - { at: 45s, connect: { from: client, to: 'default/web:8080', send: 60000 } }`)
    expect(failures(report)).toEqual([])
    const [ping, advance, connect] = report.steps
    expect([ping.began, advance.ended, connect.began]).toEqual([10 * SECOND, ping.ended + 30 * SECOND, 45 * SECOND])
    expect(ping.outcome).toMatchObject({ kind: 'ping', sent: 2, received: 2, error: null })
  })

  it('reports each expectation that failed, where it stands', () => {
    const report = run(
      `    - { trace: { from: client, to: 'default/web:9' }, expect: { verdict: delivered, by: node-2 } }
    - { connect: { from: client, to: 'default/web:9' }, expect: { error: ECONNREFUSED } }`,
      '  expect: [{ pod: web, node: node-1, address: 10.9.9.9 }]',
    )
    expect(report.ok).toBe(false)
    expect(failures(report)).toEqual([
      's.yaml:7:7: verdict is refused, expected delivered',
      's.yaml:7:7: by is default/web, expected node-2',
      's.yaml:9:12: node of web is node-2, expected node-1',
      's.yaml:9:12: address of web is 10.244.2.2, expected 10.9.9.9',
    ])
  })

  it('cuts cables of nodes and pods', () => {
    expect(
      failures(
        run(`    - { cutLink: { node: node-2 } }
    - { trace: { from: client, to: default/web, proto: icmp }, expect: { verdict: rejected, by: node-1 } }`),
      ),
    ).toEqual([])
    const [, trace] = run(`    - { cutLink: { pod: default/client } }
    - { trace: { from: client, to: default/web, proto: icmp } }`).steps
    expect(trace.outcome).toMatchObject({ trace: { verdict: 'rejected' }, by: 'default/client' })
  })

  it('adds a node, which every other node can reach at once', () => {
    const report = run(`    - { addNode: { name: node-3 } }
    - { ping: { from: client, to: node/node-3 }, expect: { received: 1 } }
    - { ping: { from: node/node-3, to: default/web }, expect: { received: 1 } }`)
    expect(failures(report)).toEqual([])
    expect(() => run('    - { addNode: { name: node-1 } }')).toThrow('s.yaml:7:7: there is a Node node-1 already')
    expect(() => run('    - { addNode: { name: nn, address: 10.9.9.9 } }')).toThrow(
      "10.9.9.9 is not on the nodes' network",
    )
  })

  it.each([
    ['{ ping: { from: client, to: default/wab } }', 's.yaml:7:7: no Pod default/wab: did you mean default/web?'],
    [
      '{ setMtu: { node: node-1, device: eht0, mtu: 1400 } }',
      's.yaml:7:7: no device eht0 in node-1, expected one of eth0',
    ],
    ['{ setMtu: { mtu: 1400 } }', 's.yaml:7:7: no device is named, expected node or pod'],
    [
      '{ cutLink: { node: node-1, device: cni0 } }',
      's.yaml:7:7: cni0 has no cable, expected a card or one end of a veth pair',
    ],
  ])('refuses %s', (step, message) => expect(() => run(`    - ${step}`)).toThrow(message))

  it('refuses a step that begins before the one above it is over', () => {
    const steps = `    - { at: 1s, ping: { from: client, to: ip/10.244.1.99 } }\n    - { at: 2s, advance: 1s }`
    expect(() => run(steps)).toThrow('s.yaml:8:7: this step begins before the step above it is over, expected at: 4')
  })
})

it('a first step without a time waits until all pods of a living cluster are up', () => {
  const text = `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: s }
spec: { title: T, steps: [{ curl: { from: client, url: 'http://web/' }, expect: { status: 200 } }] }
---
{ apiVersion: v1, kind: Pod, metadata: { name: client }, spec: { containers: [{ name: c, image: c }] } }
---
apiVersion: v1
kind: ReplicationController
metadata: { name: web }
spec: { replicas: 1, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: w, ports: [{ containerPort: 8080 }] }] } } }
---
{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] } }
`
  const inventory = load([{ name: 'in.yaml', text }])
  const report = runScenario(new Emulation(inventory, { recording: 'off' }), inventory.scenarios[0])
  expect(report.ok).toBe(true)
  expect(report.steps[0].began).toBeGreaterThan(1e9)
})
