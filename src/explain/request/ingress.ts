import type { Event, StepId } from '../../trace/step.ts'
import type { IngressEvent } from '../../trace/steps/ingress.ts'
import type { TlsKnown } from '../../trace/steps/tls.ts'
import { ingress as en } from '../messages/en-ingress.ts'
import { isKind, type StepIndex } from '../record.ts'
import type { Change } from './change.ts'

/** The certificate that an ingress controller chose, and what of which Ingress made it do so. */
export type IngressChoice = Omit<Extract<IngressEvent, { kind: 'ingress-certificate' }>, 'kind' | 'connection'>
export type IngressRoute = Omit<Extract<IngressEvent, { kind: 'ingress-route' }>, 'kind'>

/** Null: the server is no ingress controller. */
export function choiceIn(events: readonly Event[]): IngressChoice | null {
  const event = events.findLast((one) => one.kind === 'ingress-certificate')
  if (event === undefined) return null
  const { kind: _, connection: __, ...choice } = event
  return choice
}

/** `Ingress default/shop: spec.tls[0].secretName`; null where no Ingress has to do with it. */
export const fieldOf = (choice: IngressChoice): string | null => (choice.ingress === '' ? null : en.where(choice))

const factsOf = (choice: IngressChoice) => ({ ...choice, asked: choice.serverName ?? choice.host })

export const knownOf = (choice: IngressChoice): TlsKnown => ({
  side: 'server',
  fact: en.knew[choice.why](factsOf(choice)),
})

/** What to change in the cluster so that the controller serves a certificate of the host's own. Null: it does. */
export function ingressChange(choice: IngressChoice, held: string | null): Change | null {
  const { why } = choice
  if (why === 'secret') return null
  return { object: fieldOf(choice) ?? held, fix: en.fix[why](factsOf(choice)), commands: commandsFor(choice) }
}

function commandsFor({ why, ingress, secret, elsewhere }: IngressChoice): readonly string[] {
  if (ingress === '') return []
  const [namespace, name] = ingress.split('/')
  const show = en.showIngress(namespace, name)
  const [, wanted] = secret.split('/')
  if (why === 'secret-missing') {
    const from = elsewhere.split('/')[0]
    return [show, elsewhere === '' ? en.createSecret(namespace, wanted) : en.copySecret(from, namespace, wanted)]
  }
  return [show]
}

/** Where ingress controllers led what a program sent: the steps that it caused, in order. `start`: the step that began it. */
export function routesOf(index: StepIndex, start: StepId): readonly IngressRoute[] {
  return index.recorded.steps.flatMap((step) => {
    if (step.id < start || !isKind(step, 'ingress-route') || !isCausedBy(index, step.cause, start)) return []
    const { kind: _, ...route } = step.event
    return [route]
  })
}

function isCausedBy(index: StepIndex, step: StepId, start: StepId): boolean {
  for (let at = step; at >= start; at = index.step(at)?.cause ?? 0) if (at === start) return true
  return false
}
