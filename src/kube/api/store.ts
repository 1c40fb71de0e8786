import type { Simulation } from '../../sim/simulation.ts'
import type { Nanos } from '../../sim/time.ts'
import type { Recorder } from '../../trace/recorder.ts'
import type { StepId } from '../../trace/step.ts'
import type { Rng } from '../../util/rng.ts'
import { admitPod } from './admission.ts'
import { ApiError, invalid } from './errors.ts'
import { KINDS, type Kind, type Kinds, type KubeObject, RESOURCES } from './kinds.ts'
import { nameOf } from './meta.ts'
import type { ObjectMeta, Uid } from './object.ts'
import { isFinished, type PodObject } from './pod-object.ts'
import { nameSuffix, uuid } from './random-names.ts'
import { type LabelSelector, matches } from './selector.ts'
import { Slot, StoreIndex } from './store-index.ts'
import { recordChange } from './store-steps.ts'
import { validate, validateUpdate } from './validate.ts'

/** One change, as a watch tells it. `before` is null for what is new. `step` is the step that recorded it. */
export interface Change<O extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: O
  readonly before: O | null
  readonly step: StepId
}

export type Watcher = (change: Change) => void

/** What becomes of an object's dependents: metav1.DeletionPropagation. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan'

export interface DeleteOptions {
  /** Seconds; a pod's own grace by default, and of no meaning for other kinds. */
  readonly gracePeriodSeconds?: number
  readonly propagation?: Propagation
  /** Refused with Conflict when the object is another by now. */
  readonly uid?: Uid
}

export interface StoreOptions {
  readonly simulation: Simulation
  readonly recorder: Recorder
  readonly rng: Rng
  /** How long a change takes to reach those that watch. */
  readonly watchLatency: Nanos
}

/**
 * The API server with its etcd: objects by kind and name, immutable, replaced at each change. Reading is of the latest
 * state; only the news of a change takes time. Events are not told to watchers of everything else, and are cheap.
 */
export class Store {
  private readonly kinds = new Map<Kind, Map<string, Slot>>()
  private readonly byUid = new Map<Uid, Slot>()
  private readonly watchers = new Map<Kind, Watcher[]>()
  private readonly uids: Rng
  private readonly names: Rng
  private pending: Change[] = []
  private version = 0
  private readonly versions = new Map<Kind, number>()
  readonly index = new StoreIndex()
  /** The step that what happens now is due to, and the component at work: set by whoever runs a controller. */
  cause: StepId = 0
  actor = 'kubectl'

  constructor(private readonly options: StoreOptions) {
    this.uids = options.rng.fork('uid')
    this.names = options.rng.fork('generateName')
    for (const kind of KINDS) this.kinds.set(kind, new Map())
  }

  get now(): Nanos {
    return this.options.simulation.now
  }

  get resourceVersion(): number {
    return this.version
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): Kinds[K] | null {
    return this.at(kind, keyOf(namespace, name))
  }

  /** By the key that work queues have: `NS/NAME`, a cluster-scoped object's name alone. */
  at<K extends Kind>(kind: K, key: string): Kinds[K] | null {
    return (this.map(kind).get(key)?.object as Kinds[K] | undefined) ?? null
  }

  byId(uid: Uid): KubeObject | null {
    return this.byUid.get(uid)?.object ?? null
  }

  /** The object as it is now, null when it, by its uid, is gone. */
  latest<O extends KubeObject>(object: O): O | null {
    return (this.byUid.get(object.meta.uid)?.object as O | undefined) ?? null
  }

  /** All of a kind, or those of a namespace, in the order of their creation. */
  list<K extends Kind>(kind: K, namespace?: string): Kinds[K][] {
    const found: Kinds[K][] = []
    for (const { object } of this.map(kind).values()) {
      if (namespace === undefined || object.meta.namespace === namespace) found.push(object as Kinds[K])
    }
    return found
  }

  /** A number that changes whenever an object of the kind does. */
  versionOf(kind: Kind): number {
    return this.versions.get(kind) ?? 0
  }

  count(kind: Kind): number {
    return this.map(kind).size
  }

  pods(namespace: string, selector: LabelSelector): PodObject[] {
    const indexed = this.index.selectPods(namespace, selector)
    return indexed ?? this.list('Pod', namespace).filter((pod) => matches(selector, pod.meta.labels))
  }

