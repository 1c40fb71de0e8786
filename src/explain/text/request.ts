import type { CertificateErrorCode } from '../../trace/steps/cert.ts'
import type { Glance } from '../glance.ts'
import { en } from '../messages/en.ts'
import { certificate } from '../messages/en-certificate.ts'
import { ingress } from '../messages/en-ingress.ts'
import { tls as words } from '../messages/en-tls.ts'
import { failedAlpn } from '../request/alpn.ts'
import { knownOf } from '../request/ingress.ts'
import type { RequestSeen, TlsSeen } from '../request/request.ts'
import type { TlsProgress } from '../request/stages.ts'
import { type AlertExplained, alertText, type Names, ROLES } from './alert.ts'
import { alpnText } from './alpn.ts'
import { columns, labelled } from './columns.ts'
import { handshakeText, judgementText } from './handshake.ts'
import { lostHeadline, lostText } from './lost.ts'
import { glanceText } from './session.ts'

const { session: say } = en

/** `DNS ok > TCP ok > hello ok > CERTIFICATE certificate_expired > http never sent`. */
export function stagesText(glance: Glance, progress: TlsProgress | null): string {
  const parts = glance.flatMap((part) =>
    part.stage === 'tls' && progress !== null ? tlsParts(progress, part.outcome) : [glanceText([part])],
  )
  const sent = glance.some(({ stage }) => stage === 'http')
  return [...parts, ...(sent ? [] : [`${say.stage.http} ${say.neverSent}`])].join(' > ')
}

function tlsParts({ passed, failed, alert }: TlsProgress, outcome: string): string[] {
  const good = passed.filter((stage) => stage !== 'finished').map((stage) => `${say.stage[stage]} ${say.ok}`)
  return failed === null ? good : [...good, `${say.stage[failed].toUpperCase()} ${alert ?? outcome}`]
}

/** `FAILED  certificate expired 2 days ago`: the cause, where TLS knows it better than curl says it. */
export function verdictText({ tls }: RequestSeen, message: string): string {
  const error = tls?.progress?.failed === 'certificate' ? tls.certificate?.errors[0] : undefined
  if (error !== undefined) return say.failed(certificate.fault[error.code] + ago(error.code, error.detail))
  const alert = tls?.alert ?? null
  if (tls === null) return say.failed(message)
  if (alert === null) return say.failed(lostHeadline(tls.carried, namesOf(tls)) ?? message)
  return say.failed(`${words.refusedBy(namesOf(tls)[alert.by], alert.alert, alert.code)}: ${alert.rule}`)
}

const DAY = 86_400_000
const TIME = /\d{4}-\d\d-\d\dT[\d:]+Z/g

/** How long it has been so: the detail names now and the limit. */
function ago(code: CertificateErrorCode, detail: string): string {
  if (code !== 'expired' && code !== 'not-yet-valid') return ''
  const [now, limit] = [...detail.matchAll(TIME)].map(([text]) => Date.parse(text))
  if (limit === undefined) return ''
  const days = Math.floor(Math.abs(now - limit) / DAY)
  return code === 'expired' ? ` ${say.daysAgo(days)}` : `, ${say.inDays(days)}`
}

/** Names, connection, handshake, certificates, and for what went wrong the rule, both sides and the change. */
export function requestText(seen: RequestSeen, from: string): string[] {
  const { dns, tcp, tls, unheard } = seen
  const head = [
    ...(dns === null ? [] : dnsRows(dns, from)),
    ...(tcp === null ? [] : [[say.tcp, tcpLine(tcp)] as const]),
    ...seen.routes.map((one, i) => [i === 0 ? HTTP : '', ingress.route[one.outcome](one)] as const),
    ...(seen.said === null ? [] : [['', say.saidBy(seen.said.by, seen.said.line)] as const]),
  ]
  const sections = [
    labelled(head, SHORT),
    ...(tls === null ? [] : tlsSections(tls, tcp?.by?.name ?? null)),
    ...(unheard === null ? [] : [alertText(unheard, { client: from, server: short(tcp?.by?.name ?? ROLES.server) })]),
  ]
  return sections.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
}

const SHORT = 6
const HTTP = 'HTTP'

function dnsRows(
  { server, by, questions }: NonNullable<RequestSeen['dns']>,
  from: string,
): (readonly [string, string])[] {
  const names = [...new Set(questions.map(({ name }) => name))]
  const rows = columns(
    names.map((name) => [
      name,
      ...questions
        .filter((one) => one.name === name)
        .map(({ type, rcode, answers }) => `${type} ${answerText(rcode, answers)}`),
    ]),
  )
  const who = by === null ? '' : `${by.name} ${by.address}`
  return [...rows, say.asked(from, server, who)].map((text, i) => [i === 0 ? say.dns : '', text] as const)
}

function answerText(rcode: string, answers: readonly string[]): string {
  if (rcode === '') return say.noAnswer
  if (rcode !== 'NOERROR') return rcode
  return answers.length === 0 ? say.noRecord : answers.join(', ')
}

function tcpLine({ to, by, mss, problem }: NonNullable<RequestSeen['tcp']>): string {
  const where = by === null || by.address === to ? to : `${to} => ${by.name} ${by.address}`
  if (mss !== null) return `${where}   ${say.mss(mss)}`
  return `${where}   ${say.noConnection(problem === null ? say.nothingCame : `${say.endedAt} ${problem.at}: ${problem.why}`)}`
}

