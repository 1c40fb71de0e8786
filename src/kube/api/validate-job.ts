import type { JobSpec } from './batch.ts'
import type { FieldError } from './errors.ts'
import { at, invalidValue, nonNegative, type Path, required, unsupported } from './validate-field.ts'
import { validatePodSpec } from './validate-pod.ts'

export function validateJob(spec: JobSpec, path: Path, faults: FieldError[]): void {
  nonNegative(spec.parallelism, [...path, 'parallelism'], faults)
  nonNegative(spec.completions, [...path, 'completions'], faults)
  nonNegative(spec.backoffLimit, [...path, 'backoffLimit'], faults)
  nonNegative(spec.activeDeadlineSeconds, [...path, 'activeDeadlineSeconds'], faults)
  nonNegative(spec.ttlSecondsAfterFinished, [...path, 'ttlSecondsAfterFinished'], faults)
  if (spec.completionMode === 'Indexed' && spec.completions === null) {
    faults.push(at([...path, 'completions'], required('when completion mode is Indexed')))
  }
  if (spec.backoffLimitPerIndex !== null && spec.completionMode !== 'Indexed') {
    const message = invalidValue(spec.backoffLimitPerIndex, 'requires indexed completion mode')
    faults.push(at([...path, 'backoffLimitPerIndex'], message))
  }
  if (spec.successPolicy.length > 0 && spec.completionMode !== 'Indexed') {
    faults.push(at([...path, 'successPolicy'], invalidValue(spec.successPolicy, 'requires indexed completion mode')))
  }
  spec.podFailurePolicy.forEach(({ action }, i) => {
    if (action === 'FailIndex' && spec.backoffLimitPerIndex === null) {
      const rule = [...path, 'podFailurePolicy', 'rules', i, 'action']
      faults.push(at(rule, invalidValue(action, 'requires the backoffLimitPerIndex to be set')))
    }
  })
  const pod = [...path, 'template', 'spec']
  validatePodSpec(spec.template.spec, pod, faults)
  const policy = spec.template.spec.restartPolicy
  if (policy === 'Always') faults.push(at([...pod, 'restartPolicy'], unsupported(policy, ['OnFailure', 'Never'])))
  if (spec.podFailurePolicy.length > 0 && policy !== 'Never') {
    const why = `only "Never" is supported when podFailurePolicy is specified`
    faults.push(at([...pod, 'restartPolicy'], invalidValue(policy, why)))
  }
}
