import type { Exchange } from '../exchange.ts'
import { en } from '../messages/en.ts'
import { certificate } from '../messages/en-certificate.ts'
import { ROLES } from './alert.ts'
import { alpnText } from './alpn.ts'
import { columns } from './columns.ts'

/** The object that a certificate comes from; null when nobody knows. */
export type OriginOf = (fingerprint: string) => { readonly object: string; readonly key: string } | null

const ARROW = { sent: '-->', received: '<--' } as const
/** A client's tickets come after the handshake and change nothing in it. */
const LATE = 'NewSessionTicket'

/** A handshake in a few lines: its ladder, the alert's rule, what the client thought of the certificate, whose it is. */
export function exchangeText({ rungs, alert, alpn, judged, verdict }: Exchange, originOf: OriginOf): string[] {
  const shown = rungs.filter(({ name, detail }) => name !== LATE && !detail.startsWith('close_notify'))
  const tickets = rungs.filter(({ name }) => name === LATE).length
  const rows = columns(
    shown.map(({ direction, name, state, detail }, i) => [
      String(i + 1).padStart(2),
      name,
      ARROW[direction],
      state,
      detail,
    ]),
  )
  const sealed = shown.findIndex(({ state }) => state !== 'plain' && state !== '')
  if (sealed >= 0) rows.splice(sealed, 0, `    ${en.session.sealedFromHere}`)
  const lines = [...rows, ...(tickets > 0 ? [`    ${en.session.tickets(tickets)}`] : [])]
  if (alert !== null) {
    lines.push(`    ${en.session.because}  ${alert.rule}  (${alert.rfc})`)
    if (alpn !== null) lines.push(...alpnText(alpn, ROLES).map((line) => `    ${line}`))
    else for (const { side, fact } of alert.knew) lines.push(`    ${side.padEnd(7)}  ${fact}`)
  }
  if (judged !== null && verdict !== null) {
    const { subject, fingerprint } = judged.leaf
    const [first] = verdict.errors
    const told = alert?.rule === first?.detail ? '' : `: ${first?.detail}`
    const word = verdict.ok
      ? `${certificate.ok} ${verdict.path.join(' < ')}`
      : `${subject} ${certificate.failed} ${certificate.fault[first.code]}${told}`
    lines.push(`    ${en.session.certificate}  ${word}`)
    const origin = originOf(fingerprint)
    if (origin !== null) lines.push(`    ${en.session.object}  ${origin.object}, ${origin.key}`)
  }
  return lines
}
