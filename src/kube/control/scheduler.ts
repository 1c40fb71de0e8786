import type { Nanos } from '../../sim/time.ts'
import type { Rng } from '../../util/rng.ts'
import { ApiError } from '../api/errors.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { type PodObject, withCondition } from '../api/pod-object.ts'
import type { Change, Store } from '../api/store.ts'
import { markDisruption } from './disruption.ts'
import { type NodeInfo, takesRoom } from './node-info.ts'
import { NodeList } from './node-list.ts'
import { preempt } from './preemption.ts'
import { Choice } from './scheduler-choice.ts'
import { refusalOf, unschedulableMessage } from './scheduler-filters.ts'
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
  private readonly nodes = new NodeList()
  private active: Waiting[] = []
  private sorted = true
  private readonly parked = new Map<string, Waiting>()
  private readonly waiting = new Map<string, Waiting>()
  private readonly choice: Choice
  private readonly events: Events
  private readonly store: Store
  private order = 0
  private busy = false

  constructor(
    private readonly control: Control,
    rng: Rng,
  ) {
    this.store = control.store
    this.choice = new Choice(control.store, this.nodes, rng)
    this.events = new Events(control.store, NAME, control.settings.events)
    control.store.watch('Node', (change) => this.onNode(change))
    control.store.watch('Pod', (change) => this.onPod(change as Change<PodObject>))
    for (const node of control.store.list('Node')) this.nodes.add(node)
    for (const pod of control.store.list('Pod')) this.see(pod, 0)
  }

  private onNode({ type, object, before, step }: Change): void {
    if (object.kind !== 'Node') return
    const known = this.nodes.get(object.meta.name)
    if (type === 'DELETED') this.nodes.delete(object.meta.name)
    else if (known !== null) known.node = object
    else {
      const info = this.nodes.add(object)
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
    const chosen = this.choice.of(pod)
    if (chosen !== null) this.bind(pod, chosen)
    else this.refuse(pod, entry)
  }

  private bind(pod: PodObject, info: NodeInfo): void {
    const { name } = info.node.meta
    const conditions = withCondition(pod.status.conditions, this.store.now, 'PodScheduled', 'True')
    const spec = { ...pod.spec, nodeName: name }
    const bound = this.store.update({ ...pod, spec, status: { ...pod.status, conditions, nominatedNodeName: '' } })
    info.add(bound)
    this.waiting.delete(pod.meta.uid)
    this.events.normal(bound, 'Scheduled', `Successfully assigned ${nameOf(pod.meta)} to ${name}`)
  }

  private refuse(pod: PodObject, entry: Waiting): void {
    this.parked.set(entry.uid, entry)
    const { nodes } = this.nodes.all
    const state = stateOf(pod, nodes, this.nodes.refusing)
    const refusals = nodes.map((info) => refusalOf(state, info)!)
    const preempts = pod.spec.preemptionPolicy !== 'Never'
    const victims = preempts ? preempt(this.store, pod, nodes) : null
    const message = unschedulableMessage(refusals, nodes.length, preempts)
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

function cycle(scheduler: Scheduler): void {
  scheduler.cycle()
}

/** PrioritySort: higher priority first, then who waits longer. */
const before = (a: Waiting, b: Waiting): number => b.priority - a.priority || a.order - b.order
