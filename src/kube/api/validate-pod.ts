import type { FieldError } from './errors.ts'
import type { Container, PodSpec, Probe } from './pod-spec.ts'
import { at, invalidValue, nonNegative, type Path, required } from './validate-field.ts'

/** Pods share the containers of their template: once found right they need no second look. */
const right = new WeakSet<readonly Container[]>()

export function validatePodSpec(spec: PodSpec, path: Path, faults: FieldError[]): void {
  nonNegative(spec.terminationGracePeriodSeconds, [...path, 'terminationGracePeriodSeconds'], faults)
  const before = faults.length
  if (!right.has(spec.containers)) {
    if (spec.containers.length === 0) faults.push(at([...path, 'containers'], required()))
    const names = new Set<string>()
    validateContainers(spec.initContainers, [...path, 'initContainers'], names, faults)
    validateContainers(spec.containers, [...path, 'containers'], names, faults)
    if (faults.length === before) right.add(spec.containers)
  }
}

function validateContainers(
  containers: readonly Container[],
  path: Path,
  names: Set<string>,
  faults: FieldError[],
): void {
  const init = path.at(-1) === 'initContainers'
  containers.forEach((container, i) => {
    const here = [...path, i]
    if (container.name === '') faults.push(at([...here, 'name'], required()))
    else if (names.has(container.name)) faults.push(at([...here, 'name'], `Duplicate value: "${container.name}"`))
    names.add(container.name)
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
      const value = container[probe]
      if (value === null) continue
      if (init && !container.sidecar)
        faults.push(at([...here, probe], 'Forbidden: may not be set for init containers without restartPolicy=Always'))
      validateProbe(value, [...here, probe], probe === 'readinessProbe', faults)
    }
  })
}

function validateProbe(probe: Probe, path: Path, readiness: boolean, faults: FieldError[]): void {
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    nonNegative(probe[field], [...path, field], faults)
  }
  if (readiness) {
    if (probe.terminationGracePeriodSeconds !== null) {
      const message = invalidValue(probe.terminationGracePeriodSeconds, 'must not be set for readinessProbes')
      faults.push(at([...path, 'terminationGracePeriodSeconds'], message))
    }
  } else if (probe.successThreshold !== 1) {
    faults.push(at([...path, 'successThreshold'], invalidValue(probe.successThreshold, 'must be 1')))
  }
}
