import { fetch } from '../app/curl/curl.ts'
import { CODE } from '../app/curl/failure.ts'
import type { CurlResult, CurlOptions as FetchOptions, TlsResult } from '../app/curl/options.ts'
import { parseUrl } from '../app/curl/url.ts'
import { type Glance, glanceOf } from '../explain/glance.ts'
import { en } from '../explain/messages/en.ts'
import { change } from '../explain/messages/en-change.ts'
import { tls } from '../explain/messages/en-tls.ts'
import { isKind } from '../explain/record.ts'
import { type RequestSeen, requestSeen, type TlsSeen } from '../explain/request/request.ts'
import { type PacketLine, packetsOf } from '../explain/session.ts'
import { labelled } from '../explain/text/columns.ts'
import { nextText, requestText as seenText, stagesText, verdictText } from '../explain/text/request.ts'
import { packetTable } from '../explain/text/session.ts'
import { pcapng } from '../export/pcapng.ts'
import type { Emulation } from '../scenario/emulation.ts'
import { playUntil } from '../scenario/run.ts'
import { surroundings } from '../scenario/tls/surroundings.ts'
import { type Address, parseAddress } from '../util/address.ts'
import { text, utf8 } from '../util/bytes.ts'
import { inputError } from '../util/diagnostics.ts'
import type { Header } from '../wire/http/head.ts'
import { captureFilter } from './capture.ts'
import type { CurlOptions } from './curl.ts'
import { httpsOf } from './curl-https.ts'
import { EXIT } from './exit.ts'
import { emulationOf, freshOf, heading, inventoryOf } from './input.ts'
import { print, printJson, writeNew } from './output.ts'

/** One request and everything that was seen of it. */
interface Request {
  readonly result: CurlResult
  readonly glance: Glance
  readonly packets: readonly PacketLine[]
  /** What curl printed. */
  readonly lines: readonly string[]
  readonly seen: RequestSeen
}

export function curl(url: string, options: CurlOptions): number {
  const emulation = clusterOf(options)
  const wanted = { ...fetchOptions(options), upgrades: { https: httpsOf(emulation, options) } }
  const clock = new Date(emulation.epoch + emulation.now / 1e6).toISOString().replace(/\.\d+Z$/, 'Z')
  const title = heading(emulation) + (url.startsWith('https:') ? en.session.clock(clock) : '')
  const requests = Array.from({ length: options.count }, () => request(emulation, url, options.from, wanted))
  writeFiles(emulation, options)
  if (options.output === 'json')
    printJson('Curl', { request: { from: options.from, url }, requests: requests.map(plain) })
  else if (requests.length === 1) print([title, '', ...requestText(requests[0], url, options)])
  else print([title, '', ...countText(requests)])
  return requests.every(({ result }) => result.code === 0) ? EXIT.ok : EXIT.failed
}

/** Just up, or (--after) as the scenario's steps left it. */
function clusterOf(options: CurlOptions): Emulation {
  const { after } = options
  if (after === undefined) return emulationOf(options)
  const inventory = inventoryOf(options)
  const [scenario] = inventory.scenarios
  if (scenario === undefined) throw inputError(`--after ${after} without a Scenario`, '-f SCENARIO.yaml')
  const emulation = freshOf(options, 'frames', inventory)
  playUntil(emulation, scenario, after === 'end' ? null : after)
  return emulation
}

function writeFiles(emulation: Emulation, options: CurlOptions): void {
  const keylog = emulation.tls.keylog.map((line) => `${line}\n`).join('')
  if (options.keylog !== undefined) writeNew(options.keylog, keylog, { force: options.force, secret: true })
  if (options.pcap === undefined) return
  const at = captureFilter(emulation, options.capture, options.from)
  const secret = keylog !== ''
  writeNew(options.pcap, pcapng(emulation.recorder, { at, epoch: emulation.epoch, keylog }), {
    force: options.force,
    secret,
  })
}

function request(emulation: Emulation, url: string, from: string, options: FetchOptions): Request {
  const host = emulation.host(from)
  const before = emulation.recorder.steps.length
  const result = emulation.runProgram(host, 'curl', (context) => fetch(context, url, options))
  const mine = emulation.recorder.steps.slice(before)
  const start = mine.find((step) => isKind(step, 'program') && step.event.program === 'curl')?.id ?? 0
  const lines = mine.flatMap((step) =>
    isKind(step, 'output') && step.event.program === 'curl' ? [step.event.line] : [],
  )
  const packets = packetsOf(emulation.index, start)
  const { host: name, port } = parseUrl(url) ?? { host: '', port: 0 }
  const seen = requestSeen(emulation.index, start, packets, { host: name, port }, surroundings(emulation))
  return { result, glance: glanceOf(emulation.index, start), packets, lines, seen }
}

