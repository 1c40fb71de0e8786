import { isIP, type Socket } from 'node:net'
import { tls as en } from '../explain/messages/en-tls.ts'
import { answerHttp, type Page } from '../host/https.ts'
import { type Serving, serveTls, systemRandom } from '../host/tls.ts'
import { TlsFailure } from '../host/tls-failure.ts'
import { leafOf, loadIdentity, loadRoots } from '../host/tls-identity.ts'
import type { ServerConfig } from '../tls/config.ts'
import type { Connected, Output } from '../tls/output.ts'
import { SessionCache } from '../tls/session/cache.ts'
import { TicketSealer } from '../tls/session/ticket.ts'
import { trusting } from '../tls/trust.ts'
import type { Event } from '../trace/step.ts'
import { inputError } from '../util/diagnostics.ts'
import type { RequestHead } from '../wire/http/head.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { print, printJsonLine } from './output.ts'
import { type Handshake, handshakeDocument, handshakeLines, headline, openKeylog, succeeded } from './tls-output.ts'
import type { ServeOptions } from './tls-serve.ts'

/** Serves until SIGINT or SIGTERM. */
export async function serve(options: ServeOptions): Promise<ExitCode> {
  const { config, subjects, authorities } = setup(options)
  const visitors = new Visitors(options, openKeylog(options.keylog, options.force))
  const server = await listen(config, options, visitors)
  const host = isIP(options.host) === 6 ? `[${options.host}]` : options.host
  const lines = [
    en.serving(`https://${host}:${server.port}/`, subjects),
    ...(authorities === '' ? [] : [en.clients(authorities)]),
  ]
  // The documents of -o json are for programs, and stand alone.
  if (options.output === 'json') process.stderr.write(`${lines.join('\n')}\n`)
  else print(lines)
  await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
  await server.close()
  if (options.output === 'text') print(['', en.ended(visitors.all, visitors.failed)])
  return EXIT.ok
}

function listen(config: ServerConfig, { host, port }: ServeOptions, visitors: Visitors): Promise<Serving> {
  const serving = serveTls(
    config,
    async (tls, connected) => {
      const visitor = visitors.connected(tls.socket, connected)
      await answerHttp(tls, (request) => page(request, visitor))
    },
    {
      host,
      port,
      hooks: (socket) => ({ onOutput: visitors.arrived(socket) }),
      onFailure: (error, socket) => visitors.broken(socket, error),
    },
  )
  return serving.catch((error: Error) => {
    throw inputError(`cannot listen on ${host}, port ${port}: ${error.message}`)
  })
}

interface Visitor {
  readonly peer: string
  readonly events: Event[]
  connected: Connected | null
}

/** Who came, and what was said of it. */
class Visitors {
  all = 0
  failed = 0
  private readonly known = new WeakMap<Socket, Visitor>()

  constructor(
    private readonly options: ServeOptions,
    private readonly keylog: (line: string) => void,
  ) {}

  arrived(socket: Socket): (output: Output) => void {
    const { remoteAddress = '', remotePort = 0 } = socket
    const peer = `${isIP(remoteAddress) === 6 ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
    const visitor: Visitor = { peer, events: [], connected: null }
    this.known.set(socket, visitor)
    return (output) => {
      // What comes after the handshake is not kept: a connection may last.
      if (output.kind === 'step' && visitor.connected === null) visitor.events.push(output.event)
      if (output.kind === 'keylog') this.keylog(output.line)
    }
  }

  connected(socket: Socket, connected: Connected): Visitor {
    const visitor = this.known.get(socket)!
    visitor.connected = connected
    this.tell(visitor)
    return visitor
  }

  broken(socket: Socket, error: Error): void {
    const visitor = this.known.get(socket)
    // A client that went away in the middle of a page is no failed handshake.
    if (visitor === undefined || visitor.connected !== null) return
    if (!(error instanceof TlsFailure)) this.tell(visitor, error.message)
    else if (visitor.events.some(({ kind }) => kind === 'tls-alert')) this.tell(visitor)
    else this.tell(visitor, en.closedEarly(error.by))
  }

  private tell({ peer, events, connected }: Visitor, error?: string): void {
    const { output, verbose } = this.options
    const handshake: Handshake = { role: 'server', peer, events, connected, ...(error === undefined ? {} : { error }) }
    this.all++
    if (!succeeded(handshake)) this.failed++
    if (output === 'json') printJsonLine('Handshake', handshakeDocument(handshake))
    else if (verbose) print(['', ...handshakeLines(handshake, true)])
    else if (succeeded(handshake)) print([`${headline(handshake)}  ${clientOf(connected)}`])
    else print(['', ...handshakeLines(handshake, false), ''])
  }
}

const clientOf = (connected: Connected | null): string =>
  leafOf(connected?.peerChain ?? [])?.subject.text ?? en.noCertificate

function page({ method, target }: RequestHead, { peer, events, connected }: Visitor): Page {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, reason: 'Method Not Allowed', body: `${method}: GET and HEAD are answered\n` }
  const handshake: Handshake = { role: 'server', peer, events, connected }
  const lines = [en.page, `${method} ${target}`, clientOf(connected), '', ...handshakeLines(handshake, false)]
  return { status: 200, reason: 'OK', body: `${lines.join('\n')}\n` }
}

interface Setup {
  readonly config: ServerConfig
  readonly subjects: string
  /** Of whom clients must have certificates; empty when they need none. */
  readonly authorities: string
}

function setup({ cert, key, secret, password, clientCa, alpn, tlsMax, secrets, keylog }: ServeOptions): Setup {
  if (key !== undefined && cert.length !== key.length)
    throw inputError(`${cert.length} --cert and ${key.length} --key`, 'a key for each certificate, in the same order')
  const loaded = cert.map((file, i) => loadIdentity({ cert: file, key: key?.[i], secret, password }))
  const authorities = clientCa === undefined ? [] : loadRoots(clientCa)
  const config: ServerConfig = {
    random: systemRandom,
    identities: loaded.map(({ identity, dnsNames }) =>
      loaded.length === 1 ? identity : { ...identity, names: dnsNames },
    ),
    ...(clientCa === undefined
      ? {}
      : {
          clientAuth: 'require',
          judge: trusting({ roots: authorities }),
          authorities: authorities.map(({ subject }) => subject.der),
        }),
    ...(tlsMax === '1.2' ? { versions: ['TLS 1.2'] } : {}),
    alpn,
    tickets: new TicketSealer(systemRandom),
    cache: new SessionCache(),
    keylog: keylog !== undefined,
    trace: 'told',
    secrets,
  }
  return {
    config,
    subjects: loaded.map(({ certificate }) => certificate.subject.text).join(', '),
    authorities: authorities.map(({ subject }) => subject.text).join(', '),
  }
}
