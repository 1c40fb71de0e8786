import { alpn as en } from '../messages/en-alpn.ts'
import { tls } from '../messages/en-tls.ts'
import { type FailedAlpn, failedAlpn } from '../request/alpn.ts'
import { changeFor, type Involved } from '../request/change.ts'
import type { TlsConnection } from '../tls-connections.ts'
import type { Names } from './alert.ts'
import { columns, EXCHANGE_LABEL, labelled } from './columns.ts'

/** What is to be changed in the cluster for it. */
export function alpnChangeText({ events }: TlsConnection, involved: Involved): string[] {
  const change = failedAlpn(events) === null ? null : changeFor('no_application_protocol', events, involved)
  if (change === null) return []
  const { object, fix } = change
  const rows = object === null ? [] : [[tls.heading.object.toLowerCase(), object] as const]
  return labelled([...rows, [tls.heading.fix.toLowerCase(), fix]], EXCHANGE_LABEL)
}

/** What each end named, in which order, and why none of it was chosen. */
export function alpnText({ by, protocols }: FailedAlpn, names: Names): string[] {
  return [
    ...columns([
      [en.title, en.offers(names.client), en.supports(names.server), en.chosen],
      ...protocols.map(({ protocol, offered, supported }) => [
        ` ${protocol}`,
        en.place(offered),
        en.place(supported),
        offered === 0 ? en.notOffered : en.notSupported,
      ]),
    ]),
    ` ${en.none(names[by])}`,
  ]
}
