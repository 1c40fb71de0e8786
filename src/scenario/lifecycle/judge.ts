import { conditionOf, restartsOf } from '../../kube/api/pod-object.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import type { Emulation } from '../emulation.ts'
import { durationOf, type FinalExpectation } from '../load/scenario-schema.ts'
import type { Failure } from '../outcome.ts'
import { slicesOf } from './slim.ts'

/** Expectations about endpoints, requests, and a pod's life. Waits until `by` where that is still to come. */
export function judgeLife(
  emulation: Emulation,
  expected: FinalExpectation & { readonly at: SourcePosition },
): Failure[] {
  const failures: Failure[] = []
  const check = (field: string, wanted: unknown, got: unknown): void => {
    if (wanted !== undefined && wanted !== got) failures.push({ field, expected: String(wanted), got: String(got) })
  }
  const by = expected.by === undefined ? 0 : durationOf(expected.by)
  if (by > emulation.now) emulation.advance(by - emulation.now)
  const { life } = emulation
  if (life === null) return failures
  const { endpoints, requests, pod } = expected
  if (endpoints !== undefined)
    check(`ready endpoints of ${endpoints}`, expected.ready, readyOf(emulation, endpoints, expected.at))
  if (requests !== undefined) {
    const failed = life.traffic.failed.length
    if (failed > requests.failedAtMost) {
      failures.push({ field: 'requests failed', expected: `at most ${requests.failedAtMost}`, got: String(failed) })
    }
    const made = life.traffic.requests.length
    if (made < requests.atLeast) {
      failures.push({ field: 'requests made', expected: `at least ${requests.atLeast}`, got: String(made) })
    }
  }
  if (pod !== undefined) {
    const [namespace, name] = pod.includes('/') ? pod.split('/') : ['default', pod]
    const found = life.pod(namespace, name)
    check(`phase of ${pod}`, expected.phase, found?.status.phase ?? 'gone')
    check(`restarts of ${pod}`, expected.restarts, found === null ? 'gone' : restartsOf(found))
    if (expected.ready !== undefined && found !== null) {
      const ready = conditionOf(found.status.conditions, 'Ready')?.status === 'True'
      check(`readiness of ${pod}`, expected.ready > 0 ? 'ready' : 'not ready', ready ? 'ready' : 'not ready')
    }
  }
  return failures
}

function readyOf({ life }: Emulation, name: string, at: SourcePosition): number {
  const [namespace, own] = name.includes('/') ? name.split('/') : ['default', name]
  const service = life!.store.get('Service', namespace, own)
  if (service === null) throw inputError(`no Service ${namespace}/${own}`, undefined, at)
  const slices = slicesOf(life!.store, service)
  return slices.reduce((sum, { endpoints }) => sum + endpoints.filter(({ ready }) => ready).length, 0)
}
