import type { PodSpec } from './pod-spec.ts'
import type { Toleration } from './scheduling.ts'

/** DefaultTolerationSeconds: how long pods stay on a node that fell silent. */
const EVICTION_SECONDS = 300
const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

const forKey = (key: string): Toleration => ({
  ...({ key, operator: 'Exists', value: '', effect: 'NoExecute', tolerationSeconds: EVICTION_SECONDS } as const),
})
const DEFAULTS = [forKey(NOT_READY), forKey(UNREACHABLE)]

/** Pods of a template share its spec, so they share the admitted one too. */
const admitted = new WeakMap<PodSpec, PodSpec>()

/** What the admission plugin DefaultTolerationSeconds makes of a pod: five minutes on a node that is lost. */
export function admitPod(spec: PodSpec): PodSpec {
  const known = admitted.get(spec)
  if (known !== undefined) return known
  const missing = DEFAULTS.filter(
    ({ key }) =>
      !spec.tolerations.some(
        (own) => (own.key === key || own.key === '') && (own.effect === 'NoExecute' || own.effect === ''),
      ),
  )
  const result = missing.length === 0 ? spec : { ...spec, tolerations: [...spec.tolerations, ...missing] }
  admitted.set(spec, result)
  admitted.set(result, result)
  return result
}
