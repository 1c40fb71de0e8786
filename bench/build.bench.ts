import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readInput } from '../src/host/files.ts'
import { Emulation } from '../src/scenario/emulation.ts'
import { load } from '../src/scenario/load/load.ts'
import { type DumpSize, dump } from './support/dump.ts'
import { line, type Span, settled, time, timed, typical, weight } from './support/measure.ts'

const SMALL: DumpSize = { nodes: 10, podsPerNode: 30, services: 500, endpoints: 'slices' }
/** What Kubernetes publishes as the largest cluster it supports. */
const LARGE: DumpSize = { nodes: 5_000, podsPerNode: 30, services: 10_000, endpoints: 'slices' }

/** How long it takes to have a cluster, and what it weighs. */
export function run(): void {
  small()
  linux()
  for (const endpoints of ['slices', 'selectors'] as const) {
    console.log(
      `\nKubernetes' limit, 5,000 nodes / 150,000 pods / 10,000 Services from NDJSON, endpoints from ${endpoints}`,
    )
    // A process of its own: its peak is the cluster's, and nothing is warm.
    const { status } = spawnSync(process.execPath, [import.meta.filename, endpoints], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`the large cluster ended with ${status}`)
  }
}

function small(): void {
  const inventory = load([{ name: 'small.ndjson', text: [...dump(SMALL)].join('\n') }])
  const bare = { ...inventory, services: [], slices: [] }
  console.log('Every namespace, device, address, route and rule of 10 nodes x 30 pods, from records')
  time(
    'first build, nothing warm',
    timed(() => new Emulation(bare)),
  )
  time(
    'median of 50',
    typical(50, () => new Emulation(bare)),
    23,
  )
  time(
    'with 500 Services x 5 endpoints',
    typical(50, () => new Emulation(inventory)),
    23,
  )
  for (const [what, records] of [
    ['', bare],
    [', Services and their rules included', inventory],
  ] as const) {
    line(`bytes a pod${what}`, weight(() => new Emulation(records)) / bare.pods.length, 'B', 4096)
  }
}

/** The rival: a kernel that makes the same 300 namespaces, each with a veth pair, an address and a default route. */
function linux(): void {
  const names = Array.from({ length: 300 }, (_, i) => `podwire-bench-${i}`)
  const batch = (lines: readonly string[]): boolean =>
    spawnSync('ip', ['-batch', '-'], { input: lines.join('\n'), stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
  if (process.getuid?.() !== 0 || !batch(['link show lo'])) {
    console.log('ip -batch: skipped, needs root and iproute2')
    return
  }
  const make = names.flatMap((name, i) => [
    `netns add ${name}`,
    `link add pwb${i} type veth peer name eth0 netns ${name}`,
  ])
  const configure = (i: number): string[] => [
    `addr add 10.213.${i >> 8}.${i & 255}/16 dev eth0`,
    'link set eth0 up',
    'route add default via 10.213.255.254',
  ]
  try {
    const made = timed(
      () =>
        batch(make) &&
        names.every(
          (name, i) =>
            spawnSync('ip', ['-n', name, '-batch', '-'], { input: configure(i).join('\n'), stdio: 'pipe' }).status ===
            0,
        ),
    )
    if (made.value)
      line('ip -batch, the same namespaces, without bridges or rules', made.wall, 'ms', undefined, ' on the wall')
    else console.log('ip -batch: skipped, this machine may not make network namespaces')
  } finally {
    batch(names.map((name) => `netns del ${name}`))
  }
}

function large(endpoints: DumpSize['endpoints']): void {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-bench-'))
  const file = join(folder, 'cluster.ndjson')
  try {
    write(file, { ...LARGE, endpoints })
    const parsing = timed(() => parseAlone(file))
    const start = settled()
    const loaded = timed(() => readInput([file]))
    const built = timed(() => new Emulation(loaded.value, { recording: 'off' }))
    const peak = process.resourceUsage().maxRSS * 1024
    const whole = add(loaded, built)
    time('file read and JSON.parse of every line, nothing kept', parsing)
    time('file to records, parsing included', loaded)
    time('records to a cluster', built)
    time('whole', whole, 5_000)
    time('model, apart from parsing', add(whole, parsing, -1), 5_000)
    const weight = settled() - start
    line('settled', weight / 1e6, 'MB', 1000)
    line('bytes a pod, nodes and Services included', weight / 150_000, 'B', 4096)
    line('resident at the peak', peak / 1e6, 'MB')
    touch(built.value)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Packets are what namespaces are made for: the first one, and what a node with its 30 pods costs. */
function touch(emulation: Emulation): void {
  const names = [...emulation.plan.nodes.values()].map((node) =>
    node.pods.map(({ meta }) => `${meta.namespace}/${meta.name}`),
  )
  const first = timed(() => emulation.trace({ from: names[0][0], to: names[4_000][7], proto: 'icmp' }))
  time('the first packet between two nodes, and its answer', first)
  const before = settled()
  const nodes = 50
  const touched = timed(() => {
    for (let n = 100; n < 100 + nodes; n++) emulation.cluster.node(`node-${n}`)
  })
  line('a node touched: its 30 pods, rules, leases of its peers', touched.cpu / nodes, 'ms')
  line('bytes of a pod on it', (settled() - before) / nodes / 30, 'B')
}

const add = (a: Span, b: Span, sign = 1): Span => ({ wall: a.wall + sign * b.wall, cpu: a.cpu + sign * b.cpu })

function write(file: string, size: DumpSize): void {
  const text = [...dump(size)].join('\n')
  writeFileSync(file, text)
  console.log(`${(text.length / 1e6).toFixed(0)} MB of text`)
}

function parseAlone(file: string): number {
  const text = readFileSync(file, 'utf8')
  let keys = 0
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    keys += Object.keys(JSON.parse(text.slice(at, end))).length
    at = end + 1
  }
  return keys
}

if (process.argv[1] === import.meta.filename) large(process.argv[2] as DumpSize['endpoints'])
