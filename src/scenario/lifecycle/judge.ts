import type { z } from 'zod'
import { conditionOf, isActive, isReady, type PodObject, restartsOf } from '../../kube/api/pod-object.ts'
import { formatAddress, parseAddress, sameAddress } from '../../util/address.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import type { Emulation } from '../emulation.ts'
import { durationOf } from '../load/duration.ts'
import type { Failure } from '../outcome.ts'
import { judgeJob, judgeWorkload } from './judge-workload.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { lifeExpectation } from './schema.ts'
import { slicesOf } from './slim.ts'

export type LifeExpectation = z.output<z.ZodObject<typeof lifeExpectation>>

/** Takes what was expected and what is; keeps it when they differ. */
export type Check = (field: string, wanted: unknown, got: unknown) => void

/** What does not hold of the cluster at this moment. */
export function judgeLife(emulation: Emulation, expected: LifeExpectation, at: SourcePosition): Failure[] {
  const { life } = emulation
  const failures: Failure[] = []
  const check: Check = (field, wanted, got) => {
    if (wanted !== undefined && wanted !== got) failures.push({ field, expected: String(wanted), got: String(got) })
  }
  if (life === null) return failures
  const { endpoints, pod, selector, job, workload, node } = expected
  if (endpoints !== undefined)
    check(`ready endpoints of ${endpoints}`, expected.ready, readyEndpoints(life, endpoints, at))
  judgeRequests(life, expected, failures)
  if (pod !== undefined) judgePod(life, pod, expected, check)
  if (selector !== undefined) judgeSelected(life, selector, expected, check)
  if (job !== undefined) judgeJob(life.store, job, expected, check, at)
  if (workload !== undefined) judgeWorkload(life.store, workload, expected, check, at)
  if (node !== undefined && pod === undefined && selector === undefined) judgeNode(life, node, expected, check, at)
  judgeEvents(life, expected, failures)
  return failures
}

function judgePod(life: Lifecycle, pod: string, expected: LifeExpectation, check: Check): void {
  const [namespace, name] = split(pod)
  const found = life.pod(namespace, name)
  check(`phase of ${pod}`, expected.phase, found?.status.phase ?? 'gone')
  if (found === null) {
    if (expected.phase === undefined) check(`Pod ${pod}`, 'there', 'gone')
    return
  }
  if (expected.ready !== undefined)
    check(`readiness of ${pod}`, expected.ready > 0 ? 'ready' : 'not ready', isReady(found) ? 'ready' : 'not ready')
  judgeOne(life, found, expected, check)
}

function judgeSelected(life: Lifecycle, selector: string, expected: LifeExpectation, check: Check): void {
  const found = podsWith(life, selector, expected.in ?? 'default')
  check(`pods with ${selector}`, expected.pods, found.length)
  check(`ready pods with ${selector}`, expected.ready, found.filter(isReady).length)
  for (const pod of found) {
    check(`phase of ${pod.meta.name}`, expected.phase, pod.status.phase)
    judgeOne(life, pod, expected, check)
  }
}

/** Pods with these labels that are not on their way out. */
export function podsWith({ store }: Lifecycle, selector: string, namespace: string): PodObject[] {
  const wanted = selector.split(',').map((pair) => pair.split('=') as [string, string?])
  return store
    .list('Pod', namespace)
    .filter((pod) => wanted.every(([key, value]) => pod.meta.labels[key.trim()] === value?.trim()))
    .filter((pod) => isActive(pod) || pod.meta.deletionTimestamp === null)
}

function judgeOne(life: Lifecycle, pod: PodObject, expected: LifeExpectation, check: Check): void {
  const { name } = pod.meta
  check(`restarts of ${name}`, expected.restarts, restartsOf(pod))
  check(`node of ${name}`, expected.node, pod.spec.nodeName)
  const { uids, addresses } = life.historyOf(pod)
  check(`uid of ${name}`, expected.uid, uids[0] === pod.meta.uid ? 'kept' : 'changed')
  const { address } = expected
  if (address === undefined) return
  const own = pod.status.podIPs.map(formatAddress).join(', ')
  if (address === 'kept' || address === 'changed') {
    check(`address of ${name}`, address, new Set(addresses).size <= 1 ? 'kept' : 'changed')
  } else {
    const wanted = parseAddress(address)
    const has = wanted !== null && pod.status.podIPs.some((ip) => sameAddress(ip, wanted))
    check(`address of ${name}`, address, has ? address : own || 'nothing')
  }
}

function judgeRequests({ traffic }: Lifecycle, { requests: expected }: LifeExpectation, failures: Failure[]): void {
  if (expected === undefined) return
  const from = expected.from === undefined ? 0 : durationOf(expected.from)
  const until = expected.until === undefined ? Number.POSITIVE_INFINITY : durationOf(expected.until)
  const made = traffic.requests.filter(
    ({ at, client }) =>
      at >= from && at < until && (expected.client === undefined || client === split(expected.client).join('/')),
  )
  const failed = made.filter(({ status }) => status === null || status >= 500).length
  const { failedAtMost, failedAtLeast, atLeast } = expected
  if (failedAtMost !== undefined && failed > failedAtMost)
    failures.push({ field: 'requests failed', expected: `at most ${failedAtMost}`, got: String(failed) })
  if (failedAtLeast !== undefined && failed < failedAtLeast)
    failures.push({ field: 'requests failed', expected: `at least ${failedAtLeast}`, got: String(failed) })
  if (made.length < atLeast)
    failures.push({ field: 'requests made', expected: `at least ${atLeast}`, got: String(made.length) })
}

function judgeNode(life: Lifecycle, name: string, expected: LifeExpectation, check: Check, at: SourcePosition): void {
  const node = life.store.get('Node', '', name)
  if (node === null) throw inputError(`no Node ${name}`, undefined, at)
  const ready = conditionOf(node.status.conditions, 'Ready')?.status === 'True'
  if (expected.ready !== undefined)
    check(`readiness of ${name}`, expected.ready > 0 ? 'ready' : 'not ready', ready ? 'ready' : 'not ready')
}

function judgeEvents({ store }: Lifecycle, { event: expected }: LifeExpectation, failures: Failure[]): void {
  if (expected === undefined) return
  const { reason, object, message = '', atLeast, atMost } = expected
  const found = store
    .list('Event')
    .filter(
      (event) =>
        event.reason === reason &&
        event.message.includes(message) &&
        (object === undefined || object === `${event.involved.kind}/${event.involved.name}`),
    )
    .reduce((sum, { count }) => sum + count, 0)
  const field = `Events ${reason}`
  if (found < atLeast) failures.push({ field, expected: `at least ${atLeast}`, got: String(found) })
  if (atMost !== undefined && found > atMost)
    failures.push({ field, expected: `at most ${atMost}`, got: String(found) })
}

function readyEndpoints({ store }: Lifecycle, name: string, at: SourcePosition): number {
  const [namespace, own] = split(name)
  const service = store.get('Service', namespace, own)
  if (service === null) throw inputError(`no Service ${namespace}/${own}`, undefined, at)
  return slicesOf(store, service).reduce((sum, { endpoints }) => sum + endpoints.filter(({ ready }) => ready).length, 0)
}

export const split = (name: string): [string, string] => {
  const slash = name.indexOf('/')
  return slash < 0 ? ['default', name] : [name.slice(0, slash), name.slice(slash + 1)]
}
