import type { Nanos } from '../../sim/time.ts'
import type { Rng } from '../../util/rng.ts'
import { ApiError } from '../api/errors.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { type PodObject, withCondition } from '../api/pod-object.ts'
import type { Change, Store } from '../api/store.ts'
import { markDisruption } from './disruption.ts'
import { NodeInfo, takesRoom } from './node-info.ts'
import { preempt } from './preemption.ts'
import { type Refusal, refusalOf, unschedulableMessage } from './scheduler-filters.ts'
import { forgetSiblings, Scorer, siblingsOf } from './scheduler-scores.ts'
import { stateOf } from './scheduler-state.ts'
import { actingAs, type Control } from './work-queue.ts'

const NAME = 'default-scheduler'

/** A pod that waits, since when, and how often it was refused. */
interface Waiting {
  readonly uid: string
  readonly priority: number
  readonly order: number
  readonly cause: number
  attempts: number
}

/**
 * kube-scheduler: one pod after the other, the highest priority first, each onto the best of the nodes that can take it. A
 * pod that no node can take waits until something in the cluster changes.
 */
export class Scheduler {
  private readonly nodes = new Map<string, NodeInfo>()
  private active: Waiting[] = []
  private sorted = true
  private readonly parked = new Map<string, Waiting>()
  private readonly waiting = new Map<string, Waiting>()
  private readonly events: Events
  private readonly store: Store
  private order = 0
  private busy = false
  private nextNode = 0

  constructor(
    private readonly control: Control,
    private readonly rng: Rng,
  ) {
    this.store = control.store
    this.events = new Events(control.store, NAME, control.settings.events)
    control.store.watch('Node', (change) => this.onNode(change))
    control.store.watch('Pod', (change) => this.onPod(change as Change<PodObject>))
    for (const node of control.store.list('Node')) this.nodes.set(node.meta.name, new NodeInfo(node))
    for (const pod of control.store.list('Pod')) this.see(pod, 0)
  }

  private onNode({ type, object, before, step }: Change): void {
    if (object.kind !== 'Node') return
    const known = this.nodes.get(object.meta.name)
    if (type === 'DELETED' || known === undefined) this.list = null
    if (type === 'DELETED') this.nodes.delete(object.meta.name)
    else if (known !== undefined) known.node = object
    else {
      const info = new NodeInfo(object)
      this.nodes.set(object.meta.name, info)
      for (const pod of this.store.index.podsOnNode(object.meta.name)) if (takesRoom(pod)) info.add(pod)
    }
    const relevant =
      before === null ||
      (before.kind === 'Node' && (before.spec !== object.spec || before.meta.labels !== object.meta.labels))
    if (relevant) this.retryParked(step)
  }

  private onPod({ type, object, before, step }: Change<PodObject>): void {
    if (type === 'DELETED' || !takesRoom(object)) {
      this.nodes.get(object.spec.nodeName)?.remove(object.meta.uid)
      if (object.spec.nodeName !== '' && (type === 'DELETED' || (before !== null && takesRoom(before))))
        this.retryParked(step)
      if (type === 'DELETED') this.forget(object.meta.uid)
    }
    if (type !== 'DELETED') this.see(object, step)
  }

  private see(pod: PodObject, cause: number): void {
    if (pod.spec.nodeName !== '') {
      if (takesRoom(pod)) this.nodes.get(pod.spec.nodeName)?.add(pod)
      return
    }
    const { uid } = pod.meta
    if (this.waiting.has(uid) || pod.meta.deletionTimestamp !== null || pod.spec.schedulingGates.length > 0) return
    const entry = { uid, priority: pod.spec.priority, order: ++this.order, cause, attempts: 0 }
    this.waiting.set(uid, entry)
    this.enqueue(entry)
  }

  private forget(uid: string): void {
    this.waiting.delete(uid)
    this.parked.delete(uid)
  }

  private enqueue(entry: Waiting): void {
    const last = this.active.at(-1)
    if (last !== undefined && before(entry, last) < 0) this.sorted = false
    this.active.push(entry)
    this.wake()
  }

  private wake(): void {
    if (this.busy || this.active.length === 0) return
    this.busy = true
    this.control.simulation.post(this.control.settings.schedulePod, cycle, this)
  }

  /** Something changed that might help: what was refused is tried again after its back-off. */
  private retryParked(cause: number): void {
    const { schedulerBackoff, schedulerMaxBackoff } = this.control.settings
    for (const entry of this.parked.values()) {
      this.parked.delete(entry.uid)
      const delay: Nanos = Math.min(schedulerBackoff * 2 ** (entry.attempts - 1), schedulerMaxBackoff)
      this.control.simulation.post(delay, (again: Waiting) => this.enqueue(again), { ...entry, cause })
    }
  }

  /** One scheduling cycle. */
  cycle(): void {
    this.busy = false
    if (!this.sorted) {
      this.active.sort(before)
      this.sorted = true
    }
    const entry = this.take()
    if (entry !== null) actingAs(this.store, NAME, entry.cause, () => this.schedule(entry))
    this.wake()
  }

  /** The nodes as an array, made anew when one came or went. */
  private all(): readonly NodeInfo[] {
    if (this.list === null) {
      this.list = [...this.nodes.values()]
      this.refusing = new Set(this.list.filter(({ withAntiAffinity }) => withAntiAffinity.size > 0))
    }
    return this.list
  }

