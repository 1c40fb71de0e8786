import type { Emulation } from '../scenario/emulation.ts'
import { describeNetns } from './netns-describe.ts'
import type { NetnsDescription } from './netns-description.ts'

/** The whole emulated cluster: the laptop, every node, and the pods in the order in which they came up on their node. */
export function describeCluster({ cluster, plan }: Emulation, title: string, prefix = 'podwire'): NetnsDescription {
  const laptop = cluster.external().namespace
  const nodes = Array.from(plan.nodes.keys(), (name) => cluster.node(name))
  const pods = nodes.flatMap(({ sandboxes }) => Array.from(sandboxes.values(), ({ namespace }) => namespace))
  return describeNetns(title, prefix, [laptop, ...nodes.map(({ namespace }) => namespace), ...pods])
}
