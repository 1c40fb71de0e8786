import type { PodContext } from '../app/context.ts'
import { coredns } from '../app/dns/coredns.ts'
import { endOf, pathOf, replyOf } from '../explain/path.ts'
import { isKind, StepIndex } from '../explain/record.ts'
import { type TraceRequest as Asked, traceOf } from '../explain/trace.ts'
import type { ProxyMode } from '../kube/api/proxy-config.ts'
import type { Kernel } from '../linux/kernel.ts'
import type { Namespace } from '../linux/namespace.ts'
import { type Process, spawn, type Task } from '../sim/process.ts'
import { Simulation, type Storm } from '../sim/simulation.ts'
import { MILLISECOND, type Nanos } from '../sim/time.ts'
import { Recorder, type Recording } from '../trace/recorder.ts'
import type { PacketId, Step, StepId } from '../trace/step.ts'
import { type Diagnostic, inputError, type SourcePosition } from '../util/diagnostics.ts'
import { Rng } from '../util/rng.ts'
import { withAddons } from './addons.ts'
import { Cluster } from './cluster.ts'
import { ClusterIngress } from './cluster-ingress.ts'
import { ClusterTls } from './cluster-tls.ts'
import { Directory, type Target } from './directory.ts'
import { ClusterDns } from './dns.ts'
import { parseEndpoint } from './endpoint.ts'
import { ClusterFacts } from './facts.ts'
import { serveHealthChecks } from './health-check.ts'
import type { Host } from './host.ts'
import { joinNode } from './join.ts'
import { isAlive, Lifecycle, needsLifecycle, withoutMade } from './lifecycle/lifecycle.ts'
import type { Inventory } from './load/inventory.ts'
import type { Scenario } from './load/scenario-kind.ts'
import type { TraceOutcome } from './outcome.ts'
import { type ClusterPlan, planCluster } from './plan.ts'
import { PodSockets } from './pod-sockets.ts'
import { probe } from './probe.ts'
import { startProcess, startServers } from './processes.ts'
import { checkServings } from './servers.ts'
import { serviceChoice } from './service-choice.ts'
import { Services } from './services.ts'
import { addressOfTarget, defaultPort, hostOfTarget } from './target.ts'

export interface EmulationOptions {
  /** Its cluster settings and its seed count; its steps are run by `runScenario`. */
  readonly scenario?: Scenario | null
  /** Before the scenario's own. */
  readonly seed?: number
  readonly recording?: Recording
  /** The namespace of endpoints that name none (`-n`). */
  readonly namespace?: string
  /** `always`: also where they have nothing to do; pods of a dump stay as they were found all the same. */
  readonly controllers?: 'where needed' | 'always'
  /** Instead of the mode that the input names (`--proxy-mode`). */
  readonly proxyMode?: ProxyMode
}

/** `podwire trace`: one packet from A to B. */
export interface TraceRequest {
  readonly from: string
  readonly to: string
  readonly proto?: 'tcp' | 'udp' | 'icmp'
  readonly dport?: number
  readonly sport?: number
  readonly size?: number
  readonly dontFragment?: boolean
  readonly ttl?: number
  /** Where the request was written, for messages. */
  readonly at?: SourcePosition | null
}

const DEFAULT_EPOCH = '2026-01-01T00:00:00Z'
/** What is still under way when an operation is over: acknowledgements, ends of connections. */
const SETTLE: Nanos = 20 * MILLISECOND

/** A cluster at a moment of virtual time, and what was recorded on the way there. The same input and seed give the same steps. */
export class Emulation {
  readonly kernel: Kernel
  readonly plan: ClusterPlan
  readonly cluster: Cluster
  readonly services: Services
  readonly directory: Directory
  readonly facts: ClusterFacts
  readonly index: StepIndex
  readonly seed: number
  readonly namespace: string
  /** Controllers and kubelets, where the input has something for them to do; null for a cluster that stands still. */
  readonly life: Lifecycle | null
  readonly inventory: Inventory
  readonly dns: ClusterDns
  readonly tls: ClusterTls
  readonly ingress: ClusterIngress

