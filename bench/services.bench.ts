import { nameOf } from '../src/kube/api/meta.ts'
import type { EndpointSlice, Service } from '../src/kube/api/service.ts'
import { combineRules } from '../src/kube/node/node-rules.ts'
import type { ProxyNode } from '../src/kube/node/proxy/config.ts'
import { IptablesProxy } from '../src/kube/node/proxy/iptables/proxy.ts'
import type { ServiceModel } from '../src/kube/node/proxy/model.ts'
import { Emulation } from '../src/scenario/emulation.ts'
import { load } from '../src/scenario/load/load.ts'
import { v4 } from '../src/util/address.ts'
import { ACK, SYN } from '../src/wire/fast/tcp.ts'
import { Frame } from '../src/wire/frame.ts'
import { FakeNode, tcpPacket } from '../test/support/netfilter.ts'
import { modelOf, NODE, OPTIONS, service, slice } from '../test/support/services.ts'
import { dump } from './support/dump.ts'
import { settled, timed as timedOnce } from './support/measure.ts'

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]

/** Milliseconds of wall clock and, for noisy machines, of processor time: medians. */
function timed(times: number, work: () => void): string {
  const wall: number[] = []
  const cpu: number[] = []
  for (let i = 0; i < times; i++) {
    const before = process.cpuUsage()
    const start = performance.now()
    work()
    wall.push(performance.now() - start)
    const { user, system } = process.cpuUsage(before)
    cpu.push((user + system) / 1000)
  }
  return `${median(wall).toFixed(2)} ms (processor ${median(cpu).toFixed(2)})`
}

const vip = (i: number): string => `10.${96 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`

function inputs(count: number): { services: Service[]; slices: EndpointSlice[] } {
  const services: Service[] = []
  const slices: EndpointSlice[] = []
  for (let i = 0; i < count; i++) {
    const targets = Array.from({ length: 5 }, (_, k) => `10.244.${(i * 5 + k) & 255}.${((i * 5 + k) >> 8) & 255}`)
    services.push(service(`ns/svc-${i}`, vip(i), { ports: [{ port: 80 }] }))
    slices.push(slice(`ns/svc-${i}`, [{ port: 80 }], targets))
  }
  return { services, slices }
}

const build = (model: ServiceModel, node: ProxyNode = NODE): ReturnType<typeof combineRules> =>
  combineRules([new IptablesProxy(model, OPTIONS).part(node, 4)])

/** A connection's first packet to the last Service, through PREROUTING, FORWARD and POSTROUTING; nanoseconds. */
function firstPacket(count: number): number {
  const { services, slices } = inputs(count)
  const node = new FakeNode()
  node.recorder.on = false
  node.stack.setRules(4, build(modelOf(services, slices)))
  const to = v4(vip(count - 1))
  const rounds = 20_000
  const packets = Array.from({ length: rounds }, (_, i) => tcpPacket(v4('10.244.1.2'), 1024 + i, to, 80))
  for (const skb of packets.slice(0, rounds / 2)) node.forward(skb)
  globalThis.gc?.()
  const start = performance.now()
  for (const skb of packets.slice(rounds / 2)) node.forward(skb)
  return ((performance.now() - start) * 1e6) / (rounds / 2)
}

/** One packet of an open connection through a Service, recorded or not; nanoseconds for the three hooks. */
function warmPacket(recording: boolean): number {
  const { services, slices } = inputs(10_000)
  const node = new FakeNode()
  node.recorder.on = recording
  node.stack.setRules(4, build(modelOf(services, slices)))
  const to = v4(vip(9_999))
  const client = v4('10.244.1.2')
  const syn = tcpPacket(client, 40_000, to, 80)
  node.forward(syn)
  const { bytes, start } = syn.frame
  const text = [16, 17, 18, 19].map((o) => bytes[start + o]).join('.')
  node.forward(tcpPacket(v4(text), 80, client, 40_000, { flags: SYN | ACK, ack: 1001 }), node.eth0, node.cni0)
  const template = tcpPacket(client, 40_000, to, 80, { flags: ACK, sequence: 1001, ack: 1001 })
  const rounds = 200_000
  const skb = tcpPacket(client, 40_000, to, 80)
  const original = template.frame.copy()
  const frame = Frame.of(original)
  skb.frame = frame
  const once = (): void => {
    frame.bytes.set(original, frame.start)
    skb.scrub()
    node.forward(skb)
    node.recorder.steps.length = 0
  }
  for (let i = 0; i < rounds / 10; i++) once()
  const begin = performance.now()
  for (let i = 0; i < rounds; i++) once()
  return ((performance.now() - begin) * 1e6) / rounds
}

