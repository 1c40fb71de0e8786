import { describe, expect, it } from 'vitest'
import { container, pod } from '../../api/build.ts'
import { NO_LABELS } from '../../api/meta.ts'
import { isReady } from '../../api/pod-object.ts'
import type { Container, Probe } from '../../api/pod-spec.ts'
import { Lab, type LabOptions } from './testing/lab.ts'

const probe = (given: Partial<Probe> = {}): Probe => ({
  handler: { kind: 'httpGet', scheme: 'HTTP', host: '', path: '/', port: 8080, headers: [] },
  initialDelaySeconds: 0,
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
  terminationGracePeriodSeconds: null,
  ...given,
})
/** It is healthy in these spans of seconds. */
const during =
  (...spans: readonly (readonly [number, number])[]): LabOptions['probe'] =>
  (_target, now) => ({
    ok: spans.some(([from, to]) => now / 1e9 >= from && now / 1e9 < to),
  })
const start = (given: Partial<Container>, answer: LabOptions['probe']): Lab => {
  const lab = new Lab({ probe: answer })
  lab.store.create(pod('web', NO_LABELS, { containers: [container('app', given)], terminationGracePeriodSeconds: 1 }))
  return lab
}
const probes = (lab: Lab, kind: string): { at: number; ok: boolean }[] =>
  lab.kernel.recorder.steps.flatMap(({ at, event }) =>
    event.kind === 'probe' && event.probe === kind ? [{ at: Math.round(at / 1e9), ok: event.ok }] : [],
  )

// Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes".
describe('readiness', () => {
  it('is asked at once, then every period, and keeps the pod out until it succeeds', () => {
    const lab = start({ readinessProbe: probe() }, during([25, 1e9]))
    lab.run(60)
    expect(probes(lab, 'readiness').map(({ at }) => at)).toEqual([1, 11, 21, 31, 41, 51])
    lab.run(0)
    expect(isReady(lab.pod('web'))).toBe(true)
    expect(lab.pod('web').status.containerStatuses[0].restartCount).toBe(0)
  })

  it('waits for initialDelaySeconds', () => {
    const lab = start({ readinessProbe: probe({ initialDelaySeconds: 15 }) }, during([0, 1e9]))
    lab.run(30)
    expect(probes(lab, 'readiness').map(({ at }) => at)).toEqual([21])
  })

  it.each([
    [
      1,
      3,
      [
        [0, 30],
        [60, 1e9],
      ],
      [1, 51, 61],
    ],
    [
      2,
      1,
      [
        [0, 30],
        [60, 1e9],
      ],
      [11, 31, 71],
    ],
  ] as const)(
    'with successThreshold %i and failureThreshold %i changes when so many came in a row',
    (successThreshold, failureThreshold, spans, changes) => {
      const lab = start({ readinessProbe: probe({ successThreshold, failureThreshold }) }, during(...spans))
      lab.run(120)
      const seen = lab.kernel.recorder.steps.flatMap(({ at, event }) =>
        event.kind === 'pod-condition' && event.condition === 'Ready' ? [[Math.round(at / 1e9), event.status]] : [],
      )
      expect(seen.slice(-3)).toEqual([
        [changes[0], 'True'],
        [changes[1], 'False'],
        [changes[2], 'True'],
      ])
      expect(lab.pod('web').status.containerStatuses[0].restartCount).toBe(0)
    },
  )

  it('that is not answered in time fails', () => {
    const lab = start({ readinessProbe: probe({ timeoutSeconds: 2 }) }, () => ({ ok: true, after: 3e9 }))
    lab.run(30)
    expect(isReady(lab.pod('web'))).toBe(false)
    const details = lab.store
      .list('Event')
      .filter(({ reason }) => reason === 'Unhealthy')
      .map(({ message }) => message)
    expect(details).toEqual(['Readiness probe failed: context deadline exceeded'])
  })
})

describe('liveness', () => {
  it('restarts the container after failureThreshold failures, and keeps pod and address', () => {
    const lab = start({ livenessProbe: probe() }, during([0, 25], [60, 1e9]))
    lab.run(20)
    const { uid } = lab.pod('web').meta
    const address = lab.address('web')
    lab.run(45)
    expect(lab.pod('web').meta.uid).toBe(uid)
    expect(lab.address('web')).toBe(address)
    expect(lab.pod('web').status.containerStatuses[0].restartCount).toBe(1)
    expect(
      probes(lab, 'liveness')
        .filter(({ ok }) => !ok)
        .map(({ at }) => at),
    ).toEqual([30, 40, 50])
    expect(lab.store.list('Event').map(({ message }) => message)).toContain(
      'Container app failed liveness probe, will be restarted',
    )
  })
})

