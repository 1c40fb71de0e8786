import { ApiError } from '../../kube/api/errors.ts'
import type { Kinds } from '../../kube/api/kinds.ts'
import { type Labels, nameOf } from '../../kube/api/meta.ts'
import { isActive, type PodObject } from '../../kube/api/pod-object.ts'
import type { Store } from '../../kube/api/store.ts'
import { rollBack } from '../../kube/control/deployment.ts'
import { cordon, drain } from '../../kube/control/drain.ts'
import type { ContainerRun } from '../../kube/node/kubelet/container.ts'
import { MILLISECOND } from '../../sim/time.ts'
import { InputError, inputError, type SourcePosition } from '../../util/diagnostics.ts'
import { nearest } from '../../util/near.ts'
import type { Emulation } from '../emulation.ts'
import { durationOf } from '../load/duration.ts'
import type { Operation } from '../load/scenario-kind.ts'
import type { Outcome } from '../outcome.ts'
import { apply } from './apply.ts'
import { judgeLife } from './judge.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { LIFECYCLE_OPERATIONS } from './schema.ts'

export type LifecycleOperation = Extract<Operation, { readonly name: (typeof LIFECYCLE_OPERATIONS)[number] }>

const DONE: Outcome = { kind: 'done' }

/** Does to the cluster what a step says, as kubectl would. Throws InputError where the API server refuses. */
export function performLifecycle(emulation: Emulation, operation: LifecycleOperation, at: SourcePosition): Outcome {
  const { life } = emulation
  if (life === null) throw new Error('a lifecycle step without controllers')
  try {
    if (operation.name === 'check') return check(emulation, operation.with, at)
    act(emulation, life, operation, at)
    return DONE
  } catch (error) {
    if (error instanceof ApiError) throw inputError(error.message, undefined, at)
    throw error
  }
}

function act(emulation: Emulation, life: Lifecycle, operation: LifecycleOperation, at: SourcePosition): void {
  const { store, kubelet } = life
  switch (operation.name) {
    case 'apply':
      apply(emulation, emulation.inventory.applied.get(operation)!, at)
      break
    case 'delete': {
      const { kind, namespace, name, propagation } = operation.with
      if (kind === 'Secret') deleteSecret(emulation, `${namespace}/${name}`)
      else store.delete(kind, kind === 'Namespace' ? '' : namespace, name, { propagation })
      break
    }
    case 'rollout':
      rollOut(store, operation.with)
      break
    case 'label': {
      const { labels: given } = operation.with
      for (const { meta, ...pod } of podsOf(life, operation.with, at)) {
        const labels = Object.entries({ ...meta.labels, ...given }).filter(([, value]) => value !== null)
        store.update({ ...pod, meta: { ...meta, labels: Object.fromEntries(labels) as Labels } })
      }
      break
    }
    case 'deletePod': {
      const { gracePeriodSeconds } = operation.with
      for (const { meta } of podsOf(life, operation.with, at)) {
        store.delete('Pod', meta.namespace, meta.name, { gracePeriodSeconds, uid: meta.uid })
      }
      break
    }
    case 'killContainer':
      for (const { run } of runsOf(life, operation.with, at))
        run.end(operation.with.exitCode, operation.with.exitCode === 137 ? 9 : 0)
      break
    case 'failProbe':
    case 'fixProbe': {
      const { probe } = operation.with
      const runs = runsOf(life, operation.with, at).filter(({ run }) => run.spec[`${probe}Probe`] !== null)
      if (runs.length === 0) throw inputError(`no such container has a ${probe}Probe`, undefined, at)
      for (const { owner, run } of runs)
        life.containers.setFailing(owner, run.spec, probe, operation.name === 'failProbe')
      break
    }
    case 'scale':
    case 'setImage':
      changeWorkload(life, operation, at)
      break
    case 'drain': {
      const { name, force, timeout } = operation.with
      const options = { force, timeout: timeout === undefined ? null : durationOf(timeout) }
      const { error } = emulation.run(drain(life.plane, name, options), 'drain')
      if (error !== null) throw inputError(error, undefined, at)
      break
    }
    case 'cordon':
    case 'uncordon':
      cordon(store, operation.with.name, operation.name === 'cordon')
      break
    case 'removeNode':
      store.delete('Node', '', nodeOf(life, operation.with.name, at))
      break
    case 'partitionNode':
    case 'healNode':
      life.partition(nodeOf(life, operation.with.name, at), operation.name === 'partitionNode')
      break
    case 'rebootNode':
      kubelet.reboot(nodeOf(life, operation.with.name, at), durationOf(operation.with.duration))
      break
    case 'traffic': {
      const { from, url, every, timeout } = operation.with
      const times = { every: durationOf(every), for: durationOf(operation.with.for), timeout: durationOf(timeout) }
      life.traffic.start(emulation.host(from, at), { url, ...times })
    }
  }
}

/** Throws ApiError. */
function deleteSecret({ tls, ingress }: Emulation, name: string): void {
  if (!tls.bundles.delete(name)) throw new ApiError('NotFound', `secrets "${name.split('/')[1]}" not found`)
  ingress.news.tell(`Secret ${name}`, 0)
}

