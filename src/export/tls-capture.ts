import type { CertificateJudge } from '../tls/judge.ts'
import { type Keylog, parseKeylog } from '../tls/observe/keylog.ts'
import { Observer } from '../tls/observe/observer.ts'
import type { Event } from '../trace/step.ts'
import type { TlsRole } from '../trace/steps/tls.ts'
import { concat, text } from '../util/bytes.ts'
import { readCapture } from './capture-file.ts'
import { tcpStreams } from './tcp-streams.ts'

/** One TLS connection of a capture. */
export interface CapturedTls {
  readonly client: string
  readonly server: string
  /** Nanoseconds since 1970 of the ClientHello. */
  readonly at: bigint
  /** As the client would tell it. */
  readonly events: readonly Event[]
  /** The first line each end said, where it could be read. */
  readonly lines: Readonly<Record<TlsRole, string | null>>
}

interface Open {
  readonly observer: Observer
  readonly client: string
  readonly server: string
  readonly at: bigint
}

/** `keylog`: beside what the file carries itself. Throws `Malformed` for what is no capture. */
export function tlsOfCapture(file: Uint8Array, keylog: string, judge: CertificateJudge | null): CapturedTls[] {
  const capture = readCapture(file)
  const secrets = parseKeylog(`${capture.keylog}\n${keylog}`)
  const all: Open[] = []
  const open = new Map<number, Open | null>()
  const hellos = new Set<string>()
  for (const { from, to, stream, at, bytes } of tcpStreams(capture.packets)) {
    let tls = open.get(stream)
    if (tls === undefined) {
      tls = begin(bytes, { from, to, at }, secrets, judge, hellos)
      open.set(stream, tls)
      if (tls !== null) all.push(tls)
    }
    tls?.observer.feed(from === tls.client ? 'client' : 'server', bytes, Number(at / 1_000_000n))
  }
  return all.map(({ observer, client, server, at }) => ({
    client,
    server,
    at,
    events: observer.events,
    lines: { client: firstLine(observer.data.client), server: firstLine(observer.data.server) },
  }))
}

/** Null for what does not begin with a ClientHello, and for one seen before: on both sides of a NAT. */
function begin(
  bytes: Uint8Array,
  { from, to, at }: { readonly from: string; readonly to: string; readonly at: bigint },
  secrets: Keylog,
  judge: CertificateJudge | null,
  hellos: Set<string>,
): Open | null {
  if (!Observer.begins(bytes)) return null
  const random = Buffer.from(bytes.subarray(11, 43)).toString('hex')
  if (hellos.has(random)) return null
  hellos.add(random)
  return { observer: new Observer(secrets, judge), client: from, server: to, at }
}

function firstLine(pieces: readonly Uint8Array[]): string | null {
  const line = text(concat(pieces)).split(/\r?\n/, 1)[0]
  return line === '' ? null : line.slice(0, 200)
}
