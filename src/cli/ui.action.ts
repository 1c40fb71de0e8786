import { en } from '../explain/messages/en.ts'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import type { Inventory } from '../scenario/load/inventory.ts'
import type { Kill, StoryRequest } from '../ui/model/experience.ts'
import { EXIT } from './exit.ts'
import { experienceOf } from './experience.ts'
import { print } from './output.ts'
import { report, runFile } from './run.action.ts'
import type { UiOptions } from './ui.ts'

export async function open(scenario: string | undefined, options: UiOptions): Promise<number> {
  const paths = options.file ?? [scenarioPath(scenario ?? 'first')]
  if (options.plain || !process.stdout.isTTY || !process.stdin.isTTY)
    return report(
      paths.flatMap((path) => runFile(path, options)),
      'text',
    )
  const inventory = readInput(paths)
  const request = firstRequest(inventory)
  const experience = experienceOf(inventory, options.seed)
  const [{ runUi }, { colorLevelOf }, { startYoga }] = await Promise.all([
    import('../ui/index.tsx'),
    import('../ui/theme/theme.ts'),
    import('../ui/terminal/yoga.ts'),
  ])
  await startYoga()
  const color = colorLevelOf(process.env, options.color) > 0
  const last = await runUi(experience, {
    request,
    color,
    ascii: options.ascii,
    stdout: process.stdout,
    stdin: process.stdin,
  })
  print([en.ui.repeat, `  ${repeat(last.story.request, paths)}`])
  if (last.kills.length > 0) print([en.ui.repeatKills, ...last.kills.map(stepOf)])
  return EXIT.ok
}

/** What to show first: the packet of the Scenario's first step that sends one, else between the first two pods. */
function firstRequest({ scenarios, pods }: Inventory): StoryRequest {
  for (const { operation } of scenarios[0]?.steps ?? []) {
    if (operation.name === 'trace') {
      const { from, to, proto } = operation.with
      return { from, to, protocol: proto ?? 'tcp' }
    }
    if (operation.name === 'ping' || operation.name === 'traceroute')
      return { from: operation.with.from, to: operation.with.to, protocol: 'icmp' }
  }
  const names = pods.filter((pod) => !pod.hostNetwork).map(({ meta }) => `${meta.namespace}/${meta.name}`)
  return { from: names[0] ?? 'external', to: names.at(-1) ?? 'external', protocol: 'tcp' }
}

/** What was done by hand, as a Scenario says it. */
function stepOf({ at, namespace, name, now }: Kill): string {
  const grace = now ? ', gracePeriodSeconds: 0' : ''
  return `  - { at: ${Math.round(at / 1e6)}ms, deletePod: { namespace: ${namespace}, name: ${name}${grace} } }`
}

function repeat({ from, to, protocol }: StoryRequest, paths: readonly string[]): string {
  const files = paths.map((path) => ` -f ${path}`).join('')
  return `podwire trace${files} --from ${from} --to ${to} --proto ${protocol}`
}