/** A cluster of 10 nodes with so many Services, and traces from a pod to the last one. */
function tracer(count: number): () => unknown {
  const text = [...dump({ nodes: 10, podsPerNode: 30, services: count, endpoints: 'slices' })].join('\n')
  const emulation = new Emulation(load([{ name: 'dump.ndjson', text }]))
  const [from] = emulation.inventory.pods
  const { meta } = emulation.inventory.services.at(-1)!
  const request = { from: `pod/${nameOf(from.meta)}`, to: `svc/${nameOf(meta)}:80` }
  return () => {
    const { trace } = emulation.trace(request)
    if (trace.service === undefined) throw new Error('the trace went to no Service')
  }
}

/** Whole traces, with the hops and the endpoints that the rules choose among, at few Services and at many in turn. */
function wholeTraces(): void {
  const [few, many] = [tracer(10), tracer(10_000)]
  const spans: { cpu: number; wall: number }[][] = [[], []]
  for (let i = 0; i < 400; i++) {
    for (const [side, once] of [few, many].entries()) {
      const span = timedOnce(once)
      if (i >= 100) spans[side].push(span)
    }
  }
  const [a, b] = spans.map((side) => median(side.map(({ cpu }) => cpu)))
  console.log(
    `a whole trace, its steps and frames kept, explained: ${a.toFixed(2)} ms at 10 Services, ${b.toFixed(2)} at 10,000 (processor)`,
  )
  console.log(`ratio ${(b / a).toFixed(2)} (goal 1.2)`)
}

export function run(): void {
  const { services, slices } = inputs(10_000)
  const models = Array.from({ length: 12 }, () => modelOf(services, slices))
  const parse = timed(5, () => modelOf(services, slices))
  console.log(`10,000 Services x 5 endpoints read into the model: ${parse}`)
  let i = 0
  const rules = timed(12, () => build(models[i++]))
  console.log(`rules built for a first node: ${rules}, goal 50; chains of endpoints are filled in when somebody looks`)

  const model = models[0]
  const proxy = new IptablesProxy(model, OPTIONS)
  combineRules([proxy.part(NODE, 4)])
  const change = timed(200, () => {
    model.setSlice(slice('ns/svc-5000', [{ port: 80 }], [`10.9.${i >> 8}.${i++ & 255}`]))
    combineRules([proxy.part(NODE, 4)])
  })
  console.log(`one Service changed and applied on a node: ${change}, goal 1`)

  const before = settled()
  const nodes = Array.from({ length: 1_000 }, (_, n) => combineRules([proxy.part({ ...NODE, name: `node-${n}` }, 4)]))
  const each = (settled() - before) / nodes.length
  console.log(`a further node: ${(each / 1024).toFixed(1)} KiB (goal 16)`)

  wholeTraces()
  const few = firstPacket(10)
  const many = firstPacket(10_000)
  console.log(
    `first packet of a connection, 3 hooks: ${few.toFixed(0)} ns at 10 Services, ${many.toFixed(0)} at 10,000`,
  )
  console.log(`ratio of the hooks ${(many / few).toFixed(2)}`)
  console.log(
    `packet of an open connection, 3 hooks: ${warmPacket(false).toFixed(0)} ns, recorded ${warmPacket(true).toFixed(0)} ns`,
  )
}
