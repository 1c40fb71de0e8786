import type { Nanos } from '../../sim/time.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { controllerOf, controllerRef, newMeta, type Uid } from '../api/object.ts'
import { withCondition } from '../api/pod-object.ts'
import { templateHash } from '../api/random-names.ts'
import { matches } from '../api/selector.ts'
import type { Store } from '../api/store.ts'
import { type Deployment, NO_REPLICAS, type ReplicaSet } from '../api/workloads.ts'
import { controlled, enqueueOwners } from './owners.ts'
import { bounds, newReplicas, proportional, scaleDownOld, sumOf } from './rolling.ts'
import { type Control, WorkQueue } from './work-queue.ts'

const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'

/** The Deployment controller. Source: pkg/controller/deployment. */
export class DeploymentController {
  readonly queue: WorkQueue
  private readonly events: Events
  private readonly store: Store

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'deployment-controller', (key) => this.reconcile(key))
    this.events = new Events(control.store, 'deployment-controller', control.settings.events)
    control.store.watch('Deployment', ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('ReplicaSet', (change) => enqueueOwners(this.queue, 'Deployment', change))
    // Recreate waits for the last pod of the old ReplicaSets to be gone.
    control.store.watch('Pod', ({ object, type, step }) => {
      if (type !== 'DELETED') return
      const owner = controllerOf(object.meta)
      const set = owner?.kind === 'ReplicaSet' ? this.store.get('ReplicaSet', object.meta.namespace, owner.name) : null
      const above = set === null ? null : controllerOf(set.meta)
      if (above !== null) this.queue.add(nameOf({ namespace: object.meta.namespace, name: above.name }), step)
    })
  }

  reconcile(key: string): Nanos | null {
    const deployment = this.store.at('Deployment', key)
    if (deployment === null || deployment.meta.deletionTimestamp !== null) return null
    this.adopt(deployment)
    const { spec } = deployment
    if (spec.paused || this.wasResized(deployment)) this.resize(deployment)
    else if (spec.strategy.type === 'Recreate') this.recreate(deployment)
    else this.roll(deployment)
    if (!spec.paused) this.forget(deployment)
    return this.report(key)
  }

  /** Asked several times in a reconciliation that mostly changes none of them. */
  private sets({ meta, kind }: Deployment): readonly ReplicaSet[] {
    const version = this.store.versionOf('ReplicaSet')
    if (this.last?.uid === meta.uid && this.last.version === version) return this.last.sets
    const sets = controlled(this.store, { kind, meta }, 'ReplicaSet').filter(
      (set) => set.meta.deletionTimestamp === null,
    )
    this.last = { uid: meta.uid, version, sets }
    return sets
  }

  private last: { readonly uid: Uid; readonly version: number; readonly sets: readonly ReplicaSet[] } | null = null

  private adopt(deployment: Deployment): void {
    for (const set of this.store.index.orphanReplicaSets(deployment.meta.namespace)) {
      if (!matches(deployment.spec.selector, set.meta.labels)) continue
      const ownerReferences = [...set.meta.ownerReferences, controllerRef(deployment)]
      this.store.update({ ...set, meta: { ...set.meta, ownerReferences } })
    }
  }

  /** EqualIgnoreHash: the oldest of those that have the Deployment's template. */
  private current(deployment: Deployment): ReplicaSet | null {
    const wanted = fingerprint(deployment.spec.template)
    return this.sets(deployment).find(({ spec }) => fingerprint(spec.template) === wanted) ?? null
  }

  /** The ReplicaSet of the present template; made, or given the newest revision, where that is due. */
  private ensure(deployment: Deployment): ReplicaSet {
    const old = this.sets(deployment)
    const newest = old.reduce((most, { meta }) => Math.max(most, Number(meta.annotations[REVISION] ?? 0)), 0)
    const known = this.current(deployment)
    if (known !== null) {
      const revision = Number(known.meta.annotations[REVISION] ?? 0)
      return revision === newest && revision > 0
        ? known
        : this.annotate(known, { [REVISION]: String(newest + (revision === newest && revision > 0 ? 0 : 1)) })
    }
    const replicas = newReplicas(deployment, old, 0)
    const set = this.store.create(replicaSetOf(deployment, replicas, newest + 1))
    this.scaled(deployment, set, 0, replicas)
    return set
  }

  private annotate(set: ReplicaSet, more: Readonly<Record<string, string>>): ReplicaSet {
    return this.store.update({ ...set, meta: { ...set.meta, annotations: { ...set.meta.annotations, ...more } } })
  }

  private scale(deployment: Deployment, set: ReplicaSet, replicas: number): ReplicaSet {
    const desired = String(deployment.spec.replicas)
    if (set.spec.replicas === replicas && set.meta.annotations[DESIRED] === desired) return set
    const meta = { ...set.meta, annotations: { ...set.meta.annotations, [DESIRED]: desired } }
    const spec = set.spec.replicas === replicas ? set.spec : { ...set.spec, replicas }
    if (spec !== set.spec) this.scaled(deployment, set, set.spec.replicas, replicas)
    return this.store.update({ ...set, meta, spec })
  }

  private scaled(deployment: Deployment, set: ReplicaSet, from: number, to: number): void {
    if (from === to) return
    const word = to > from ? 'up' : 'down'
    this.events.normal(
      deployment,
      'ScalingReplicaSet',
      `Scaled ${word} replica set ${set.meta.name} from ${from} to ${to}`,
    )
  }

  private roll(deployment: Deployment): void {
    const fresh = this.ensure(deployment)
    const old = this.sets(deployment).filter(({ meta }) => meta.uid !== fresh.meta.uid)
    const wanted = newReplicas(deployment, old, fresh.spec.replicas)
    if (wanted !== fresh.spec.replicas || fresh.meta.annotations[DESIRED] !== String(deployment.spec.replicas)) {
      this.scale(deployment, fresh, wanted)
      if (wanted !== fresh.spec.replicas) return
    }
    for (const { set, replicas } of scaleDownOld(deployment, fresh, old)) this.scale(deployment, set, replicas)
  }

  private recreate(deployment: Deployment): void {
    const fresh = this.current(deployment)
    const old = this.sets(deployment).filter(({ meta }) => meta.uid !== fresh?.meta.uid)
    for (const set of old) this.scale(deployment, set, 0)
    const running = old.some((set) =>
      controlled(this.store, set, 'Pod').some(({ status }) => status.phase === 'Running' || status.phase === 'Pending'),
    )
    if (!running) this.scale(deployment, this.ensure(deployment), deployment.spec.replicas)
  }

  /** isScalingEvent: an active ReplicaSet was made for another number. */
  private wasResized(deployment: Deployment): boolean {
    const desired = String(deployment.spec.replicas)
    return this.sets(deployment).some(
      ({ spec, meta }) =>
        spec.replicas > 0 && meta.annotations[DESIRED] !== undefined && meta.annotations[DESIRED] !== desired,
    )
  }

  /** Paused, or between two sizes: the one active ReplicaSet takes all, several share by their size. */
  private resize(deployment: Deployment): void {
    const sets = this.sets(deployment)
    const active = sets.filter(({ spec }) => spec.replicas > 0)
    const fresh = this.current(deployment)
    const only = active.length === 0 ? fresh : active.length === 1 ? active[0] : null
    if (only !== null) this.scale(deployment, only, deployment.spec.replicas)
    else for (const { set, replicas } of proportional(deployment, active)) this.scale(deployment, set, replicas)
  }

  /** Old ReplicaSets beyond `revisionHistoryLimit` go, the oldest first. */
  private forget(deployment: Deployment): void {
    const current = this.current(deployment)?.meta.uid
    const idle = this.sets(deployment)
      .filter(({ meta, spec, status }) => meta.uid !== current && spec.replicas === 0 && status.replicas === 0)
      .sort((a, b) => Number(a.meta.annotations[REVISION] ?? 0) - Number(b.meta.annotations[REVISION] ?? 0))
    for (const { meta } of idle.slice(0, Math.max(0, idle.length - deployment.spec.revisionHistoryLimit))) {
      this.store.delete('ReplicaSet', meta.namespace, meta.name)
    }
  }

  private report(key: string): Nanos | null {
    const { store } = this
    const deployment = store.at('Deployment', key)
    if (deployment === null) return null
    const sets = this.sets(deployment)
    const fresh = this.current(deployment)
    const available = sumOf(sets, (set) => set.status.availableReplicas)
    const total = sumOf(sets, (set) => set.status.replicas)
    const next = {
      replicas: total,
      updatedReplicas: fresh?.status.replicas ?? 0,
      readyReplicas: sumOf(sets, (set) => set.status.readyReplicas),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sumOf(sets, (set) => set.spec.replicas) - available),
      collisionCount: deployment.status.collisionCount,
      observedGeneration: deployment.meta.generation,
    }
    const done =
      next.updatedReplicas === deployment.spec.replicas &&
      total === next.updatedReplicas &&
      available >= next.updatedReplicas
    const moved =
      deployment.status.updatedReplicas !== next.updatedReplicas ||
      deployment.status.availableReplicas !== available ||
      deployment.status.replicas !== total
    const { conditions, wait } = this.conditions(deployment, available, done, moved)
    const status = { ...next, conditions }
    if (!sameStatus(status, deployment.status)) store.update({ ...deployment, status })
    return wait
  }

  private conditions(deployment: Deployment, available: number, done: boolean, moved: boolean) {
    const { now } = this.store
    const { replicas, progressDeadlineSeconds, paused } = deployment.spec
    const least = replicas - bounds(deployment).unavailable
    let { conditions } = deployment.status
    conditions =
      available >= least
        ? withCondition(conditions, now, 'Available', 'True', 'MinimumReplicasAvailable')
        : withCondition(conditions, now, 'Available', 'False', 'MinimumReplicasUnavailable')
    if (paused)
      return { conditions: withCondition(conditions, now, 'Progressing', 'Unknown', 'DeploymentPaused'), wait: null }
    if (done)
      return { conditions: withCondition(conditions, now, 'Progressing', 'True', 'NewReplicaSetAvailable'), wait: null }
    const since = moved ? now : (this.progress.get(deployment.meta.uid) ?? now)
    this.progress.set(deployment.meta.uid, since)
    const left = since + progressDeadlineSeconds * 1e9 - now
    conditions =
      left > 0
        ? withCondition(conditions, now, 'Progressing', 'True', 'ReplicaSetUpdated')
        : withCondition(conditions, now, 'Progressing', 'False', 'ProgressDeadlineExceeded')
    return { conditions, wait: left > 0 ? left : null }
  }

  /** When a Deployment last came nearer to its goal. */
  private readonly progress = new Map<string, Nanos>()
}

