import { join } from 'node:path'
import { columns } from '../explain/text/columns.ts'
import { readInput } from '../host/files.ts'
import { shippedFolder, shippedScenarios } from '../host/shipped.ts'
import { print } from './output.ts'

export function listScenarios(): void {
  print(columns(shippedScenarios().map((name) => [name, titleOf(name)])))
}

const titleOf = (name: string): string => readInput([join(shippedFolder(), `${name}.yaml`)]).scenarios[0]?.title ?? ''
