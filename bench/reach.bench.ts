import { Emulation } from '../src/scenario/emulation.ts'
import { load } from '../src/scenario/load/load.ts'
import { spawn } from '../src/sim/process.ts'
import type { Address } from '../src/util/address.ts'
import { dump } from './support/dump.ts'
import { line, timed } from './support/measure.ts'

const PORT = 8080
const ROUNDS = 3

/** J4: every pod of 10 nodes x 30 connects to every pod by TCP: SYN, SYN-ACK, ACK, and a RST to end it. */
export function run(): void {
  const text = [...dump({ nodes: 10, podsPerNode: 30, services: 0, endpoints: 'slices' })].join('\n')
  const inventory = load([{ name: 'reach.ndjson', text }])
  for (let i = 0; i < ROUNDS; i++) pairs(new Emulation(inventory, { recording: 'off' }))
}

function pairs(emulation: Emulation): void {
  const { cluster, directory, kernel } = emulation
  const pods = [...directory.allPods()]
  const targets = pods.map((pod) => cluster.addressesOf(pod)[0])
  let open = 0
  const from = function* (pod: (typeof pods)[number], to: readonly Address[]) {
    const { sockets } = cluster.pod(pod)!
    for (const address of to) {
      const stream = yield* sockets.connect(address, PORT)
      open++
      stream.abort()
    }
  }
  const spent = timed(() => {
    for (const pod of pods) spawn(kernel.simulation, from(pod, targets), 'reach')
    kernel.simulation.run()
  })
  if (open !== pods.length ** 2) throw new Error(`${open} of ${pods.length ** 2} pairs connected`)
  line(`300 x 300 TCP connections, recording off`, spent.cpu, 'ms', 780, `  (${spent.wall.toFixed(0)} on the wall)`)
  line('  each', (spent.cpu * 1000) / open, 'us')
}
