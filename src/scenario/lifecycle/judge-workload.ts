import { KINDS, type Kind } from '../../kube/api/kinds.ts'
import { conditionOf } from '../../kube/api/pod-object.ts'
import type { Store } from '../../kube/api/store.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import type { Check, LifeExpectation } from './judge.ts'

/** Of a Job: how it stands, and how many of its pods came to which end. */
export function judgeJob(
  store: Store,
  name: string,
  expected: LifeExpectation,
  check: Check,
  at: SourcePosition,
): void {
  const [namespace, own] = name.includes('/') ? name.split('/') : ['default', name]
  const job = store.get('Job', namespace, own)
  if (job === null) throw inputError(`no Job ${namespace}/${own}`, namesOf(store, 'Job'), at)
  const { conditions, succeeded, failed } = job.status
  const is = (type: string): boolean => conditionOf(conditions, type)?.status === 'True'
  const state = is('Complete') ? 'complete' : is('Failed') ? 'failed' : job.spec.suspend ? 'suspended' : 'active'
  check(`state of Job ${own}`, expected.state, state)
  check(`pods of Job ${own} that succeeded`, expected.succeeded, succeeded)
  check(`pods of Job ${own} that failed`, expected.failed, failed)
}

/** `Deployment/web`, `StatefulSet/shop/db`: how many pods it has, and how many of them are ready. */
export function judgeWorkload(
  store: Store,
  name: string,
  expected: LifeExpectation,
  check: Check,
  at: SourcePosition,
): void {
  const [word, ...path] = name.split('/')
  const kind = KINDS.find((known) => known.toLowerCase() === word.toLowerCase())
  if (kind === undefined || path.length === 0 || path.length > 2)
    throw inputError(`no workload "${name}"`, 'KIND/[NS/]NAME, such as Deployment/web', at)
  const [namespace, own] = path.length === 1 ? ['default', path[0]] : path
  const found = store.get(kind, namespace, own)
  if (found === null) throw inputError(`no ${kind} ${namespace}/${own}`, namesOf(store, kind), at)
  if (found.kind === 'DaemonSet') {
    check(`pods of ${name}`, expected.replicas, found.status.currentNumberScheduled)
    check(`ready pods of ${name}`, expected.ready, found.status.numberReady)
  } else if ('status' in found && 'readyReplicas' in found.status) {
    check(`pods of ${name}`, expected.replicas, found.status.replicas)
    check(`ready pods of ${name}`, expected.ready, found.status.readyReplicas)
  } else throw inputError(`a ${kind} has no replicas`, 'a Deployment, ReplicaSet, StatefulSet, DaemonSet …', at)
}

function namesOf(store: Store, kind: Kind): string {
  const names = store.list(kind).map(({ meta }) => `${meta.namespace}/${meta.name}`)
  return names.length === 0 ? 'there is none' : `one of ${names.slice(0, 5).join(', ')}`
}