  /** `input` is completed by what kubeadm would add to it. */
  constructor(input: Inventory, options: EmulationOptions = {}) {
    const { scenario = input.scenarios[0] ?? null, proxyMode } = options
    const settings = { ...scenario?.cluster, ...(proxyMode !== undefined && { proxyMode }) }
    const inventory = withAddons(input, settings)
    this.inventory = inventory
    this.seed = options.seed ?? scenario?.seed ?? 1
    this.namespace = options.namespace ?? 'default'
    this.kernel = {
      simulation: new Simulation(),
      recorder: new Recorder(options.recording ?? 'frames'),
      rng: new Rng(this.seed),
    }
    const lives = options.controllers === 'always' ? isAlive(input) : needsLifecycle(input, scenario)
    this.plan = planCluster(lives ? withoutMade(inventory) : inventory, settings, inventory.pods)
    checkServings(inventory.pods)
    this.cluster = new Cluster(this.kernel, this.plan, (pod, host) => startServers(pod, host, this))
    this.services = new Services(inventory, this.plan, (pod) => this.cluster.addressesOf(pod), this.kernel.rng)
    this.cluster.services = this.services
    this.dns = new ClusterDns(this.plan, this.services)
    this.tls = new ClusterTls(
      this.services,
      this.kernel.rng.fork('tls'),
      this.epoch,
      inventory.bundles,
      inventory.plainSecrets,
    )
    this.ingress = new ClusterIngress(inventory, this.services, this.tls)
    this.directory = new Directory(this.plan, this.services.byName)
    const { services } = this
    this.cluster.onBuilt = (node) => serveHealthChecks(node, services, this)
    this.cluster.start()
    this.startUpstream()
    this.facts = new ClusterFacts(this.cluster, this.services)
    this.index = new StepIndex(this.kernel.recorder)
    this.life = lives ? new Lifecycle(this) : null
  }

  private startUpstream(): void {
    const { upstream } = this.dns
    if (upstream === null) return
    const { namespace, sockets } = this.cluster.external()
    coredns(startProcess(namespace, sockets, 'dns-server', this), [upstream])
  }

  get recorder(): Recorder {
    return this.kernel.recorder
  }

  /** Milliseconds since 1970 of virtual time 0. */
  get epoch(): number {
    return Date.parse(this.plan.settings.epoch ?? DEFAULT_EPOCH)
  }

  get now(): Nanos {
    return this.kernel.simulation.now
  }

  /** Warnings about the input and about the cluster that was made of it. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.inventory.diagnostics, ...this.plan.diagnostics]
  }

  /** Sends one packet and follows it and its answer. Throws InputError for endpoints that do not exist. */
  trace(request: TraceRequest): TraceOutcome {
    const { proto = 'tcp', at = null } = request
    const source = this.host(request.from, at)
    const target = this.target(request.to, at)
    const to = addressOfTarget(this, target, source.namespace, at)
    const port = proto === 'icmp' ? 0 : (target.port ?? request.dport ?? defaultPort(target, proto))
    const { sport: sourcePort = 0, size = 0, dontFragment = null, ttl = null } = request
    const what = { protocol: proto, to, port, sourcePort, size, dontFragment, ttl }
    const asked: Asked = { from: request.from, to: request.to, protocol: proto, port: proto === 'icmp' ? null : port }
    const choice = serviceChoice(this, source, target, to, port, proto)
    const cause = this.program(source.namespace, 'trace')
    const sent = this.run(probe(source.sockets, this.recorder, what, cause), 'trace')
    const packet = this.index.ofPacket(sent.packet).length > 0 ? sent.packet : 0
    const trace = traceOf(this.index, asked, { packet, errno: sent.errno }, this.facts, choice)
    return { kind: 'trace', trace, packet, ...this.whoEnded(packet, source.namespace, trace.verdict) }
  }

  /** A new machine joins: its address and pod range are the next ones free, and every node learns its lease. */
  addNode(name: string, address: string | undefined, at: SourcePosition | null = null): void {
    if (this.plan.nodes.has(name)) throw inputError(`there is a Node ${name} already`, 'a new name', at)
    const plan = joinNode(this.plan, name, address)
    if (typeof plan === 'string') throw inputError(plan, undefined, at)
    this.cluster.join(plan)
    this.facts.addNode(plan)
    this.life?.join(plan)
  }

  /** Lets virtual time pass. */
  advance(time: Nanos): void {
    const end = this.now + time
    this.check(this.kernel.simulation.run(Math.min(end, this.horizon)))
    if (end > this.horizon) throw new TimeIsUp()
  }

