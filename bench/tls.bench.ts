import { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket, connect as tlsConnect } from 'node:tls'
import { endEntity, rootCa } from '../src/pki/certificates.ts'
import { emulatedSigner, nativeSigner } from '../src/pki/keys.ts'
import { formatPem } from '../src/pki/load/pem.ts'
import { client } from '../src/tls/client/start.ts'
import type { CommonConfig } from '../src/tls/config.ts'
import { Loopback } from '../src/tls/loopback.ts'
import { server } from '../src/tls/server/start.ts'
import { identityOf, trusting } from '../src/tls/trust.ts'
import { Rng } from '../src/util/rng.ts'
import { requests } from './support/https.ts'
import { median } from './support/measure.ts'

const ROUNDS = 5
/** Processor time that each case gets in each round. */
const SLICE = 400
const NOW = Date.UTC(2026, 0, 1)
const NAME = 'web.bench'

const rng = new Rng('tls bench')
const valid = { notBefore: NOW - 86_400_000, notAfter: NOW + 3650 * 86_400_000 }
const root = rootCa({ subject: 'bench root', ...valid }, rng.fork('root'))
const usage = { subject: NAME, names: [`DNS:${NAME}`], extKeyUsage: ['serverAuth'], key: 'p-256' } as const
const leaf = endEntity({ ...usage, ...valid }, root, rng.fork('leaf'))
const judge = trusting({ roots: [root.certificate] })

/** A handshake, both ends; `goal` is handshakes a second. */
interface Case {
  readonly name: string
  readonly once: () => Promise<void>
  readonly goal?: number
}

/**
 * Full TLS 1.3 handshakes with an ECDSA P-256 certificate, both ends in this process, and node:tls beside them in the same run; and
 * J6, a whole request. The cases take turns, so that a busy moment of the machine and what the first warms up for the others fall on all.
 */
export async function run(): Promise<Record<string, number>> {
  const emulated = identityOf(leaf, emulatedSigner(leaf.key, rng))
  const native = identityOf(leaf, nativeSigner(leaf.key))
  const traced = { trace: 'told' as const, secrets: true }
  const own = (
    name: string,
    groups: CommonConfig['groups'],
    how: Pick<CommonConfig, 'trace' | 'secrets'>,
    goal?: number,
    by = emulated,
  ): Case => ({
    name,
    once: async () => ours({ ...how, groups, random: rng }, by),
    goal,
  })
  const figures = await rates([
    own('P-256, untraced', ['secp256r1'], {}, 250),
    own('P-256, every step kept, with secrets', ['secp256r1'], traced, 100),
    own('P-256, untraced, OpenSSL signs', ['secp256r1'], {}, undefined, native),
    { name: 'node:tls, P-256, in memory', once: () => theirs('P-256') },
    own('x25519, untraced', ['x25519'], {}, 250),
    own('x25519, every step kept, with secrets', ['x25519'], traced, 100),
    { name: 'node:tls, x25519, in memory', once: () => theirs('X25519') },
    own('X25519MLKEM768, untraced', ['X25519MLKEM768'], {}),
  ])
  return { ...figures, ...(await requests(() => theirs('X25519'))) }
}

/** Handshakes a second of processor time, the median of rounds in which the cases take turns. */
async function rates(cases: readonly Case[]): Promise<Record<string, number>> {
  const rounds = cases.map((): Rate[] => [])
  for (const { once } of cases) for (let i = 0; i < 30; i++) await once()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { once }] of cases.entries()) rounds[i].push(await rate(once))
  }
  const figures: Record<string, number> = {}
  for (const [i, { name, goal }] of cases.entries()) {
    const cpu = median(rounds[i].map((rate) => rate.cpu))
    const wall = median(rounds[i].map((rate) => rate.wall))
    const judged = goal === undefined ? '' : `  goal ${goal}/s: ${cpu >= goal ? 'met' : 'MISSED'}`
    console.log(`${name.padEnd(40)}${cpu.toFixed(0).padStart(6)}/s  (${wall.toFixed(0)} on the wall)${judged}`)
    figures[name] = cpu
  }
  return figures
}

/** A second of processor time, of all threads; a second by the wall clock. */
interface Rate {
  readonly cpu: number
  readonly wall: number
}

async function rate(once: () => Promise<void>): Promise<Rate> {
  const begun = process.cpuUsage()
  const start = performance.now()
  for (let count = 1; ; count++) {
    await once()
    const { user, system } = process.cpuUsage(begun)
    const cpu = (user + system) / 1000
    if (cpu >= SLICE) return { cpu: (count * 1000) / cpu, wall: (count * 1000) / (performance.now() - start) }
  }
}

function ours(common: CommonConfig, identity: ReturnType<typeof identityOf>): void {
  const ends = [client({ ...common, serverName: NAME, judge }), server({ ...common, identities: [identity] })] as const
  const both = new Loopback(...ends, NOW).start()
  if (both.client.at !== 'CONNECTED' || both.server.at !== 'CONNECTED') throw new Error('the handshake failed')
}

const pem = formatPem('CERTIFICATE', leaf.certificate.der)
const key = formatPem('PRIVATE KEY', leaf.key.pkcs8)
const ca = formatPem('CERTIFICATE', root.certificate.der)

/** Two streams, each the other's end. */
function wires(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = []
  for (const other of [1, 0]) {
    const end = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        ends[other].push(chunk)
        done()
      },
    })
    ends.push(end)
  }
  return [ends[0], ends[1]]
}

const CURVES = ['P-256', 'X25519'] as const
type Curve = (typeof CURVES)[number]
const contexts = Object.fromEntries(
  CURVES.map((ecdhCurve) => [ecdhCurve, createSecureContext({ cert: pem, key, minVersion: 'TLSv1.3', ecdhCurve })]),
)

function theirs(ecdhCurve: Curve): Promise<void> {
  const [a, b] = wires()
  const secureContext = contexts[ecdhCurve]
  const options = { socket: a, servername: NAME, ca, minVersion: 'TLSv1.3', ecdhCurve } as const
  return new Promise((resolve, reject) => {
    const far = new TLSSocket(b, { isServer: true, secureContext })
    const near = tlsConnect(options)
    far.once('secure', () => {
      near.destroy()
      far.destroy()
      resolve()
    })
    near.once('error', reject)
    far.once('error', reject)
  })
}
