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

const SECONDS = 2
const NOW = Date.UTC(2026, 0, 1)
const NAME = 'web.bench'

const rng = new Rng('tls bench')
const valid = { notBefore: NOW - 86_400_000, notAfter: NOW + 3650 * 86_400_000 }
const root = rootCa({ subject: 'bench root', ...valid }, rng.fork('root'))
const usage = { subject: NAME, names: [`DNS:${NAME}`], extKeyUsage: ['serverAuth'], key: 'p-256' } as const
const leaf = endEntity({ ...usage, ...valid }, root, rng.fork('leaf'))
const judge = trusting({ roots: [root.certificate] })

/** Full TLS 1.3 handshakes with a P-256 certificate, both ends in this process, and node:tls for comparison; and J6, a whole request. */
export async function run(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  const emulated = identityOf(leaf, emulatedSigner(leaf.key, rng))
  const native = identityOf(leaf, nativeSigner(leaf.key))
  const cases = [
    ['x25519, untraced', {}, ['x25519'], emulated],
    ['x25519, traced with secrets', { trace: true, secrets: true }, ['x25519'], emulated],
    ['P-256, untraced', {}, ['secp256r1'], emulated],
    ['x25519, untraced, OpenSSL signs', {}, ['x25519'], native],
    ['X25519MLKEM768, untraced', {}, ['X25519MLKEM768'], emulated],
  ] as const
  for (const [name, how, groups, identity] of cases) {
    figures[name] = await rate(async () => ours({ ...how, groups, random: rng }, identity))
  }
  figures['node:tls, x25519, in memory'] = await rate(theirs)
  for (const [name, perSecond] of Object.entries(figures)) console.log(`${name.padEnd(36)} ${perSecond.toFixed(0)}/s`)
  return { ...figures, ...requests() }
}

async function rate(once: () => Promise<void>): Promise<number> {
  for (let i = 0; i < 30; i++) await once()
  const start = performance.now()
  let count = 0
  while (performance.now() - start < SECONDS * 1000) {
    await once()
    count++
  }
  return (count * 1000) / (performance.now() - start)
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

const secureContext = createSecureContext({ cert: pem, key, minVersion: 'TLSv1.3', ecdhCurve: 'X25519' })

function theirs(): Promise<void> {
  const [a, b] = wires()
  const options = { socket: a, servername: NAME, ca, minVersion: 'TLSv1.3', ecdhCurve: 'X25519' } as const
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
