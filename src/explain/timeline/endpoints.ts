import type { Step } from '../../trace/step.ts'
import type { EndpointState, KubeEvent } from '../../trace/steps/kube.ts'
import { formatAddress } from '../../util/address.ts'
import { timeline as say } from '../messages/en-timeline.ts'
import type { Drafts } from './entry.ts'

type Endpoints = Extract<KubeEvent, { kind: 'endpoints' }>

/** What changed in a Service's EndpointSlices, and how many endpoints are ready then. */
export class EndpointChanges {
  private readonly services = new Map<string, Map<string, readonly EndpointState[]>>()

  constructor(private readonly drafts: Drafts) {}

  take(step: Step, { service, slice, endpoints }: Endpoints): void {
    let slices = this.services.get(service)
    if (slices === undefined) this.services.set(service, (slices = new Map()))
    const before = new Map((slices.get(slice) ?? []).map((state) => [formatAddress(state.address), state]))
    slices.set(slice, endpoints)
    const changes: string[] = []
    for (const state of endpoints) {
      const address = formatAddress(state.address)
      const text = changeOf(before.get(address) ?? null, state)
      if (text !== '') changes.push(`${address} ${text}`)
      before.delete(address)
    }
    for (const address of before.keys()) changes.push(say.endpointGone(address))
    if (changes.length === 0 || service.startsWith('kube-system/') || service === 'default/kubernetes') return
    const ready = [...slices.values()].flat().filter((state) => state.ready).length
    const subject = `svc/${service.replace(/^default\//, '')}`
    for (const change of changes) this.drafts.say(step.at, step.id, subject, 'endpoints', change, say.readyCount(ready))
  }
}

function changeOf(before: EndpointState | null, now: EndpointState): string {
  if (now.terminating)
    return before?.terminating === true && before.serving === now.serving ? '' : say.terminating(now.serving)
  if (now.ready) return before?.ready === true ? '' : say.endpointReady
  return before === null || before.ready ? say.endpointNotReady : ''
}
