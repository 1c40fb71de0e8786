import type { Command } from 'commander'
import { integer, repeated } from './parse.ts'

/** Options of every command that looks at a cluster. */
export interface InputOptions {
  readonly file?: readonly string[]
  readonly namespace?: string
  readonly seed?: number
}

export function withInput(command: Command): Command {
  return command
    .option('-f, --file <file>', 'manifests, a dump or a Scenario: file, folder or - (repeatable)', repeated)
    .option('-n, --namespace <namespace>', 'the namespace of names that say none', 'default')
    .option('--seed <number>', "the seed of every random choice (default: the scenario's, else 1)", integer)
}
