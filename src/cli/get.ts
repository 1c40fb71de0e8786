import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { integer, moment } from './parse.ts'

export interface GetOptions {
  readonly output?: 'wide'
  /** Nanoseconds of virtual time. */
  readonly at?: number
  readonly seed?: number
  readonly namespace?: string
}

/** kubectl's names; the first of each is what the engine calls it. */
const NAMES = [
  ...[
    ['pods', 'po', 'pod'],
    ['svc', 'services', 'service'],
    ['endpoints', 'ep'],
    ['events', 'ev'],
    ['nodes', 'no', 'node'],
  ],
  ...[
    ['deploy', 'deployments', 'deployment'],
    ['rs', 'replicasets'],
    ['rc', 'replicationcontrollers'],
    ['ds', 'daemonsets'],
  ],
  ...[
    ['sts', 'statefulsets'],
    ['jobs', 'job'],
    ['cronjobs', 'cj'],
    ['pdb', 'poddisruptionbudgets'],
    ['ing', 'ingresses', 'ingress'],
    ['ingressclasses', 'ingressclass'],
  ],
]
export const LISTED = NAMES.map(([name]) => name)

/** `podwire get pods SCENARIO`: what kubectl would print, at any moment. */
export function addGet(program: Command): void {
  program
    .command('get')
    .description('list what a scenario runs, as kubectl prints it')
    .addArgument(new Argument('<what>', `what to list: ${LISTED.join(', ')}`).argParser(listed))
    .argument('<scenario>', 'a Scenario file, manifests, or the name of a scenario that ships')
    .addOption(new Option('-o, --output <format>', 'more columns').choices(['wide']))
    .option('-n, --namespace <name>', 'of this namespace alone (default: of all)')
    .option('--at <time>', 'the moment to look at, such as 20s or 1m30s (default: the end)', moment)
    .option('--seed <number>', "the seed of every random choice (default: the scenario's)", integer)
    .addHelpText(
      'after',
      '\nExamples:\n  podwire get pods 06-pod-dies -o wide --at 22s\n  podwire get events 06-pod-dies',
    )
    .action(async (what: string, scenario: string, options: GetOptions) => {
      ;(await import('./get.action.ts')).list(what, scenario, options)
    })
}

function listed(text: string): string {
  const found = NAMES.find((names) => names.includes(text))
  if (found === undefined) throw new InvalidArgumentError(`expected one of ${LISTED.join(', ')}`)
  return found[0]
}
