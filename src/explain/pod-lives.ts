import type { Step } from '../trace/step.ts'
import type { ObjectRef } from '../trace/steps/kube.ts'
import { formatAddress } from '../util/address.ts'
import type { Recorded } from './record.ts'

/** Where a pod is in its life: what `kubectl get pods` would say, in one word. */
export type LifeStage = 'pending' | 'creating' | 'running' | 'waiting' | 'terminating' | 'succeeded' | 'failed' | 'gone'

/** From `at` on, in nanoseconds, the pod is in this stage. */
export interface Stage {
  readonly at: number
  readonly stage: LifeStage
}

/** A pod from its creation to its end: a name that comes again is another pod, with another uid. */
export interface PodLife {
  readonly pod: ObjectRef
  readonly stages: Stage[]
  /** Whether it was Ready from then on. */
  readonly ready: { readonly at: number; readonly ready: boolean }[]
  /** When a container of it was started anew. */
  readonly restarts: number[]
  readonly addresses: string[]
  node: string
}

/** How many endpoints of a Service are ready, each time that changes. */
export interface EndpointCount {
  /** `default/web`. */
  readonly service: string
  readonly counts: { readonly at: number; readonly ready: number }[]
}

export const stageAt = ({ stages }: PodLife, at: number): LifeStage | null =>
  stages.findLast((stage) => stage.at <= at)?.stage ?? null

/** The pods that the recording tells of, in the order in which they were made. */
export function podLives(recorded: Recorded): PodLife[] {
  const lives = new Map<string, PodLife>()
  for (const step of recorded.steps) {
    const { event } = step
    if (event.kind === 'kube-object') {
      if (event.object.kind === 'Pod') objectChanged(lives, step.at, event)
    } else if ('pod' in event && typeof event.pod === 'object') {
      const life = lives.get(event.pod.uid)
      if (life !== undefined) podChanged(life, step)
    }
  }
  return [...lives.values()]
}

function objectChanged(
  lives: Map<string, PodLife>,
  at: number,
  { change, object }: Extract<Step['event'], { kind: 'kube-object' }>,
): void {
  const known = lives.get(object.uid)
  if (known === undefined && change === 'created') {
    const stages: Stage[] = [{ at, stage: 'pending' }]
    lives.set(object.uid, { pod: object, stages, ready: [], restarts: [], addresses: [], node: '' })
  } else if (known !== undefined && change === 'deleting') enter(known, at, 'terminating')
  else if (known !== undefined && change === 'deleted') enter(known, at, 'gone')
}

function podChanged(life: PodLife, { at, event }: Step): void {
  switch (event.kind) {
    case 'pod-scheduled':
      life.node = event.node
      enter(life, at, 'creating')
      break
    case 'pod-phase':
      if (event.to === 'Running' || event.to === 'Succeeded' || event.to === 'Failed')
        enter(life, at, event.to.toLowerCase() as LifeStage)
      break
    case 'container-state':
      if (event.state === 'running') {
        if (event.restarts > 0) life.restarts.push(at)
        if (last(life) === 'waiting') enter(life, at, 'running')
      } else if (event.state === 'waiting' && last(life) === 'running') enter(life, at, 'waiting')
      break
    case 'pod-condition':
      if (event.condition === 'Ready') life.ready.push({ at, ready: event.status === 'True' })
      break
    case 'pod-address':
      life.node = event.node
      if (event.change === 'assigned') life.addresses.push(...event.addresses.map(formatAddress))
  }
}

const last = ({ stages }: PodLife): LifeStage => stages[stages.length - 1].stage

/** A pod that is on its way out stays so, whatever its containers do. */
function enter(life: PodLife, at: number, stage: LifeStage): void {
  const before = last(life)
  if (before === stage || before === 'gone' || (before === 'terminating' && stage !== 'gone')) return
  life.stages.push({ at, stage })
}

/** Each Service's number of ready endpoints over time, over all its EndpointSlices. */
export function endpointCounts(recorded: Recorded): EndpointCount[] {
  const services = new Map<string, { readonly count: EndpointCount; readonly slices: Map<string, number> }>()
  for (const { at, event } of recorded.steps) {
    if (event.kind !== 'endpoints') continue
    const { service, slice, endpoints } = event
    let known = services.get(service)
    if (known === undefined)
      services.set(service, (known = { count: { service, counts: [] }, slices: new Map<string, number>() }))
    known.slices.set(slice, endpoints.filter((state) => state.ready).length)
    const ready = [...known.slices.values()].reduce((sum, n) => sum + n, 0)
    if (known.count.counts.at(-1)?.ready !== ready) known.count.counts.push({ at, ready })
  }
  return [...services.values()].map(({ count }) => count)
}
