import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inputError } from '../util/diagnostics.ts'
import { nearest } from '../util/near.ts'

/** The folder of scenarios that ships with the program: beside the bundle's folder, or the sources'. */
export function shippedFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'scenarios')
    if (existsSync(join(candidate, 'first.yaml'))) return candidate
  }
  throw inputError('the scenarios that ship with podwire are missing', 'a folder scenarios/ beside dist/')
}

/** Names of the scenarios that ship, in the order to read them. */
export function shippedScenarios(): string[] {
  const names = readdirSync(shippedFolder())
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace('.yaml', ''))
  return ['first', ...names.filter((name) => name !== 'first').sort()]
}

/** A path to a Scenario: a file as it is given, or the name of one that ships (`04-nodeport`, or just `nodeport`). */
export function scenarioPath(name: string): string {
  if (existsSync(name)) return name
  const shipped = shippedScenarios()
  const found = shipped.find((known) => known === name || known.replace(/^\d+-/, '') === name)
  if (found !== undefined) return join(shippedFolder(), `${found}.yaml`)
  const near = nearest(name, shipped)
  throw inputError(
    `no scenario ${name}`,
    near.length === 0 ? 'a file, or a name that `podwire scenarios` lists' : near.join(' or '),
  )
}