  /** Calls `watcher` for each change of a kind from now on, `watchLatency` after it. */
  watch<K extends Kind>(kind: K, watcher: (change: Change<Kinds[K]>) => void): void {
    const known = this.watchers.get(kind)
    if (known === undefined) this.watchers.set(kind, [watcher as Watcher])
    else known.push(watcher as Watcher)
  }

  /** Throws ApiError: AlreadyExists, Invalid, or Forbidden in a namespace that is going away. */
  create<O extends KubeObject>(draft: O): O {
    const map = this.map(draft.kind)
    const name = draft.meta.name === '' ? this.complete(map, draft.meta) : draft.meta.name
    if (map.has(keyOf(draft.meta.namespace, name))) {
      throw new ApiError('AlreadyExists', `${RESOURCES[draft.kind]} "${name}" already exists`)
    }
    this.admit(draft, name)
    const uid = draft.meta.uid === '' ? uuid(this.uids) : draft.meta.uid
    const meta = { ...draft.meta, name, uid, resourceVersion: ++this.version, creationTimestamp: this.now }
    const object = prepare({ ...draft, meta })
    const slot = new Slot(object)
    map.set(keyOf(meta.namespace, name), slot)
    this.byUid.set(uid, slot)
    this.index.add(slot)
    this.tell('ADDED', object, null)
    return object
  }

  /** Replaces an object by one made of its latest state. Throws ApiError: NotFound, Conflict, Invalid. */
  update<O extends KubeObject>(changed: O): O {
    const slot = this.byUid.get(changed.meta.uid)
    if (slot === undefined) throw this.notFound(changed.kind, changed.meta.name)
    const before = slot.object as O
    if (before === changed) return before
    if (before.meta.resourceVersion !== changed.meta.resourceVersion) {
      const text = `Operation cannot be fulfilled on ${RESOURCES[changed.kind]} "${changed.meta.name}": the object has been modified; please apply your changes to the latest version and try again`
      throw new ApiError('Conflict', text)
    }
    const specChanged = 'spec' in before && before.spec !== (changed as typeof before).spec
    if (specChanged) this.check(changed, before)
    const generation = before.meta.generation + (specChanged && changed.kind !== 'Pod' ? 1 : 0)
    const meta = { ...changed.meta, generation, resourceVersion: ++this.version }
    const object = { ...changed, meta }
    if (meta.deletionTimestamp !== null && meta.finalizers.length === 0 && isOver(object)) this.drop(before, object)
    else {
      slot.object = object
      this.index.moved(slot, before)
      this.tell('MODIFIED', object, before)
    }
    return object
  }

  /** Deletes as DELETE on the object's path does. Throws ApiError: NotFound, Conflict. */
  delete(kind: Kind, namespace: string, name: string, options: DeleteOptions = {}): void {
    const object = this.get(kind, namespace, name)
    if (object === null) throw this.notFound(kind, name)
    if (options.uid !== undefined && options.uid !== object.meta.uid) {
      const text = `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${object.meta.uid}`
      throw new ApiError('Conflict', `Operation cannot be fulfilled on ${RESOURCES[kind]} "${name}": ${text}`)
    }
    const grace = object.kind === 'Pod' ? graceOf(object, options.gracePeriodSeconds) : 0
    const finalizers = withPropagation(object.meta.finalizers, options.propagation)
    if (grace === 0 && finalizers.length === 0 && !holds(object)) {
      this.drop(object, object)
      return
    }
    const at = this.now + grace * 1e9
    const known = object.meta.deletionGracePeriodSeconds
    if (known !== null && known <= grace && finalizers === object.meta.finalizers) return
    const meta = { ...object.meta, finalizers, deletionTimestamp: at, deletionGracePeriodSeconds: grace }
    this.update(
      object.kind === 'Namespace' ? { ...object, meta, status: { phase: 'Terminating' } } : { ...object, meta },
    )
  }

  private drop(before: KubeObject, last: KubeObject): void {
    const slot = this.byUid.get(before.meta.uid)!
    this.map(before.kind).delete(keyOf(before.meta.namespace, before.meta.name))
    this.byUid.delete(before.meta.uid)
    this.version++
    this.index.remove(slot)
    this.tell('DELETED', last, before)
  }