/** What holds now; with `within`, what comes to hold by then. */
function check(
  emulation: Emulation,
  { within, ...expected }: Extract<LifecycleOperation, { name: 'check' }>['with'],
  at: SourcePosition,
): Outcome {
  const end = emulation.now + (within === undefined ? 0 : durationOf(within))
  for (;;) {
    const failures = judgeLife(emulation, expected, at)
    if (failures.length === 0 || emulation.now >= end) return { kind: 'check', failures }
    emulation.advance(Math.min(LOOK, end - emulation.now))
  }
}

/** How often a check looks again. */
const LOOK = 100 * MILLISECOND

/** `kubectl rollout`. Throws ApiError. */
function rollOut(
  store: Store,
  { namespace, name, ...how }: Extract<LifecycleOperation, { name: 'rollout' }>['with'],
): void {
  const known = store.get('Deployment', namespace, name)
  if (known === null) throw new ApiError('NotFound', `deployments.apps "${name}" not found`)
  const { spec } = known
  switch (how.do) {
    case 'undo':
      if (spec.paused)
        throw new ApiError(
          'Invalid',
          `you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume'`,
        )
      if (rollBack(store, known, how.toRevision) === null)
        throw new ApiError(
          'NotFound',
          how.toRevision === 0
            ? 'no rollout history found'
            : `unable to find specified revision ${how.toRevision} in history`,
        )
      break
    case 'pause':
    case 'resume':
      store.update({ ...known, spec: { ...spec, paused: how.do === 'pause' } })
      break
    case 'restart': {
      const { template } = spec
      const annotations = { ...template.meta.annotations, 'kubectl.kubernetes.io/restartedAt': String(store.now) }
      store.update({ ...known, spec: { ...spec, template: { ...template, meta: { ...template.meta, annotations } } } })
    }
  }
}

interface PodsRef {
  readonly namespace: string
  readonly name?: string
  readonly selector?: string
  readonly count?: number
}

function podsOf({ store }: Lifecycle, ref: PodsRef, at: SourcePosition): PodObject[] {
  const all = store.list('Pod', ref.namespace).filter(isActive)
  const wanted = (ref.selector ?? '').split(',').map((pair) => pair.split('=') as [string, string?])
  const found = all.filter(({ meta }) =>
    ref.name !== undefined
      ? meta.name === ref.name
      : ref.selector !== undefined && wanted.every(([key, value]) => meta.labels[key.trim()] === value?.trim()),
  )
  if (found.length === 0) {
    const what = ref.name ?? ref.selector ?? 'without a name or selector'
    const near = nearest(
      ref.name ?? '',
      all.map(({ meta }) => meta.name),
    )
    const names = (near.length > 0 ? near : all.map(({ meta }) => meta.name)).slice(0, 5).join(', ')
    throw inputError(`no Pod ${ref.namespace}/${what}`, names === '' ? 'there is none' : `one of ${names}`, at)
  }
  found.sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
  return found.slice(0, ref.count ?? found.length)
}

function runsOf(
  life: Lifecycle,
  ref: PodsRef & { readonly container?: string },
  at: SourcePosition,
): { readonly owner: PodObject; readonly run: ContainerRun }[] {
  return podsOf(life, ref, at).flatMap((owner) => {
    const runs = life.kubelet.worker(owner.meta.uid)?.main ?? []
    const chosen = ref.container === undefined ? runs : runs.filter(({ spec }) => spec.name === ref.container)
    if (chosen.length > 0) return chosen.map((run) => ({ owner, run }))
    const names = owner.spec.containers.map(({ name }) => name).join(', ')
    throw inputError(
      `Pod ${nameOf(owner.meta)} has no container ${ref.container ?? ''} that runs`,
      `one of ${names}`,
      at,
    )
  })
}

function nodeOf({ store }: Lifecycle, name: string, at: SourcePosition): string {
  if (store.get('Node', '', name) !== null) return name
  const names = store.list('Node').map(({ meta }) => meta.name)
  throw inputError(`no Node ${name}`, `one of ${names.join(', ')}`, at)
}

function changeWorkload(
  life: Lifecycle,
  operation: Extract<LifecycleOperation, { name: 'scale' | 'setImage' }>,
  at: SourcePosition,
): void {
  const { namespace, kind, name } = operation.with
  const known: Kinds[typeof kind] | null = life.store.get(kind, namespace, name)
  if (known === null) throw new InputError([{ severity: 'error', at, message: `no ${kind} ${namespace}/${name}` }])
  if (operation.name === 'scale') {
    life.store.update({ ...known, spec: { ...known.spec, replicas: operation.with.replicas } } as typeof known)
    return
  }
  const { container, image } = operation.with
  const { template } = known.spec
  const containers = template.spec.containers.map((one) =>
    container === undefined || one.name === container ? { ...one, image } : one,
  )
  const spec = { ...known.spec, template: { ...template, spec: { ...template.spec, containers } } }
  life.store.update({ ...known, spec } as typeof known)
}
