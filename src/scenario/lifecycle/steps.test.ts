import { describe, expect, it } from 'vitest'
import { InputError } from '../../util/diagnostics.ts'
import { Emulation } from '../emulation.ts'
import { load } from '../load/load.ts'
import { playUntil, runScenario, type ScenarioReport } from '../run.ts'

const DEPLOYMENT = (image: string, more = '') =>
  `{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web }, spec: { replicas: 2, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: '${image}', ports: [{ containerPort: 8080 }] }] ${more} } } } }`
const SERVICE = (port: number) =>
  `{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: ${port}, targetPort: 8080 }] } }`
const CLIENT =
  '{ apiVersion: v1, kind: Pod, metadata: { name: client }, spec: { containers: [{ name: c, image: c }] } }'
const apply = (at: number, ...objects: string[]) => `{ at: ${at}s, apply: { objects: [${objects.join(', ')}] } }`
const check = (at: number, what: string) => `{ at: ${at}s, check: { ${what} } }`

function play(...steps: string[]): { readonly report: ScenarioReport; readonly emulation: Emulation } {
  const text = `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: s }
spec:
  title: T
  steps:
${steps.map((step) => `    - ${step}\n`).join('')}`
  const inventory = load([{ name: 'in.yaml', text }])
  const emulation = new Emulation(inventory, { recording: 'off' })
  return { emulation, report: runScenario(emulation, inventory.scenarios[0]) }
}
const failures = (...steps: string[]): string[] =>
  play(...steps).report.steps.flatMap((step) =>
    step.failures.map(({ field, expected, got }) => `${field} is ${got}, expected ${expected}`),
  )
