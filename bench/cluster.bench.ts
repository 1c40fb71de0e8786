import { Emulation } from '../src/scenario/emulation.ts'
import { load } from '../src/scenario/load/load.ts'

/**
 * A cluster at Kubernetes' published limits, from NDJSON: parsing, planning, the first trace; and what memory a pod takes,
 * settled (all nodes built, garbage collected) and before that. Run with --expose-gc for the settled figures.
 */
export async function run(): Promise<void> {
  figures('10 nodes, 300 pods, all built', 10, 300, true)
  const more = figures('10 nodes, 2,000 pods, all built', 10, 2000, true)
  const fewer = figures('10 nodes, 300 pods, all built, once more', 10, 300, true)
  console.log(`\na further pod on a node that is built: ${((more - fewer) / 1700).toFixed(0)} B settled`)
  figures('5,000 nodes, 150,000 pods, nodes built when touched', 5000, 150_000, false)
}

function figures(title: string, nodes: number, pods: number, whole: boolean): number {
  console.log(`\n${title}`)
  let text: string | null = input(nodes, pods)
  const parsing = performance.now()
  const inventory = load([{ name: 'cluster.ndjson', text }])
  console.log(`  parse     ${ms(parsing)} (${(text.length / 1e6).toFixed(0)} MB)`)
  text = null
  const before = heap()
  const building = performance.now()
  const emulation = new Emulation(inventory)
  if (whole) for (const name of emulation.plan.nodes.keys()) emulation.cluster.node(name)
  console.log(`  build     ${ms(building)}`)
  const grown = heap() - before
  console.log(`  settled   ${(grown / pods).toFixed(0)} B a pod, ${(grown / 1e6).toFixed(0)} MB in all`)
  const tracing = performance.now()
  const { trace } = emulation.trace({ from: 'default/web-0', to: `default/web-${nodes + 1}` })
  console.log(`  trace     ${ms(tracing)}, ${trace.verdict}: the first, nodes and neighbours made on the way`)
  console.log(`  resident  ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`)
  return grown
}

function input(nodes: number, pods: number): string {
  const lines: string[] = []
  for (let n = 0; n < nodes; n++) {
    const third = `${n >> 8}.${n & 255}`
    lines.push(
      `{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-${n}"},"spec":{"podCIDR":"10.${third}.0/24"},"status":{"addresses":[{"type":"InternalIP","address":"172.16.${third}"}]}}`,
    )
  }
  for (let i = 0; i < pods; i++) {
    const n = i % nodes
    lines.push(
      `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-${i}","labels":{"app":"app-${i % 3000}"}},"spec":{"nodeName":"node-${n}","containers":[{"name":"c","ports":[{"containerPort":8080}]}]},"status":{"phase":"Running","podIP":"10.${n >> 8}.${n & 255}.${2 + Math.floor(i / nodes)}"}}`,
    )
  }
  return lines.join('\n')
}

function heap(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

const ms = (since: number): string => `${(performance.now() - since).toFixed(0)} ms`
