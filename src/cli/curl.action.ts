import { fetch } from '../app/curl/curl.ts'
import { CODE } from '../app/curl/failure.ts'
import type { CurlResult, CurlOptions as FetchOptions, Upgrade } from '../app/curl/options.ts'
import { parseUrl } from '../app/curl/url.ts'
import { type Glance, glanceOf } from '../explain/glance.ts'
import { en } from '../explain/messages/en.ts'
import { isKind } from '../explain/record.ts'
import { type PacketLine, packetsOf } from '../explain/session.ts'
import { handshakeText } from '../explain/text/handshake.ts'
import { glanceText, packetTable } from '../explain/text/session.ts'
import { pcapng } from '../export/pcapng.ts'
import { loadFile } from '../host/certificate-files.ts'
import { keyMismatch } from '../pki/certificates.ts'
import { emulatedSigner } from '../pki/keys.ts'
import { loadCertificates, loadPrivateKey } from '../pki/load/load.ts'
import { versionsUpTo } from '../scenario/cluster-tls.ts'
import type { Emulation } from '../scenario/emulation.ts'
import type { Identity } from '../tls/config.ts'
import { identityOf } from '../tls/trust.ts'
import type { Step } from '../trace/step.ts'
import { type Address, parseAddress } from '../util/address.ts'
import { text, utf8 } from '../util/bytes.ts'
import { inputError } from '../util/diagnostics.ts'
import type { Rng } from '../util/rng.ts'
import type { Header } from '../wire/http/head.ts'
import { captureFilter } from './capture.ts'
import type { CurlOptions } from './curl.ts'
import { EXIT } from './exit.ts'
import { emulationOf, heading } from './input.ts'
import { print, printJson, writeNew } from './output.ts'

/** One request and everything that was seen of it. */
interface Request {
  readonly result: CurlResult
  readonly glance: Glance
  readonly packets: readonly PacketLine[]
  /** What curl printed. */
  readonly lines: readonly string[]
  readonly handshake: readonly string[]
}

export function curl(url: string, options: CurlOptions): number {
  const emulation = emulationOf(options)
  const wanted = { ...fetchOptions(options), upgrades: { https: https(emulation, options) } }
  const requests = Array.from({ length: options.count }, () => request(emulation, url, options.from, wanted))
  writeFiles(emulation, options)
  if (options.output === 'json')
    printJson('Curl', { request: { from: options.from, url }, requests: requests.map(plain) })
  else if (requests.length === 1) print([heading(emulation), '', ...requestText(requests[0])])
  else print([heading(emulation), '', ...countText(requests)])
  return requests.every(({ result }) => result.code === 0) ? EXIT.ok : EXIT.failed
}

function https({ tls, kernel }: Emulation, { insecure, cacert, cert, key, tlsMax }: CurlOptions): Upgrade {
  const roots = cacert === undefined ? undefined : loadFile(cacert, loadCertificates)
  const identities = cert === undefined ? undefined : [clientIdentity(cert, key ?? cert, kernel.rng.fork('--cert'))]
  return tls.client({ insecure, roots, identities, versions: versionsUpTo(tlsMax) })
}

function clientIdentity(cert: string, key: string, rng: Rng): Identity {
  const [certificate, ...chain] = loadFile(cert, loadCertificates)
  const own = loadFile(key, loadPrivateKey)
  const problem = keyMismatch(certificate, own)
  if (problem !== null) throw inputError(`--key ${key}: ${problem.detail}`, `the private key of ${cert}`)
  return identityOf({ certificate, chain }, emulatedSigner(own, rng))
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
  return {
    result,
    glance: glanceOf(emulation.index, start),
    packets: packetsOf(emulation.index, start),
    lines,
    handshake: [...handshakeText(mine), ...originText(emulation, mine), ...adviceText(url, result)],
  }
}

/** Where the certificate was refused: why nobody noticed, and how to see the same in a real cluster. */
function adviceText(url: string, { code }: CurlResult): string[] {
  const target = parseUrl(url)
  if (code !== CODE.peerVerification || target === null) return []
  return [en.session.stillReady, en.session.sameCheck(target.host, target.port)]
}

/** The object that the certificate came from. */
function originText({ tls }: Emulation, steps: readonly Step[]): string[] {
  const judged = steps.find((step) => isKind(step, 'cert-judge'))
  const origin =
    judged !== undefined && isKind(judged, 'cert-judge') ? tls.origins.of(judged.event.leaf.fingerprint) : null
  return origin === null ? [] : ['', `${en.session.object}  ${origin.object}, ${origin.key}`]
}

function requestText({ result, glance, packets, lines, handshake }: Request): string[] {
  const { session } = en
  const verdict = result.code === 0 ? session.succeeded(result.status ?? 0) : session.failed(result.message ?? '')
  return [
    `${verdict}   ${session.exit(result.code)}`,
    `  ${glanceText(glance)}`,
    '',
    session.packets,
    ...packetTable(packets),
    ...(handshake.length === 0 ? [] : ['', ...handshake]),
    '',
    session.output,
    ...lines.map((line) => `  ${line}`.trimEnd()),
  ]
}

/** Many requests: a line each, and how many were answered. */
function countText(requests: readonly Request[]): string[] {
  const rows = requests.map(({ result, glance, packets }, i) => {
    const peer = packets.find((line) => line.direction === 'sent' && line.frame.tcp !== undefined)?.peer ?? ''
    return `${String(i + 1).padStart(4)}  ${glanceText(glance)}  ${peer}  ${en.session.exit(result.code)}`
  })
  const ok = requests.filter(({ result }) => result.code === 0).length
  return [...rows, '', en.session.requests(requests.length, ok)]
}

function plain({ result, glance, packets, lines }: Request): object {
  const { code, status, message, headers, body } = result
  return { exit: code, status, message, stages: glance, headers, body: text(body), packets, output: lines }
}

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