  private list: readonly NodeInfo[] | null = null
  /** Nodes with pods that refuse others beside them. */
  private refusing = new Set<NodeInfo>()
  private head = 0

  private take(): Waiting | null {
    if (this.head > 1024 && this.head * 2 > this.active.length) {
      this.active = this.active.slice(this.head)
      this.head = 0
    }
    const entry = this.active[this.head++] ?? null
    if (this.head >= this.active.length) {
      this.active = []
      this.head = 0
    }
    return entry
  }

  private schedule(entry: Waiting): void {
    const pod = this.store.byId(entry.uid)
    if (pod?.kind !== 'Pod' || pod.spec.nodeName !== '' || pod.meta.deletionTimestamp !== null) {
      this.waiting.delete(entry.uid)
      return
    }
    entry.attempts++
    const refusals: Refusal[] = []
    const chosen = this.choose(pod, refusals)
    if (chosen !== null) this.bind(pod, chosen)
    else this.refuse(pod, entry, refusals)
  }

  /** Looks from where the last look ended, until enough nodes are found that can take the pod; the best of them. */
  private choose(pod: PodObject, refusals: Refusal[]): NodeInfo | null {
    const all = this.all()
    const refusing = all.length > 100 ? this.refusing : all
    const state = stateOf(pod, all, refusing)
    const enough = feasibleEnough(all.length)
    const siblings = siblingsOf(this.store, pod, this.nodes)
    // What a pod wishes to be near is counted over the nodes that can take it; without such wishes each is judged as it comes.
    const scorer = pod.spec.affinity === null ? new Scorer(pod, siblings, []) : null
    const feasible: NodeInfo[] = []
    const best = new Best(this.rng)
    let looked = 0
    let found = 0
    let at = this.nextNode
    for (; looked < all.length && found < enough; looked++, at++) {
      if (at >= all.length) at = 0
      const info = all[at]
      const refusal = refusalOf(state, info)
      if (refusal !== null) refusals.push(refusal)
      else {
        found++
        if (scorer === null) feasible.push(info)
        else best.take(info, scorer.of(info))
      }
    }
    if (all.length > 0) this.nextNode = (this.nextNode + looked) % all.length
    if (scorer === null) {
      const late = new Scorer(pod, siblings, feasible)
      for (const info of feasible) best.take(info, late.of(info))
    }
    forgetSiblings(siblings)
    return best.node
  }

  private bind(pod: PodObject, info: NodeInfo): void {
    const { name } = info.node.meta
    const conditions = withCondition(pod.status.conditions, this.store.now, 'PodScheduled', 'True')
    const spec = { ...pod.spec, nodeName: name }
    const bound = this.store.update({ ...pod, spec, status: { ...pod.status, conditions, nominatedNodeName: '' } })
    info.add(bound)
    if (info.withAntiAffinity.size > 0) this.refusing.add(info)
    this.waiting.delete(pod.meta.uid)
    this.events.normal(bound, 'Scheduled', `Successfully assigned ${nameOf(pod.meta)} to ${name}`)
  }

  private refuse(pod: PodObject, entry: Waiting, refusals: readonly Refusal[]): void {
    this.parked.set(entry.uid, entry)
    const preempts = pod.spec.preemptionPolicy !== 'Never'
    const victims = preempts ? preempt(this.store, pod, this.all()) : null
    const message = unschedulableMessage(refusals, this.nodes.size, preempts)
    const { now } = this.store
    const conditions = withCondition(pod.status.conditions, now, 'PodScheduled', 'False', 'Unschedulable', message)
    const nominatedNodeName = victims?.node ?? pod.status.nominatedNodeName
    if (conditions !== pod.status.conditions || nominatedNodeName !== pod.status.nominatedNodeName) {
      this.store.update({ ...pod, status: { ...pod.status, conditions, nominatedNodeName } })
    }
    this.events.warning(pod, 'FailedScheduling', message)
    for (const victim of victims?.pods ?? []) {
      this.events.normal(victim, 'Preempted', `Preempted by pod ${pod.meta.uid} on node ${victims!.node}`)
      markDisruption(
        this.store,
        victim,
        'PreemptionByScheduler',
        `${NAME}: preempting to accommodate a higher priority pod`,
      )
      try {
        this.store.delete('Pod', victim.meta.namespace, victim.meta.name, { uid: victim.meta.uid })
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
      }
    }
  }
}

/** selectHost: the highest score in whole points; of equals one is drawn. */
class Best {
  node: NodeInfo | null = null
  private most = Number.NEGATIVE_INFINITY
  private equals = 0

  constructor(private readonly rng: Rng) {}

  take(info: NodeInfo, score: number): void {
    const value = Math.round(score)
    if (value > this.most) {
      this.most = value
      this.node = info
      this.equals = 1
    } else if (value === this.most && this.rng.below(++this.equals) === 0) this.node = info
  }
}

function cycle(scheduler: Scheduler): void {
  scheduler.cycle()
}

/** PrioritySort: higher priority first, then who waits longer. */
const before = (a: Waiting, b: Waiting): number => b.priority - a.priority || a.order - b.order

/** numFeasibleNodesToFind: in large clusters looking stops at a share of the nodes, 50 % less one for every 125 of them. */
function feasibleEnough(nodes: number): number {
  if (nodes < 100) return nodes
  const share = Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(100, Math.floor((nodes * share) / 100))
}
