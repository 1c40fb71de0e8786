import { lifecycle as say } from '../explain/messages/en-lifecycle.ts'
import { columns } from '../explain/text/columns.ts'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { Emulation } from '../scenario/emulation.ts'
import { kubectlGet, type Listed } from '../scenario/lifecycle/kubectl.ts'
import { playUntil } from '../scenario/run.ts'
import type { Recording } from '../trace/recorder.ts'
import { inputError } from '../util/diagnostics.ts'
import type { GetOptions } from './get.ts'
import { print, warn } from './output.ts'

export function list(what: string, scenario: string, { output, at, seed, namespace }: GetOptions): void {
  const { life } = played(scenario, 'off', { at, seed })
  if (life === null) throw inputError(say.standsStill, 'manifests, or a scenario')
  print(columns(kubectlGet(life.store, what as Listed, { wide: output === 'wide', namespace }), '   '))
}

/** A scenario played up to a moment, or to its end; manifests alone until everything is up. */
export function played(
  name: string,
  recording: Recording,
  options: { readonly at?: number; readonly seed?: number },
): Emulation {
  const inventory = readInput([scenarioPath(name)])
  const emulation = new Emulation(inventory, { seed: options.seed, recording, controllers: 'always' })
  warn(emulation.diagnostics)
  const [scenario] = inventory.scenarios
  if (scenario !== undefined) playUntil(emulation, scenario, options.at ?? null)
  else if (options.at !== undefined) emulation.advance(options.at)
  else emulation.life?.settle()
  return emulation
}
