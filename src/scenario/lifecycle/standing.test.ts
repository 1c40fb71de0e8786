import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nameOf } from '../../kube/api/meta.ts'
import { Emulation } from '../emulation.ts'
import { load } from '../load/load.ts'
import { playUntil } from '../run.ts'

const FOLDER = new URL('../../../scenarios/', import.meta.url)
const standing = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, inventory: load([{ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }]) }))
  .filter(({ inventory }) => new Emulation(inventory).life === null)

it('most scenarios need no controllers', () => {
  expect(standing.length).toBeGreaterThan(20)
})

it.each(standing)('$name has the same addresses when controllers and kubelets bring it up', ({ inventory }) => {
  const still = new Emulation(inventory)
  const living = new Emulation(inventory, { controllers: 'always', recording: 'off' })
  living.life!.settle()
  const addresses = ({ directory, cluster }: Emulation): Record<string, unknown> =>
    Object.fromEntries([...directory.allPods()].map((pod) => [nameOf(pod.meta), cluster.addressesOf(pod)]))
  expect(addresses(living)).toEqual(addresses(still))
})

it('a pod that names a node that nobody described has it made, with controllers and without', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { nodeName: nowhere, containers: [{ name: c, image: i }] }\n'
  const inventory = load([{ name: 'pod.yaml', text: pod }])
  for (const controllers of ['where needed', 'always'] as const) {
    const emulation = new Emulation(inventory, { controllers })
    emulation.life?.settle()
    expect([...emulation.plan.nodes.keys()]).toContain('nowhere')
    expect(emulation.trace({ from: 'a', to: 'node/node-1', proto: 'icmp' }).trace.verdict).toBe('delivered')
  }
})

describe('a pod bound to a node that is not there', () => {
  const apply = `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: ghost }
spec:
  title: T
  steps:
    - apply: { objects: [{ apiVersion: v1, kind: Pod, metadata: { name: lost }, spec: { nodeName: ghost, containers: [{ name: c, image: i }] } }] }
`
  const emulation = (steps: string): Emulation => {
    const inventory = load([{ name: 'ghost.yaml', text: apply + steps }])
    const made = new Emulation(inventory)
    playUntil(made, inventory.scenarios[0], null)
    return made
  }
  const lost = ({ life }: Emulation) => life!.store.get('Pod', 'default', 'lost')

  it('waits, and goes with the garbage collector after its quarantine', () => {
    expect(lost(emulation('    - advance: 30s\n'))?.status.phase).toBe('Pending')
    expect(lost(emulation('    - advance: 2m\n'))).toBeNull()
  })

  it('runs once a kubelet of that name registers', () => {
    expect(lost(emulation('    - addNode: { name: ghost }\n    - advance: 20s\n'))?.status.phase).toBe('Running')
  })
})