function refusal(...steps: string[]): string {
  try {
    play(...steps)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  return ''
}

describe('apply', () => {
  it('creates what is new: the Service gets an address, a name and rules', () => {
    expect(
      failures(
        apply(5, DEPLOYMENT('nginx:1'), SERVICE(80), CLIENT),
        check(20, 'endpoints: default/web, ready: 2'),
        "{ at: 21s, curl: { from: client, url: 'http://web/' }, expect: { status: 200 } }",
      ),
    ).toEqual([])
  })

  it('changes what is there: another template rolls out, another port is served and the address stays', () => {
    const { report, emulation } = play(
      apply(0, DEPLOYMENT('nginx:1'), SERVICE(80), CLIENT),
      apply(20, DEPLOYMENT('nginx:2'), SERVICE(81), CLIENT),
      "{ at: 60s, curl: { from: client, url: 'http://web:81/' }, expect: { status: 200 } }",
    )
    expect(report.ok).toBe(true)
    const store = emulation.life!.store
    const images = store.list('Pod', 'default').map(({ spec }) => spec.containers[0].image)
    expect(images.sort()).toEqual(['c', 'nginx:2', 'nginx:2'])
    expect(store.get('Service', 'default', 'web')!.clusterIPs).toHaveLength(1)
  })

  it('leaves alone what is the same', () => {
    const { emulation } = play(apply(0, DEPLOYMENT('nginx:1')), apply(20, DEPLOYMENT('nginx:1')), check(30, ''))
    expect(emulation.life!.store.list('ReplicaSet')).toHaveLength(1)
    expect(emulation.life!.store.get('Deployment', 'default', 'web')!.meta.generation).toBe(1)
  })

  it('says what the API server would, where the object stands, and applies nothing of a step that has a fault', () => {
    const other = DEPLOYMENT('nginx:1').replace('matchLabels: { app: web }', 'matchLabels: { app: web, tier: front }')
    expect(refusal(apply(0, other))).toMatch(
      /^in\.yaml:7:\d+: Deployment.* "web" is invalid: spec\.template\.metadata\.labels: Invalid value: .* `selector` does not match template `labels`$/,
    )
    const relabelled = other.replace('labels: { app: web }', 'labels: { app: web, tier: front }')
    expect(refusal(apply(0, DEPLOYMENT('nginx:1')), apply(5, SERVICE(80), relabelled))).toMatch(
      /^in\.yaml:8:7: Deployment.apps "web" is invalid: spec\.selector: Invalid value: .*: field is immutable$/,
    )
  })
})

describe('rollout', () => {
  const first = apply(0, DEPLOYMENT('nginx:1'))
  const second = '{ at: 20s, setImage: { name: web, image: nginx:2 } }'
  const images = ({ emulation }: ReturnType<typeof play>) =>
    emulation
      .life!.store.list('Pod', 'default')
      .map(({ spec }) => spec.containers[0].image)
      .sort()

  // Kubernetes documentation, "Deployments": Rolling Back a Deployment; Pausing and Resuming a rollout of a Deployment.
  it('undo goes back to the revision before, or to one by its number', () => {
    expect(images(play(first, second, '{ at: 40s, rollout: { name: web, do: undo } }', check(60, '')))).toEqual([
      'nginx:1',
      'nginx:1',
    ])
    expect(refusal(first, second, '{ at: 40s, rollout: { name: web, do: undo, toRevision: 7 } }')).toMatch(
      /unable to find specified revision 7 in history$/,
    )
    expect(refusal(first, '{ at: 40s, rollout: { name: web, do: undo } }')).toMatch(/no rollout history found$/)
  })

  it('pause holds a new template back and resume lets it go; scaling goes on meanwhile', () => {
    const paused = [first, '{ at: 10s, rollout: { name: web, do: pause } }', second]
    expect(images(play(...paused, '{ at: 30s, scale: { name: web, replicas: 3 } }', check(60, '')))).toEqual([
      'nginx:1',
      'nginx:1',
      'nginx:1',
    ])
    expect(images(play(...paused, '{ at: 60s, rollout: { name: web, do: resume } }', check(90, '')))).toEqual([
      'nginx:2',
      'nginx:2',
    ])
    expect(refusal(...paused, '{ at: 60s, rollout: { name: web, do: undo } }')).toMatch(
      /you cannot rollback a paused deployment/,
    )
  })

  it('restart makes every pod anew', () => {
    const { emulation } = play(first, '{ at: 20s, rollout: { name: web, do: restart } }', check(60, ''))
    expect(emulation.life!.store.list('ReplicaSet').map(({ status }) => status.replicas)).toEqual([0, 2])
  })
})

describe('delete and label', () => {
  it('takes a workload with what it owns, or without', () => {
    const how = (propagation: string) =>
      `{ at: 20s, delete: { kind: Deployment, name: web, propagation: ${propagation} } }`
    const left = (propagation: string) =>
      failures(apply(0, DEPLOYMENT('nginx:1')), how(propagation), check(40, 'selector: app=web, pods: 0'))
    expect(left('Background')).toEqual([])
    expect(left('Foreground')).toEqual([])
    expect(left('Orphan')).toEqual(['pods with app=web is 2, expected 0'])
  })

  it('a label decides whether a controller counts a pod', () => {
    expect(
      failures(
        apply(0, DEPLOYMENT('nginx:1')),
        '{ at: 20s, label: { selector: app=web, count: 1, labels: { app: null, aside: "yes" } } }',
        check(40, 'selector: app=web, pods: 2, ready: 2'),
        check(40, 'selector: aside=yes, pods: 1, ready: 1, address: kept'),
      ),
    ).toEqual([])
  })
})

describe('check', () => {
  it('waits within a time, and no longer than it must', () => {
    const { report } = play(
      apply(10, DEPLOYMENT('nginx:1')),
      '{ check: { workload: Deployment/web, ready: 2, within: 30s } }',
    )
    expect(report.ok).toBe(true)
    expect(report.steps[1].ended).toBeGreaterThan(11e9)
    expect(report.steps[1].ended).toBeLessThan(12e9)
  })

  it.each([
    ['workload: Deployment/web, replicas: 3', 'pods of Deployment/web is 2, expected 3'],
    ['selector: app=web, pods: 1', 'pods with app=web is 2, expected 1'],
    ['node: node-1, ready: 0', 'readiness of node-1 is ready, expected not ready'],
    ['pod: absent, ready: 1', 'Pod absent is gone, expected there'],
    ['event: { reason: ScalingReplicaSet, atLeast: 2 }', 'Events ScalingReplicaSet is 1, expected at least 2'],
    ['event: { reason: Killing, atLeast: 0, atMost: 0 }', ''],
    ['requests: { failedAtMost: 0 }', 'requests made is 0, expected at least 1'],
  ])('%s', (what, failure) => {
    expect(failures(apply(0, DEPLOYMENT('nginx:1')), check(20, what))).toEqual(failure === '' ? [] : [failure])
  })
})

describe('a look at a moment', () => {
  it('in the midst of a step that takes long, such as a drain, is of that moment', () => {
    const text = `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: s }
spec: { title: T, steps: [{ at: 10s, drain: { name: node-1 } }, { advance: 1m }] }
---
${DEPLOYMENT('nginx:1', ', affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: { matchExpressions: [{ key: kubernetes.io/hostname, operator: In, values: [node-1] }] } }] } }, terminationGracePeriodSeconds: 20').replace("image: 'nginx:1'", "image: 'nginx:1', lifecycle: { preStop: { sleep: { seconds: 15 } } }")}
`
    const inventory = load([{ name: 'in.yaml', text }])
    const going = (at: number): number => {
      const emulation = new Emulation(inventory, { recording: 'off' })
      playUntil(emulation, inventory.scenarios[0], at * 1e9)
      expect(emulation.now).toBe(at * 1e9)
      return emulation.life!.store.list('Pod', 'default').filter(({ meta }) => meta.deletionTimestamp !== null).length
    }
    expect([going(9), going(12), going(20), going(40)]).toEqual([0, 2, 2, 0])
  })
})

describe('timing', () => {
  it('each delay of the machinery is a setting', () => {
    const text = `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: s }
spec:
  title: T
  cluster: { timing: { imagePull: 20s, sandbox: 2s, containerStart: 3s } }
  steps: [{ at: 24s, check: { pod: client, ready: 0 } }, { at: 26s, check: { pod: client, ready: 1 } }]
---
${CLIENT}
`
    const inventory = load([{ name: 'in.yaml', text }])
    expect(runScenario(new Emulation(inventory), inventory.scenarios[0]).ok).toBe(true)
  })
})
