import { type Command, Option } from 'commander'
import type { ProxyMode } from '../kube/api/proxy-config.ts'
import { withProxyMode } from './options.ts'
import { integer } from './parse.ts'

export interface RunOptions {
  readonly output: 'text' | 'json' | 'junit'
  readonly seed?: number
  readonly proxyMode?: ProxyMode
}

/** `podwire run SCENARIO…`: headless, judged. */
export function addRun(program: Command): void {
  withProxyMode(program.command('run').description('run scenarios and judge what they expect'))
    .argument('<scenario...>', 'Scenario files, or names of those that ship')
    .addOption(new Option('-o, --output <format>', 'how to report').choices(['text', 'json', 'junit']).default('text'))
    .option('--seed <number>', "the seed of every random choice (default: the scenario's)", integer)
    .addHelpText(
      'after',
      `
Examples:
  podwire run 02-across-nodes
  podwire run tests/*.yaml -o junit > report.xml
  podwire run 06-pod-dies 10-spread --proxy-mode ipvs

Exit code: 0 every expectation held, 1 one did not, 2 bad input.`,
    )
    .action(async (scenarios: readonly string[], options: RunOptions) => {
      process.exitCode = (await import('./run.action.ts')).run(scenarios, options)
    })
}