describe('startup', () => {
  it('holds the other two back until it succeeds, and is not asked again', () => {
    const lab = start(
      { startupProbe: probe({ failureThreshold: 30 }), readinessProbe: probe(), livenessProbe: probe() },
      during([35, 1e9]),
    )
    lab.run(90)
    expect(probes(lab, 'startup')).toEqual([10, 20, 30].map((at) => ({ at, ok: false })).concat({ at: 40, ok: true }))
    expect(probes(lab, 'readiness')[0]).toEqual({ at: 40, ok: true })
    expect(probes(lab, 'liveness')[0]).toEqual({ at: 50, ok: true })
    expect(lab.pod('web').status.containerStatuses[0]).toMatchObject({ restartCount: 0, started: true })
  })

  it('lets a slow starter live that liveness alone would kill', () => {
    const slow = during([65, 1e9])
    const without = start({ livenessProbe: probe() }, slow)
    without.run(60)
    expect(without.pod('web').status.containerStatuses[0].restartCount).toBeGreaterThan(0)
    const held = start({ livenessProbe: probe(), startupProbe: probe({ failureThreshold: 10 }) }, slow)
    held.run(200)
    expect(held.pod('web').status.containerStatuses[0].restartCount).toBe(0)
  })

  it('kills the container when it fails for good', () => {
    const lab = start({ startupProbe: probe({ failureThreshold: 2 }) }, during())
    lab.run(25)
    expect(lab.pod('web').status.containerStatuses[0].restartCount).toBe(1)
  })
})

// pkg/probe/util.go ResolveContainerPort, pkg/kubelet/prober: what cannot be asked counts neither way.
describe('a port', () => {
  const asked = (port: number | string): { readonly lab: Lab; readonly asked: (string | undefined)[] } => {
    const handler = { kind: 'tcpSocket', host: '', port } as const
    const ports = [{ name: 'web', port: 8080, hostPort: 0, protocol: 'TCP' }] as const
    const lab = start({ ports, livenessProbe: probe({ handler, periodSeconds: 1 }) }, during([0, 1e9]))
    lab.run(20)
    return {
      lab,
      asked: lab.kernel.recorder.steps.map(({ event }) => (event.kind === 'probe' ? event.asked : undefined)),
    }
  }

  it.each([
    [8080, 'tcp 10.244.1.2:8080'],
    ['web', 'tcp 10.244.1.2:8080'],
    ['8081', 'tcp 10.244.1.2:8081'],
  ])('%s leads to %s', (port, where) => {
    expect(asked(port).asked).toContain(where)
  })

  it('that no container has makes no answer, and a warning', () => {
    const { lab, asked: lines } = asked('metrics')
    expect(lines.filter((line) => line !== undefined)).toEqual([])
    expect(lab.pod('web').status.containerStatuses[0].restartCount).toBe(0)
    expect(lab.store.list('Event').map(({ message }) => message)).toContain(
      'Liveness probe errored and resulted in unknown state: strconv.Atoi: parsing "metrics": invalid syntax',
    )
  })
})

describe('the host of a probe', () => {
  it.each([
    [
      { kind: 'httpGet', scheme: 'HTTP', host: '127.0.0.1', path: '/healthz', port: 10259, headers: [] },
      'GET http://127.0.0.1:10259/healthz',
    ],
    [{ kind: 'tcpSocket', host: 'fd00::1', port: 80 }, 'tcp [fd00::1]:80'],
    [{ kind: 'tcpSocket', host: 'db.example', port: 80 }, 'tcp db.example:80'],
  ] as const)('is asked instead of the pod: %#', (handler, asked) => {
    const lab = start({ readinessProbe: probe({ handler }) }, during([0, 1e9]))
    lab.run(5)
    const steps = lab.kernel.recorder.steps.flatMap(({ event }) => (event.kind === 'probe' ? [event.asked] : []))
    expect(steps).toEqual([asked])
  })
})
