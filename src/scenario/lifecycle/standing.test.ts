import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { nameOf } from '../../kube/api/meta.ts'
import { Emulation } from '../emulation.ts'
import { load } from '../load/load.ts'

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
