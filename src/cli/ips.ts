import type { Command } from 'commander'
import { integer } from './parse.ts'

/** `podwire ips SCENARIO`: which pod had which address when. */
export function addIps(program: Command): void {
  program
    .command('ips')
    .description('show which pod had which address when, and what was sent to an address after its pod was gone')
    .argument('<scenario>', 'a Scenario file, manifests, or the name of a scenario that ships')
    .option('--seed <number>', "the seed of every random choice (default: the scenario's)", integer)
    .addHelpText('after', '\nExamples:\n  podwire ips 06-pod-dies\n  podwire ips my-scenario.yaml')
    .action(async (scenario: string, options: { readonly seed?: number }) => {
      ;(await import('./ips.action.ts')).ips(scenario, options)
    })
}
