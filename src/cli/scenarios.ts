import type { Command } from 'commander'

/** `podwire scenarios`: what ships, a line each. */
export function addScenarios(program: Command): void {
  program
    .command('scenarios')
    .description('list the scenarios that ship with podwire')
    .addHelpText(
      'after',
      '\nExamples:\n  podwire scenarios\n  podwire run 02-across-nodes\n  podwire 02-across-nodes      (the terminal UI)',
    )
    .action(async () => (await import('./scenarios.action.ts')).listScenarios())
}
