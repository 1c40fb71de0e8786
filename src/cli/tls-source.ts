import { fetch } from '../app/curl/curl.ts'
import { agreementOf } from '../explain/tls-agreement.ts'
import { tlsConnections } from '../explain/tls-connections.ts'
import { tlsOfCapture } from '../export/tls-capture.ts'
import { loadFile, readFile } from '../host/certificate-files.ts'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { systemRandom } from '../host/tls.ts'
import { loadIdentity, loadRoots } from '../host/tls-identity.ts'
import { Emulation } from '../scenario/emulation.ts'
import { runScenario } from '../scenario/run.ts'
import { involvedIn } from '../scenario/tls/involved.ts'
import { client } from '../tls/client/start.ts'
import { Loopback } from '../tls/loopback.ts'
import { server } from '../tls/server/start.ts'
import { trusting } from '../tls/trust.ts'
import type { Place } from '../trace/step.ts'
import type { TlsRole } from '../trace/steps/tls.ts'
import { inputError } from '../util/diagnostics.ts'
import { warn } from './output.ts'
import type { Source } from './tls-inspect.action.ts'
import type { InspectOptions } from './tls-inspect.ts'
import type { Handshake } from './tls-output.ts'

/** The scenario that is meant when none is named has no HTTPS of its own; its pods serve it. */
const DEFAULT = { scenario: 'first', from: 'client', url: 'https://web.default.svc/' } as const

/** Plays a scenario; with --from and --url, makes that request in its cluster instead. */
export function fromScenario(name: string, options: InspectOptions): Source {
  const inventory = readInput([scenarioPath(name)])
  const [scenario] = inventory.scenarios
  const emulation = new Emulation(inventory, { scenario, seed: options.seed })
  warn(emulation.diagnostics)
  const asked = request(name, options)
  if (asked === null) {
    if (scenario === undefined)
      throw inputError(`${name} holds no Scenario`, 'a Scenario, or --from POD --url https://…')
    runScenario(emulation, scenario)
  } else {
    emulation.life?.settle()
    const https = emulation.tls.client({ insecure: false })
    emulation.runProgram(emulation.host(asked.from), 'curl', (context) =>
      fetch(context, asked.url, { upgrades: { https } }),
    )
  }
  const handshakes = tlsConnections(emulation.recorder).map((connection): Handshake => {
    const { client: near, server: far, events } = connection
    const peer = `${hostOf(near)} > ${far === null ? '?' : hostOf(far)}`
    const connected = agreementOf(events, options.side)
    return { role: options.side, peer, events, connected, involved: involvedIn(emulation, connection) }
  })
  const title = asked === null ? `scenario ${name}` : `scenario ${name}: ${asked.from} asks for ${asked.url}`
  return { title, handshakes, keylog: emulation.tls.keylog }
}

function request(name: string, { from, url }: InspectOptions): { readonly from: string; readonly url: string } | null {
  if ((from === undefined) !== (url === undefined)) throw inputError('--from and --url come together')
  if (url !== undefined && !url.startsWith('https://')) throw inputError(`--url ${url}`, 'https://…')
  if (from !== undefined && url !== undefined) return { from, url }
  return name === DEFAULT.scenario ? DEFAULT : null
}

const hostOf = ({ node, netns }: Place): string => (netns === 'host' ? node : netns)

/** A server with the user's certificate and key and a client that trusts the user's roots, both in memory. */
export function fromFiles(cert: string, options: InspectOptions): Source {
  const { roots, name, at, tlsMax, alpn, side } = options
  const { certificate, identity, dnsNames } = loadIdentity({ ...options, cert })
  const asked = name ?? dnsNames[0] ?? null
  const now = at ?? Date.now()
  const common = {
    random: systemRandom,
    trace: 'told' as const,
    secrets: true,
    ...(tlsMax === '1.2' ? { versions: ['TLS 1.2'] as const } : {}),
    ...(alpn === undefined ? {} : { alpn }),
  }
  const near = client({ ...common, serverName: asked, judge: trusting({ roots: loadRoots(roots) }), keylog: true })
  const far = server({ ...common, identities: [identity] })
  const loopback = new Loopback(near, far, now).start()
  const eventsOf = (role: TlsRole) =>
    loopback.outputs[role].flatMap((output) => (output.kind === 'step' ? [output.event] : []))
  const keylog = loopback.outputs.client.flatMap((output) => (output.kind === 'keylog' ? [output.line] : []))
  const events = [...eventsOf('client'), ...eventsOf('server')]
  const connected = loopback.find(side, 'connected')?.connected ?? null
  const peer = `${certificate.subject.text}, both ends in memory`
  return {
    title: `${cert}, at ${new Date(now).toISOString()}`,
    handshakes: [{ role: side, peer, events, connected }],
    keylog,
  }
}

/** A capture with its secrets, of the file itself or of a key log. With --roots the server's certificate is judged too. */
export function fromCapture(pcap: string, { keylog, roots }: InspectOptions): Source {
  const lines = keylog === undefined ? '' : Buffer.from(readFile(keylog)).toString('utf8')
  const judge = roots === undefined ? null : trusting({ roots: loadRoots(roots) })
  const handshakes = loadFile(pcap, (bytes) => tlsOfCapture(bytes, lines, judge)).map((one): Handshake => {
    const { client: near, server: far, events, lines: said } = one
    const about = [said.client, said.server].filter((line) => line !== null)
    const peer = [`${near} > ${far}`, ...about.map((line) => `"${line}"`)].join('  ')
    return { role: 'client', peer, events, connected: agreementOf(events, 'client') }
  })
  return { title: `capture ${pcap}`, handshakes, keylog: [] }
}