  private tell(type: Change['type'], object: KubeObject, before: KubeObject | null): void {
    const { recorder, simulation, watchLatency } = this.options
    this.versions.set(object.kind, this.version)
    const step = recordChange(recorder, this.now, this.cause, this.actor, type, object, before)
    if (!this.watchers.has(object.kind)) return
    if (this.pending.length === 0) simulation.post(watchLatency, flush, this)
    else if (this.pendingAt !== this.now) {
      this.queued.push(this.pending)
      this.pending = []
      simulation.post(watchLatency, flush, this)
    }
    this.pendingAt = this.now
    this.pending.push({ type, object, before, step })
  }

  /** Batches of earlier instants that are still on their way. */
  private readonly queued: Change[][] = []
  private pendingAt: Nanos = 0

  /** Delivers the oldest batch: all changes of one instant, in order. */
  deliver(): void {
    const batch = this.queued.shift() ?? this.pending
    if (batch === this.pending) this.pending = []
    for (const change of batch) for (const watcher of this.watchers.get(change.object.kind) ?? []) watcher(change)
  }

  private admit(draft: KubeObject, name: string): void {
    const { namespace } = draft.meta
    const home = namespace === '' ? null : this.get('Namespace', '', namespace)
    if (home?.status.phase === 'Terminating' && draft.kind !== 'Event') {
      const text = `${RESOURCES[draft.kind]} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`
      throw new ApiError('Forbidden', text)
    }
    this.check({ ...draft, meta: { ...draft.meta, name } }, null)
  }

  private check(object: KubeObject, before: KubeObject | null): void {
    const faults = before === null ? validate(object) : [...validate(object), ...validateUpdate(object, before)]
    if (faults.length > 0) throw invalid(object.kind, RESOURCES[object.kind], object.meta.name, faults)
  }

  private complete(map: Map<string, Slot>, { namespace, generateName }: ObjectMeta): string {
    for (let tries = 0; tries < 8; tries++) {
      const name = generateName + nameSuffix(this.names)
      if (!map.has(keyOf(namespace, name))) return name
    }
    throw new ApiError('AlreadyExists', `no free name begins with "${generateName}"`)
  }

  private notFound(kind: Kind, name: string): ApiError {
    return new ApiError('NotFound', `${RESOURCES[kind]} "${name}" not found`)
  }

  private map(kind: Kind): Map<string, Slot> {
    return this.kinds.get(kind)!
  }
}

const keyOf = (namespace: string, name: string): string => nameOf({ namespace, name })

function flush(store: Store): void {
  store.deliver()
}

/** Strategy.PrepareForCreate: what the server itself sets from the uid. */
function prepare<O extends KubeObject>(object: O): O {
  if (object.kind === 'Pod') return { ...object, spec: admitPod(object.spec) }
  if (object.kind !== 'Job' || object.spec.manualSelector || object.spec.selector !== null) return object
  const { uid, name } = object.meta
  const own = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name }
  const { template } = object.spec
  const legacy = { 'controller-uid': uid, 'job-name': name }
  const meta = { ...template.meta, labels: { ...template.meta.labels, ...own, ...legacy } }
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid }, matchExpressions: [] }
  return { ...object, spec: { ...object.spec, selector, template: { ...template, meta } } }
}

/** podStrategy.CheckGracefulDelete: nobody has to stop a pod that is nowhere, or over. */
function graceOf(pod: PodObject, asked: number | undefined): number {
  if (pod.spec.nodeName === '' || isFinished(pod)) return 0
  return Math.max(0, asked ?? pod.spec.terminationGracePeriodSeconds)
}

/** Whether the time of a deletion that is under way is over: kubelet ends a pod's by deleting it with grace 0. */
const isOver = (object: KubeObject): boolean =>
  object.kind === 'Pod' ? object.meta.deletionGracePeriodSeconds === 0 : !holds(object)

/** A namespace goes when its contents have gone. */
const holds = (object: KubeObject): boolean => object.kind === 'Namespace' && object.spec.finalizers.length > 0

function withPropagation(finalizers: readonly string[], propagation?: Propagation): readonly string[] {
  const name = propagation === 'Foreground' ? 'foregroundDeletion' : propagation === 'Orphan' ? 'orphan' : null
  return name === null || finalizers.includes(name) ? finalizers : [...finalizers, name]
}
