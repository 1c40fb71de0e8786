import { ingress as en } from '../messages/en-ingress.ts'
import { tls } from '../messages/en-tls.ts'
import type { Involved } from '../request/change.ts'
import { choiceIn, type IngressRoute, knownOf } from '../request/ingress.ts'
import type { TlsConnection } from '../tls-connections.ts'
import { explainAlert } from './alert.ts'
import { EXCHANGE_LABEL, labelled } from './columns.ts'

type Row = readonly [label: string, text: string]

/** What an ingress controller knew when it chose a certificate, and where that was no use, what is to be changed. */
export function ingressTlsText({ events }: TlsConnection, involved: Involved): string[] {
  const choice = choiceIn(events)
  if (choice === null) return []
  const alert = explainAlert(events, 'client', involved)
  const rows: Row[] = [[en.heading.toLowerCase(), knownOf(choice).fact]]
  if (alert?.object != null && choice.ingress !== '') rows.push([tls.heading.object.toLowerCase(), alert.object])
  if (alert?.fix != null) rows.push([tls.heading.fix.toLowerCase(), alert.fix])
  return labelled(rows, EXCHANGE_LABEL)
}

/** Where ingress controllers led a request. */
export const routesText = (routes: readonly IngressRoute[]): string[] =>
  labelled(
    routes.map((route): Row => [en.heading.toLowerCase(), en.route[route.outcome](route)]),
    EXCHANGE_LABEL,
  )
