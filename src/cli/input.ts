import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { Emulation } from '../scenario/emulation.ts'
import type { Inventory } from '../scenario/load/inventory.ts'
import type { Recording } from '../trace/recorder.ts'
import type { InputOptions } from './options.ts'
import { warn } from './output.ts'

/** What `-f` names; without it, the scenario that ships as `first`. */
export const inventoryOf = ({ file }: InputOptions): Inventory => readInput(file ?? [scenarioPath('first')])

/** Reads the input, says on stderr what is odd about it, and builds the cluster. */
export function emulationOf(
  options: InputOptions,
  recording: Recording = 'frames',
  inventory = inventoryOf(options),
): Emulation {
  const emulation = freshOf(options, recording, inventory)
  emulation.life?.settle()
  return emulation
}

/** The cluster at its very beginning: nothing has started yet. */
export function freshOf(options: InputOptions, recording: Recording, inventory: Inventory): Emulation {
  const { seed, namespace, proxyMode } = options
  const emulation = new Emulation(inventory, { seed, namespace, proxyMode, recording })
  warn(emulation.diagnostics)
  return emulation
}

/** `scenario first, seed 1 · flannel vxlan · kube-proxy iptables`. What stands in for another plugin is named beside the verdict. */
export function heading(emulation: Emulation): string {
  const { inventory, seed, plan } = emulation
  const name = inventory.scenarios[0]?.name
  const { plugin, overlay, proxyMode } = plan.path
  const path = plugin === 'flannel' ? `flannel ${overlay}` : `${plugin}, as ${overlay}`
  return `${name === undefined ? 'cluster' : `scenario ${name}`}, seed ${seed} · ${path} · kube-proxy ${proxyMode}`
}
