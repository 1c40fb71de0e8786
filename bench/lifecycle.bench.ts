import { container, deployment, node } from '../src/kube/api/build.ts'
import type { ServiceObject } from '../src/kube/api/cluster-objects.ts'
import { newMeta } from '../src/kube/api/object.ts'
import { isReady } from '../src/kube/api/pod-object.ts'
import type { Probe } from '../src/kube/api/pod-spec.ts'
import { DEFAULT_PROXY_CONFIG } from '../src/kube/api/proxy-config.ts'
import { ControlPlane } from '../src/kube/control/control-plane.ts'
import { Kubelet } from '../src/kube/node/kubelet/kubelet.ts'
import { proxyOptions } from '../src/kube/node/proxy/config.ts'
import { IptablesProxy } from '../src/kube/node/proxy/iptables/proxy.ts'
import { ServiceModel } from '../src/kube/node/proxy/model.ts'
import { atOnce } from '../src/sim/process.ts'
import { Simulation } from '../src/sim/simulation.ts'
import { Recorder } from '../src/trace/recorder.ts'
import { type Address, v4 } from '../src/util/address.ts'
import { prefix } from '../src/util/prefix.ts'
import { Rng } from '../src/util/rng.ts'

const DEATHS = 21

/** A control plane with kubelets and one kube-proxy for all nodes, without packets. */
function cluster(nodes: number) {
  const kernel = { simulation: new Simulation(2 ** 40), recorder: new Recorder('off'), rng: new Rng(1) }
  const plane = new ControlPlane(kernel, { events: false, schedulePod: 100_000 })
  let next = v4('10.64.0.1') as number
  new Kubelet(plane, kernel, {
    network: { add: () => [next++ as Address], del: () => undefined, hostAddresses: () => [] },
    runtime: { started: () => undefined, terminating: () => undefined, stopped: () => undefined },
    prober: () => atOnce({ ok: true, detail: '' }),
    hooks: () => atOnce(null),
    images: { pull: () => 0 },
  })
  for (let n = 1; n <= nodes; n++) plane.store.create(node(`node-${n}`))
  return { kernel, plane }
}

const service = (name: string, ip: number): ServiceObject => ({
  kind: 'Service',
  meta: newMeta({ namespace: 'default', name }),
  type: 'ClusterIP',
  clusterIPs: [ip as Address],
  headless: false,
  externalName: '',
  ports: [{ name: '', port: 80, protocol: 'TCP', targetPort: 8080, nodePort: 0, appProtocol: '' }],
  selector: { app: name },
  externalIPs: [],
  ingress: [],
  sourceRanges: [],
  loadBalancerClass: '',
  healthCheckNodePort: 0,
  sessionAffinity: 'None',
  affinityTimeout: 10_800,
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
  publishNotReadyAddresses: false,
  trafficDistribution: '',
})

/** From the deletion of a pod to rules on every node that speak of its successor. */
function death(nodes: number, services: number): void {
  const { kernel, plane } = cluster(nodes)
  const model = new ServiceModel()
  plane.store.watch('EndpointSlice', ({ type, object }) => {
    if (type === 'DELETED') model.deleteSlice(object)
    else model.setSlice(object)
  })
  for (let n = 0; n < services; n++) {
    const one = service(`web-${n}`, (v4('10.96.1.0') as number) + n)
    plane.store.create(one)
    model.setService(one)
    plane.store.create(deployment(`web-${n}`, { replicas: 2 }))
  }
  kernel.simulation.run(600e9)
  const proxy = new IptablesProxy(
    model,
    proxyOptions({ ...DEFAULT_PROXY_CONFIG, clusterCIDRs: [prefix('10.64.0.0/10')] }),
  )
  const places = Array.from({ length: nodes }, (_, n) => ({
    ...{ name: `node-${n + 1}`, zone: '', addresses: [((v4('192.168.0.1') as number) + n) as Address], podCIDRs: [] },
  }))
  const rules = (): void => {
    for (const place of places) proxy.part(place, 4)
  }
  rules()
  const times: number[] = []
  const used = process.cpuUsage()
  for (let n = 0; n < DEATHS; n++) {
    const [victim] = plane.store.index.selectPods('default', {
      matchLabels: { app: `web-${n % services}` },
      matchExpressions: [],
    })!
    const began = performance.now()
    plane.store.delete('Pod', 'default', victim.meta.name)
    kernel.simulation.run(kernel.simulation.now + 5e9)
    rules()
    times.push(performance.now() - began)
  }
  const processor = (cpuSince(used) * 1000) / DEATHS
  times.sort((a, b) => a - b)
  const wall = `${times[DEATHS >> 1].toFixed(2)} ms on the wall (median of ${DEATHS}, worst ${times[DEATHS - 1].toFixed(2)})`
  const what = `pod death to converged rules, ${nodes} nodes, ${services} Services`
  console.log(`  ${what}: ${wall}, ${processor.toFixed(2)} ms of processor`)
}

const PROBED = {
  readinessProbe: probe(5),
  livenessProbe: probe(10),
}

/** Pods through Deployments, scheduler and kubelets until all are Ready; then, if wanted, a minute in which their probes are asked. */
function start(pods: number, nodes: number, probes: boolean, minute = false): void {
  const wall = performance.now()
  const used = process.cpuUsage()
  const { kernel, plane } = cluster(nodes)
  const containers = [container('app', probes ? PROBED : {})]
  for (let n = 0; n < pods / 50; n++) plane.store.create(deployment(`app-${n}`, { replicas: 50, spec: { containers } }))
  // The last pod is placed after as many tenths of a millisecond as there are pods, and up half a second later.
  kernel.simulation.run(pods * 100_000 + 5e9)
  const ready = plane.store.list('Pod').filter(isReady).length
  const seconds = cpuSince(used)
  const memory = process.memoryUsage().rss / 2 ** 20
  const what = `${ready} of ${pods} pods${probes ? ' with probes' : ''} Ready on ${nodes} nodes`
  const took = `${seconds.toFixed(1)} s of processor, ${((performance.now() - wall) / 1000).toFixed(1)} s on the wall`
  console.log(`  ${what}: ${took}, ${memory.toFixed(0)} MiB resident then`)
  if (!minute) return
  const later = process.cpuUsage()
  kernel.simulation.run(kernel.simulation.now + 60e9)
  console.log(`    and a minute of their probes, ${pods * 18} of them: ${cpuSince(later).toFixed(1)} s of processor`)
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function probe(periodSeconds: number): Probe {
  return {
    handler: { kind: 'httpGet', scheme: 'HTTP', host: '', path: '/', port: 8080, headers: [] },
    ...{ periodSeconds, initialDelaySeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
    terminationGracePeriodSeconds: null,
  }
}

export async function run(): Promise<void> {
  console.log('lifecycle: controllers, scheduler, kubelets and kube-proxy, steps not recorded, no packets')
  death(10, 500)
  death(5000, 10_000)
  start(15_000, 500, false)
  start(15_000, 500, true, true)
  start(150_000, 5000, false)
  start(150_000, 5000, true)
}