function requestText({ result, glance, packets, lines, seen }: Request, url: string, options: CurlOptions): string[] {
  const { from, cert = '', key = cert } = options
  const { session } = en
  const verdict = result.code === 0 ? session.succeeded(result.status ?? 0) : verdictText(seen, result.message ?? '')
  return [
    `${verdict}   ${session.exit(result.code)}`,
    `  ${stagesText(glance, seen.tls?.progress ?? null)}`,
    '',
    ...seenText(seen, from),
    ...(result.code === CODE.certProblem ? ['', ...labelled([[tls.heading.fix, change.wrongKey(key, cert)]])] : []),
    '',
    session.output,
    ...lines.map((line) => `  ${line}`.trimEnd()),
    '',
    session.packets,
    ...packetTable(packets),
    '',
    ...nextText(seen, url, from, options.file),
  ]
}

/** Many requests: a line each, and how many were answered. */
function countText(requests: readonly Request[]): string[] {
  const rows = requests.map(({ result, glance, packets, seen }, i) => {
    const peer = packets.find((line) => line.direction === 'sent' && line.frame.tcp !== undefined)?.peer ?? ''
    const stages = stagesText(glance, seen.tls?.progress ?? null)
    return `${String(i + 1).padStart(4)}  ${stages}  ${peer}  ${en.session.exit(result.code)}`
  })
  const ok = requests.filter(({ result }) => result.code === 0).length
  return [...rows, '', en.session.requests(requests.length, ok)]
}

function plain({ result, glance, packets, lines, seen }: Request): object {
  const { code, status, message, headers, body } = result
  const { dns, tcp, unheard, routes } = seen
  const secure = result.tls === null && seen.tls === null ? null : plainTls(seen.tls, result.tls)
  return {
    exit: code,
    status,
    message,
    stages: glance,
    dns,
    tcp,
    tls: secure,
    routes,
    unheard,
    headers,
    body: text(body),
    packets,
    output: lines,
  }
}

/** What both ends agreed on, how far they came, and for what went wrong what the text says of it. */
function plainTls(seen: TlsSeen | null, result: TlsResult | null): object {
  const { version = null, suite = null, group = null, alpn = null, resumed = false, earlyData = 'none' } = result ?? {}
  const agreed = { version, suite, group, alpn, resumed, earlyData }
  if (seen === null) return agreed
  const { server, progress, certificate, object, alert, carried } = seen
  const verdict =
    certificate === null ? null : { ok: certificate.ok, path: certificate.path, errors: certificate.errors }
  const held = object === null ? null : { ...object, notBefore: iso(object.notBefore), notAfter: iso(object.notAfter) }
  const passed = progress?.passed ?? []
  return {
    ...agreed,
    server,
    passed,
    failed: progress?.failed ?? null,
    certificate: verdict,
    object: held,
    ingress: seen.ingress,
    alert,
    records: carried.records,
    lost: carried.lost,
  }
}

const iso = (millis: number): string => new Date(millis).toISOString().replace(/\.000Z$/, 'Z')

function fetchOptions(options: CurlOptions): FetchOptions {
  const { verbose, include, head, fail, request: method, data, connectTimeout, maxTime } = options
  const nanos = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : Math.round(seconds * 1e9)
  return {
    verbose,
    include,
    head,
    fail,
    method,
    headers: (options.header ?? []).map(headerOf),
    data: data === undefined ? undefined : utf8(data),
    resolve: new Map((options.resolve ?? []).map(resolveOf)),
    connectTimeout: nanos(connectTimeout),
    maxTime: nanos(maxTime),
  }
}

function headerOf(text: string): Header {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text)
  if (match === null) throw inputError(`--header ${text}`, 'NAME: VALUE')
  return [match[1], match[2]]
}

/** `web:80:10.0.0.1`, with several addresses after commas; an IPv6 address may stand in brackets. */
function resolveOf(text: string): [string, readonly Address[]] {
  const match = /^([^:]+):(\d+):(.+)$/.exec(text)
  const addresses = match?.[3].split(',').map((part) => parseAddress(part.replace(/^\[|\]$/g, ''))) ?? []
  if (match === null || addresses.includes(null)) throw inputError(`--resolve ${text}`, 'HOST:PORT:ADDRESS')
  return [`${match[1]}:${match[2]}`, addresses as Address[]]
}