  /** Where `playTo` looks: nothing happens after it. */
  private horizon: Nanos = Number.MAX_SAFE_INTEGER

  /** Does something, no further than a moment: what it is in the midst of then is left so. */
  playTo(at: Nanos, what: () => void): void {
    this.horizon = at
    try {
      what()
      if (at > this.now) this.advance(at - this.now)
    } catch (error) {
      if (!(error instanceof TimeIsUp)) throw error
      if (at > this.now) this.check(this.kernel.simulation.run(at))
    } finally {
      this.horizon = Number.MAX_SAFE_INTEGER
    }
  }

  /** Runs a program of an emulated host, as a process of its own, to its end. */
  runProgram<T>(host: Host, name: string, program: (context: PodContext) => Process<T>): T {
    const process = startProcess(host.namespace, host.sockets, name, this)
    let result: { readonly value: T } | null = null
    const keep = (value: T): void => {
      result = { value }
    }
    this.finish(
      process.run((context) => main(program(context), keep)),
      name,
    )
    return result!.value
  }

  /** Runs a coroutine to its end, then lets what it left under way settle. */
  run<T>(program: Process<T>, name: string): T {
    return this.finish(spawn(this.kernel.simulation, program, name), name)
  }

  private finish<T>(task: Task<T>, name: string): T {
    const { simulation } = this.kernel
    this.check(simulation.runWhile(() => task.outcome === null, this.horizon))
    const { outcome } = task
    if (outcome === null && simulation.next() > this.horizon) throw new TimeIsUp()
    if (outcome?.kind !== 'returned') throw new Error(`${name} did not end by itself`)
    this.check(simulation.run(Math.min(this.now + SETTLE, this.horizon)))
    return outcome.value
  }

  /** Records that a program begins, as the cause of what it sends. */
  program(namespace: Namespace, program: string): StepId {
    const { recorder } = this.kernel
    const event = { kind: 'program', program, change: 'start', code: null } as const
    return recorder.on ? recorder.step(this.now, namespace.place, 0, 0, null, event) : recorder.skip()
  }

  target(text: string, at: SourcePosition | null = null): Target {
    return this.directory.resolve(parseEndpoint(text, this.namespace, at), at)
  }

  /** Where a program named by an endpoint runs. Throws for endpoints that run nothing. */
  host(text: string, at: SourcePosition | null = null): Host {
    const host = hostOfTarget(this, this.target(text, at), text, at)
    if (host.sockets instanceof PodSockets) host.sockets.open()
    return host
  }

  private check(end: { readonly kind: string } | Storm): void {
    if (end.kind !== 'storm') return
    const { at, events } = end as Storm
    throw inputError(
      `storm: ${events} events within a millisecond at ${at / MILLISECOND} ms`,
      'no loop among the bridges',
    )
  }

  /** Who dropped the packet or answered it with an error, and why. */
  private whoEnded(
    packet: PacketId,
    sender: Namespace,
    verdict: string,
  ): Pick<TraceOutcome, 'reply' | 'by' | 'reason'> {
    if (packet === 0) return { reply: null, by: nameOf(sender.node, sender.name), reason: null }
    const reply = replyOf(this.index, packet)
    const path = pathOf(this.index, packet)
    const error = path.findLast((step) => isKind(step, 'icmp-error') && step.event.why !== 'redirect') ?? null
    const end = verdict === 'rejected' && error !== null ? error : endOf(path)
    return { reply, by: verdict === 'delivered' || end === null ? '' : this.placeOf(end), reason: reasonOf(end) }
  }

  private placeOf(step: Step): string {
    const { node, netns } = this.index.place(step)
    return nameOf(node, netns)
  }
}

/** A play has come to the moment that was to be looked at. */
class TimeIsUp extends Error {}

const nameOf = (node: string, netns: string): string => (netns === 'host' ? node : netns)

function reasonOf(step: Step | null): TraceOutcome['reason'] {
  if (step === null) return null
  if (isKind(step, 'drop')) return step.event.reason
  return isKind(step, 'icmp-error') && step.event.why !== 'redirect' ? step.event.why : null
}

/** A program's main function, for a process that has an answer beside its exit code. */
function* main<T>(process: Process<T>, keep: (value: T) => void): Process<number> {
  keep(yield* process)
  return 0
}