const sameStatus = (a: Deployment['status'], b: Deployment['status']): boolean =>
  a.conditions === b.conditions &&
  a.replicas === b.replicas &&
  a.updatedReplicas === b.updatedReplicas &&
  a.readyReplicas === b.readyReplicas &&
  a.availableReplicas === b.availableReplicas &&
  a.unavailableReplicas === b.unavailableReplicas &&
  a.observedGeneration === b.observedGeneration

const fingerprints = new WeakMap<ReplicaSet['spec']['template'], string>()

/** A template as text, without the label that the controller itself adds. */
function fingerprint(template: ReplicaSet['spec']['template']): string {
  let text = fingerprints.get(template)
  if (text === undefined) {
    const { [HASH]: _, ...labels } = template.meta.labels
    fingerprints.set(
      template,
      (text = JSON.stringify({
        labels: Object.entries(labels).sort(),
        ...{ annotations: template.meta.annotations, spec: template.spec },
      })),
    )
  }
  return text
}

function replicaSetOf(deployment: Deployment, replicas: number, revision: number): ReplicaSet {
  const { spec, meta } = deployment
  const hash = templateHash(fingerprint(spec.template), deployment.status.collisionCount)
  const labels = { ...spec.template.meta.labels, [HASH]: hash }
  const { minReadySeconds, selector } = spec
  return {
    kind: 'ReplicaSet',
    meta: newMeta({
      namespace: meta.namespace,
      name: `${meta.name}-${hash}`,
      labels,
      annotations: { [REVISION]: String(revision), [DESIRED]: String(spec.replicas) },
      ownerReferences: [controllerRef(deployment)],
    }),
    spec: {
      replicas,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH]: hash } },
      template: { ...spec.template, meta: { ...spec.template.meta, labels } },
    },
    status: NO_REPLICAS,
  }
}

/** `kubectl rollout undo`: the template of an earlier revision becomes the present one; 0 is the one before. */
export function rollBack(store: Store, deployment: Deployment, revision = 0): Deployment | null {
  const sets = controlled(store, deployment, 'ReplicaSet').sort(
    (a, b) => Number(b.meta.annotations[REVISION]) - Number(a.meta.annotations[REVISION]),
  )
  const target = revision === 0 ? sets[1] : sets.find(({ meta }) => meta.annotations[REVISION] === String(revision))
  if (target === undefined) return null
  const { [HASH]: _, ...labels } = target.spec.template.meta.labels
  const template = { ...target.spec.template, meta: { ...target.spec.template.meta, labels } }
  return store.update({ ...deployment, spec: { ...deployment.spec, template } })
}
