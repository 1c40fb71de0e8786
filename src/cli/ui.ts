import type { Command } from 'commander'
import { integer, repeated } from './parse.ts'

export interface UiOptions {
  readonly file?: readonly string[]
  readonly seed?: number
  readonly color: boolean
  readonly ascii: boolean
  readonly plain: boolean
}

const EXAMPLES = `
Examples:
  podwire                                        (the terminal UI, on a packet about to leave)
  podwire 02-across-nodes                        (the same for a scenario; \`podwire scenarios\` lists them)
  podwire trace --from client --to svc/web:80
  podwire curl --from client https://web/
  podwire run 06-pod-dies
  kubectl get nodes,pods,svc,endpointslices,netpol -A -o yaml | podwire trace -f - --from default/a --to default/b

\`podwire COMMAND --help\` shows more of each.`

/** `podwire [SCENARIO]`: the terminal UI; where there is no terminal, the text report. */
export function addUi(program: Command): void {
  program
    .argument('[scenario]', 'a Scenario file, or the name of one that ships (see `podwire scenarios`)')
    .option('-f, --file <file>', 'manifests or a dump instead of a Scenario (repeatable)', repeated)
    .option('--seed <number>', 'the seed of every random choice', integer)
    .option('--no-color', 'draw without colours (as does NO_COLOR)')
    .option('--ascii', 'draw with ASCII signs only', false)
    .option('--plain', 'print the text report instead of opening the UI', false)
    .addHelpText('after', EXAMPLES)
    .action(async (scenario: string | undefined, options: UiOptions) => {
      process.exitCode = await (await import('./ui.action.ts')).open(scenario, options)
    })
}
