import { tls as en } from '../explain/messages/en-tls.ts'
import { connectTls, systemRandom } from '../host/tls.ts'
import { TlsFailure } from '../host/tls-failure.ts'
import { loadIdentity, loadRoots } from '../host/tls-identity.ts'
import type { TlsSocket } from '../host/tls-socket.ts'
import type { ClientConfig } from '../tls/config.ts'
import type { Connected, Output } from '../tls/output.ts'
import { trusting, trustingAnyone } from '../tls/trust.ts'
import type { Event } from '../trace/step.ts'
import { inputError } from '../util/diagnostics.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { print, printJson } from './output.ts'
import type { ConnectOptions, Destination } from './tls-connect.ts'
import { type Handshake, handshakeDocument, handshakeLines, openKeylog, succeeded } from './tls-output.ts'

/** How long a server has to refuse our certificate after we think that we are connected (TLS 1.3 says nothing when it likes it). */
const SECOND_THOUGHTS = 1000

export async function connect({ host, port }: Destination, options: ConnectOptions): Promise<ExitCode> {
  const config = configOf(host, options)
  const keylog = openKeylog(options.keylog, options.force)
  const events: Event[] = []
  const onOutput = (output: Output): void => {
    if (output.kind === 'step') events.push(output.event)
    if (output.kind === 'keylog') keylog(output.line)
  }
  const peer = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const outcome = await attempt(config, { host, port, onOutput }, events, options.timeout * 1000)
  const handshake: Handshake = { role: 'client', peer, events, ...outcome }
  if (options.output === 'json') printJson('Handshake', handshakeDocument(handshake))
  else print([...handshakeLines(handshake, options.verbose), '', same(host, port, options)])
  return succeeded(handshake) ? EXIT.ok : EXIT.failed
}

function configOf(host: string, options: ConnectOptions): ClientConfig {
  const { cert, key, insecure, roots, tlsMax, alpn, secrets, keylog } = options
  if (cert === undefined && key !== undefined) throw inputError('--key without --cert', 'the certificate of that key')
  const judge = insecure ? trustingAnyone : trusting({ roots: loadRoots(roots) })
  return {
    random: systemRandom,
    serverName: options.name ?? host,
    judge,
    ...(cert === undefined ? {} : { identities: [loadIdentity({ ...options, cert }).identity] }),
    ...(tlsMax === '1.2' ? { versions: ['TLS 1.2'] } : {}),
    ...(alpn === undefined ? {} : { alpn }),
    keylog: keylog !== undefined,
    trace: 'told',
    secrets,
  }
}

type Outcome = Pick<Handshake, 'connected' | 'error'>

async function attempt(
  config: ClientConfig,
  to: Parameters<typeof connectTls>[1],
  events: readonly Event[],
  patience: number,
): Promise<Outcome> {
  let socket: TlsSocket | undefined
  let connected: Connected | null = null
  const late = AbortSignal.timeout(patience)
  try {
    socket = await connectTls(config, { ...to, signal: late })
    connected = await socket.connected
    await secondThoughts(socket, connected, events)
    return { connected }
  } catch (error) {
    if (error instanceof TlsFailure) return { connected, ...(told(events) ? {} : { error: en.closedEarly(error.by) }) }
    if (late.aborted && connected === null) return { connected, error: en.noAnswer(patience / 1000) }
    if (!(error instanceof Error)) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined && connected === null && events.length === 0) throw error
    const began = events.some((event) => event.kind === 'tls-message')
    const words = began ? en.brokeOff : en.cannotConnect
    return { connected, error: words(`${to.host}:${to.port}`, error.message) }
  } finally {
    socket?.destroy()
  }
}

/** Whether an alert says why it failed. */
const told = (events: readonly Event[]): boolean => events.some((event) => event.kind === 'tls-alert')

/** A TLS 1.3 server judges our certificate when we are through already: its alert, or its tickets, tell. */
async function secondThoughts(socket: TlsSocket, { version }: Connected, events: readonly Event[]): Promise<void> {
  const asked = events.some((event) => event.kind === 'tls-message' && event.message === 'CertificateRequest')
  if (version === 'TLS 1.3' && asked) {
    const until = Date.now() + SECOND_THOUGHTS
    const before = events.length
    while (events.length === before && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  socket.close()
  const read = (async () => {
    for await (const _ of socket);
  })()
  // What a server says after our goodbye is of no interest, unless it is an alert.
  const enough = new Promise<void>((resolve) => setTimeout(resolve, 200).unref())
  await Promise.race([
    read.catch((error: unknown) => (error instanceof TlsFailure ? Promise.reject(error) : undefined)),
    enough,
  ])
}

/** What shows the same elsewhere. */
function same(host: string, port: number, { roots, name, cert, key, tlsMax, alpn }: ConnectOptions): string {
  const words = [
    `openssl s_client -connect ${host.includes(':') ? `[${host}]` : host}:${port} -servername ${name ?? host}`,
    ...(roots ?? []).map((file) => `-CAfile ${file}`),
    ...(cert === undefined ? [] : [`-cert ${cert} -key ${key ?? cert}`]),
    ...(tlsMax === '1.2' ? ['-tls1_2'] : []),
    ...(alpn === undefined ? [] : [`-alpn ${alpn.join(',')}`]),
    `-verify_hostname ${name ?? host} </dev/null`,
  ]
  return `${en.heading.same}  ${words.join(' ')}`
}
