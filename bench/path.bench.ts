import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { addBridge, addVeth } from '../src/linux/device/create.ts'
import { Namespace } from '../src/linux/namespace.ts'
import { Skb } from '../src/linux/skb.ts'
import { Lab } from '../src/linux/testing/lab.ts'
import { datagram } from '../src/linux/testing/probe.ts'
import { Simulation } from '../src/sim/simulation.ts'
import { Recorder, type Recording } from '../src/trace/recorder.ts'
import { address, v4 } from '../src/util/address.ts'
import { prefix } from '../src/util/prefix.ts'
import { Rng } from '../src/util/rng.ts'
import { writeUdp } from '../src/wire/fast/udp.ts'
import { Frame } from '../src/wire/frame.ts'
import { PROTOCOL } from '../src/wire/numbers.ts'

const FROM = v4('10.98.0.1')
const TO = v4('10.99.0.2')

/** The packet path: forwarding, a round trip from pod to pod, and what a pod weighs. Figures are medians of rounds. */
export function run(): void {
  const hop = forwardingHop()
  console.log(`J3 forwarding      ${hop.toFixed(0)} ns a hop, ${(1000 / hop).toFixed(2)} M hops/s`)
  console.log('   30 routers in a row over veth, each with its own table; event heap included, recording off')
  for (const recording of ['off', 'steps', 'frames'] as const) {
    console.log(`J2 round trip      ${roundTrip(recording).toFixed(1)} us, recording ${recording}`)
  }
  console.log('   a UDP datagram pod to pod over VXLAN across two nodes and one back, neighbours known, no netfilter')
  const { bytes, micros } = pod()
  console.log(`   a pod weighs    ${bytes.toFixed(0)} bytes, made in ${micros.toFixed(1)} us`)
  console.log(
    '   namespace, veth pair, bridge port, address and default route; 1,000 nodes of 30, after garbage collection',
  )
}

/** Nanoseconds for one packet to be forwarded by one router and cross one link. */
function forwardingHop(routers = 30, packets = 2_000, rounds = 15): number {
  const { simulation, first, arrived } = chain(routers)
  const runs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < packets; i++) {
      const frame = Frame.allocate(18)
      frame.put(18)
      writeUdp(frame, FROM, TO, 1000, 2000)
      first.send(new Skb(frame, 1, 0), { source: FROM, destination: TO, protocol: PROTOCOL.udp, ttl: 255 })
      if (i % 16 === 15) simulation.run()
    }
    simulation.run()
    runs.push(Number(process.hrtime.bigint() - start) / (packets * (routers + 1)))
  }
  if (arrived() !== packets * rounds) throw new Error(`${arrived()} of ${packets * rounds} arrived`)
  return median(runs)
}

/** A host, `routers` forwarders, a host. */
function chain(routers: number): { simulation: Simulation; first: Namespace; arrived: () => number } {
  const kernel = { simulation: new Simulation(1e9), recorder: new Recorder('off'), rng: new Rng(1) }
  const all = Array.from({ length: routers + 2 }, (_, i) => new Namespace(kernel, `r${i}`, 'host'))
  for (let i = 0; i <= routers; i++) {
    const [near, far] = addVeth(all[i], 'right', all[i + 1], 'left')
    all[i].addAddress(near, `10.1.${i}.1/30`)
    all[i + 1].addAddress(far, `10.1.${i}.2/30`)
    all[i].configure({ ipForward: true })
    all[i].addRoute({ destination: prefix('10.99.0.0/24'), via: address(`10.1.${i}.2`) })
    all[i + 1].addRoute({ destination: prefix('10.98.0.0/24'), via: address(`10.1.${i}.1`) })
  }
  all[0].addAddress(all[0].devices[0], '10.98.0.1/32')
  const last = all[routers + 1]
  last.addAddress(last.devices[0], '10.99.0.2/32')
  let arrived = 0
  const receive = (): 'delivered' => {
    arrived++
    return 'delivered'
  }
  last.transport = { receive, error: () => {} }
  return { simulation: kernel.simulation, first: all[0], arrived: () => arrived }
}

/** Microseconds for one datagram across nodes and its answer. */
function roundTrip(recording: Recording): number {
  let lab = new Lab({ recording })
  let arrived = 0
  const fresh = (): (() => void) => {
    lab = new Lab({ recording })
    const [a, b] = [lab.pod(1, 1), lab.pod(2, 1)]
    const hear = (answer: (() => void) | null) => ({
      receive: (): 'delivered' => {
        arrived++
        answer?.()
        return 'delivered'
      },
      error: () => {},
    })
    a.namespace.transport = hear(null)
    b.namespace.transport = hear(() => void datagram(b.namespace, a.v4))
    return () => {
      datagram(a.namespace, b.v4)
      lab.kernel.simulation.run()
    }
  }
  const runs: number[] = []
  // A recorder that grows for ever is another matter: each round has its own.
  for (let round = 0; round < 25; round++) {
    const once = fresh()
    for (let i = 0; i < 50; i++) once()
    const before = arrived
    const start = process.hrtime.bigint()
    for (let i = 0; i < 500; i++) once()
    runs.push(Number(process.hrtime.bigint() - start) / 500 / 1000)
    if (arrived - before !== 1000) throw new Error(`${arrived - before} of 1000 arrived`)
  }
  return median(runs)
}

function pod(nodes = 1_000, each = 30): { bytes: number; micros: number } {
  const kernel = { simulation: new Simulation(), recorder: new Recorder('off'), rng: new Rng(1) }
  const keep: Namespace[] = []
  const everywhere = prefix('0.0.0.0/0')
  const before = settled()
  const start = process.hrtime.bigint()
  for (let n = 0; n < nodes; n++) {
    const net = `10.${n >> 8}.${n & 255}`
    const node = new Namespace(kernel, `node-${n}`, 'host')
    const bridge = addBridge(node, 'cni0')
    const via = address(`${net}.1`)
    node.addAddress(bridge.device, { address: via, length: 24 })
    keep.push(node)
    for (let p = 0; p < each; p++) {
      const namespace = new Namespace(kernel, node.node, `default/pod-${n}-${p}`)
      const [device, port] = addVeth(namespace, 'eth0', node, `veth${p}`)
      bridge.addPort(port, { hairpin: true })
      namespace.addAddress(device, { address: address(`${net}.${p + 2}`), length: 24 })
      namespace.addRoute({ destination: everywhere, via, device })
      keep.push(namespace)
    }
  }
  const micros = Number(process.hrtime.bigint() - start) / 1000 / (nodes * each)
  const bytes = (settled() - before) / (nodes * each)
  if (keep.length !== nodes * (each + 1)) throw new Error('namespaces were lost')
  return { bytes, micros }
}

/** Bytes in use once nothing is left to collect. */
function settled(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]
