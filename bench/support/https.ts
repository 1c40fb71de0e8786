import { fetch } from '../../src/app/curl/curl.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { load } from '../../src/scenario/load/load.ts'
import type { CommonConfig } from '../../src/tls/config.ts'
import { webCluster } from '../../test/support/web-cluster.ts'
import { line, median, type Span, time } from './measure.ts'

const WARM = 400
const ROUNDS = 30
const BATCH = 20

const YAML = webCluster({ serve: 'https:8443' })

interface Case {
  readonly name: string
  readonly once: () => void | Promise<void>
  readonly goal?: number
}

/** J6 of the anchors: 2 ms where a handshake of node:tls takes 1.4. */
const GOAL_MS = 2
const GOAL_RATIO = 2 / 1.4

/**
 * J6: curl https://web/ from a pod to a Service whose pod is on another node: DNS, TCP, TLS 1.3 with x25519 or the default
 * X25519MLKEM768, GET and close, both ends, every handshake whole. The cases take turns; a round is the mean of its requests, so that
 * what the garbage collector does for them counts. A handshake of node:tls, x25519 and in memory, takes its turn as the yardstick: on
 * a busy machine both get slower, and their ratio says more than milliseconds.
 */
export async function requests(yardstick: () => Promise<void>): Promise<Record<string, number>> {
  const cases: readonly Case[] = [
    { name: 'x25519, recording off', once: request('off', ['x25519']), goal: GOAL_MS },
    { name: 'x25519, recording frames', once: request('frames', ['x25519']), goal: GOAL_MS },
    { name: 'the same, X25519MLKEM768, recording frames', once: request('frames', undefined) },
    { name: 'node:tls, the handshake alone', once: yardstick },
  ]
  for (const { once } of cases) for (let i = 0; i < WARM; i++) await once()
  const rounds = cases.map((): Span[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { once }] of cases.entries()) rounds[i].push(await batch(once))
  }
  const typical = rounds.map((spans): Span => {
    return { cpu: median(spans.map(({ cpu }) => cpu)), wall: median(spans.map(({ wall }) => wall)) }
  })
  const measure = typical[cases.length - 1].cpu
  const figures: Record<string, number> = {}
  for (const [i, { name, goal }] of cases.entries()) {
    const { cpu } = typical[i]
    time(goal === undefined ? name : `DNS + TCP + TLS 1.3 + GET, ${name}`, typical[i], goal)
    if (goal !== undefined) line('  handshakes of node:tls', cpu / measure, '', GOAL_RATIO)
    figures[name] = cpu
  }
  return figures
}

function request(recording: 'off' | 'frames', groups: CommonConfig['groups']): () => void {
  const emulation = new Emulation(load([{ name: 'bench.yaml', text: YAML }]), { recording })
  const https = emulation.tls.client({ insecure: false, groups })
  const host = emulation.host('client')
  return () => {
    const { status } = emulation.runProgram(host, 'curl', (context) =>
      fetch(context, 'https://web/', { upgrades: { https } }),
    )
    if (status !== 200) throw new Error(`the request ended with ${status}`)
  }
}

/** What one of them took, the mean of a batch. */
async function batch(once: Case['once']): Promise<Span> {
  const begun = process.cpuUsage()
  const start = performance.now()
  for (let i = 0; i < BATCH; i++) await once()
  const { user, system } = process.cpuUsage(begun)
  return { cpu: (user + system) / 1000 / BATCH, wall: (performance.now() - start) / BATCH }
}