function tlsSections(tls: TlsSeen, peer: string | null): string[][] {
  const { connection, alert, carried, progress } = tls
  const names = namesOf(tls, peer)
  const mine = connection.steps.map(({ event }) => event)
  const alpn = alert?.alert === 'no_application_protocol' ? failedAlpn(connection.events) : null
  // The table says what both sides knew.
  const told = alpn === null || alert === null ? alert : { ...alert, knew: [] }
  const theirs = judgementText(connection.serverSteps.map(({ event }) => event))
  return [
    handshakeText(mine, 'client', names, carried.records),
    judgementText(mine),
    ...(theirs.length === 0 ? [] : [[say.judgedByServer, ...theirs]]),
    ...(alpn === null ? [] : [alpnText(alpn, names)]),
    ...(told === null ? objectRows(tls) : [alertText(told, names, readyRow(progress))]),
    lostText(carried, names),
    ...(alert === null ? [] : [sameText(tls, alert)]),
  ]
}

const namesOf = ({ client, server }: TlsSeen, peer: string | null = null): Names => ({
  client: short(client),
  server: short(server ?? peer ?? ROLES.server),
})
const short = (name: string): string => name.replace(/^default\//, '')

function objectRows({ object, ingress: choice }: TlsSeen): string[][] {
  if (object === null) return []
  const rows: (readonly [string, string])[] = [[words.heading.object, `${object.object}, ${object.key}`]]
  if (choice !== null) rows.push([ingress.heading, knownOf(choice).fact])
  return [labelled(rows)]
}

const readyRow = (progress: TlsProgress | null): (readonly [string, string])[] =>
  progress?.failed === 'certificate' ? [say.ready] : []

/** The command that shows the same in a real cluster, by what went wrong. */
function sameText({ target, progress, certificate: verdict }: TlsSeen, { alert }: AlertExplained): string[] {
  const { host, port } = target
  const name = /^[\d.]+$|:/.test(host) ? '' : ` -servername ${host}`
  const options = `${flagsFor(alert, progress)} </dev/null`
  const look = progress?.failed === 'certificate' ? LOOK[verdict?.errors[0]?.code ?? ''] : undefined
  const connect = host.includes(':') ? `[${host}]` : host
  return [
    `${say.same}:`,
    `  openssl s_client -connect ${connect}:${port}${name}${options}${look === undefined ? '' : ` | openssl x509 -noout ${look}`}`,
  ]
}

function flagsFor(alert: string, progress: TlsProgress | null): string {
  if (progress?.failed === 'clientCertificate') return ' -CAfile ca.crt -cert tls.crt -key tls.key'
  if (alert === 'protocol_version') return ' -tls1_2'
  if (alert === 'no_application_protocol') return ' -alpn http/1.1'
  return progress?.failed === 'certificate' ? ' -CAfile ca.crt -showcerts' : ' -CAfile ca.crt'
}

/** What to look at in the certificate. */
const LOOK: Readonly<Record<string, string>> = {
  expired: '-subject -dates',
  'not-yet-valid': '-subject -dates',
  'name-mismatch': '-subject -ext subjectAltName',
  'unknown-ca': '-subject -issuer',
  'self-signed': '-subject -issuer',
  'wrong-purpose': '-subject -ext extendedKeyUsage',
}

/** What to try next: options for the same command, or commands of their own. */
export function nextText(seen: RequestSeen, url: string, from: string, files: readonly string[] = []): string[] {
  const found = [...suggestions(seen, url, from, files)]
  return [`${en.heading.next}:  ${found.join(' · ')}`]
}

function* suggestions(
  { tls, tcp, service }: RequestSeen,
  url: string,
  from: string,
  files: readonly string[],
): Generator<string> {
  const given = files.map((file) => ` -f ${file}`).join('')
  const failed = tls?.progress?.failed ?? null
  const [error] = tls?.certificate?.errors ?? []
  if (failed === 'certificate' && error !== undefined) {
    yield '-k'
    if ((error.code === 'expired' || error.code === 'not-yet-valid') && tls?.object != null) {
      const { notBefore, notAfter } = tls.object
      yield `--at ${new Date(notBefore + Math.floor((notAfter - notBefore) / 2)).toISOString().slice(0, 10)}`
    }
    if (error.code === 'unknown-ca' || error.code === 'self-signed') yield '--cacert FILE'
  }
  if (failed === 'clientCertificate') yield '--cert cluster-ca'
  if (tls?.alert?.alert === 'protocol_version') yield '--tls-max 1.3'
  if (tls !== null && tls.carried.lost !== null) yield '--curves X25519'
  if (service !== null && (tcp?.mss ?? null) === null) yield `podwire trace${given} --from ${from} --to ${service}`
  if (tls !== null && failed === null && tls.progress?.alert === null) yield '--tls-max 1.2'
  yield '-v'
  // It takes one scenario.
  if (tls !== null && url.startsWith('https:') && files.length < 2)
    yield `podwire tls inspect${files.map((file) => ` ${file}`).join('')} --from ${from} --url ${url} -v`
  yield '--pcap FILE'
}
