import { emulatedSigner, generateKey, parsePublicKey } from '../src/pki/keys.ts'
import { ALERTS } from '../src/tls/alert.ts'
import { client } from '../src/tls/client/start.ts'
import type { CertificateJudge } from '../src/tls/judge.ts'
import { Loopback, type Wire } from '../src/tls/loopback.ts'
import { server } from '../src/tls/server/start.ts'
import { TicketSealer } from '../src/tls/session/ticket.ts'
import { utf8 } from '../src/util/bytes.ts'
import { Rng } from '../src/util/rng.ts'
import { mutated, recordsOf } from './support/mutate.ts'

/** Records to change: `PODWIRE_SOAK=1000000 npm run bench -- soak` is the long run. */
const RECORDS = Number(process.env.PODWIRE_SOAK ?? 5_000)
const SEED = process.env.PODWIRE_SEED ?? 'soak'
const PING = utf8('ping')

const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: null, events: [] }),
}
const keys = new Rng('soak keys')
const key = generateKey('p-256', keys)
const identity = { chain: [key.public.spki], signer: emulatedSigner(key, keys) }
const VARIANTS = [
  { versions: ['TLS 1.3'], groups: ['x25519'] },
  { versions: ['TLS 1.3'], groups: ['secp256r1'], suites: ['TLS_CHACHA20_POLY1305_SHA256'] },
  { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] },
  { versions: ['TLS 1.2'], groups: ['secp256r1'], suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'] },
] as const

/**
 * Mutated records: each run is a handshake, a line each way and a close, in which one record was flipped, overwritten, cut, lost,
 * repeated, swapped or forged. Whoever gives up must say so with a real alert and its rule, and nothing may be heard but what was
 * said. The first that is otherwise ends the run with the seed that shows it.
 */
export function run(): void {
  const alerts = new Map<string, number>()
  const begun = performance.now()
  let unharmed = 0
  for (let i = 0; i < RECORDS; i++) {
    const seed = `${SEED} ${i}`
    const outcome = once(seed)
    if (outcome === null) unharmed++
    else alerts.set(outcome, (alerts.get(outcome) ?? 0) + 1)
    if ((i + 1) % 50_000 === 0) console.log(`${i + 1} records`)
  }
  const seconds = (performance.now() - begun) / 1000
  console.log(`${RECORDS} mutated records, ${seconds.toFixed(0)} s: no crash, no hang, no data that was not sent`)
  for (const [alert, count] of [...alerts].sort((a, b) => b[1] - a[1])) console.log(`  ${alert.padEnd(28)} ${count}`)
  console.log(`  ${'no harm done'.padEnd(28)} ${unharmed}`)
}

/** The alert it came to, or null; throws when something is not as it must be. */
function once(seed: string): string | null {
  const rng = new Rng(seed)
  const common = { ...VARIANTS[rng.below(VARIANTS.length)], judge, trace: rng.below(4) === 0, secrets: true }
  let left = rng.below(9)
  const wire: Wire = (_from, bytes) => {
    const records = recordsOf(bytes)
    const at = left
    left -= records.length
    return at >= 0 && at < records.length ? mutated(records, at, rng) : [bytes]
  }
  const both = new Loopback(
    client({ ...common, random: rng, serverName: 'web.test', identities: [identity] }),
    server({
      ...common,
      random: rng,
      identities: [identity],
      tickets: new TicketSealer(rng),
      clientAuth: rng.below(2) === 0 ? 'require' : 'none',
    }),
    1000,
    wire,
  )
  try {
    both.start()
    if (both.client.open) both.feed('client', both.client.write(PING))
    if (both.server.open) both.feed('server', both.server.write(PING))
    both.feed('client', both.client.end()).feed('server', both.server.end())
  } catch (error) {
    throw new Error(`seed "${seed}"`, { cause: error })
  }
  return judged(both, seed)
}

function judged(both: Loopback, seed: string): string | null {
  for (const role of ['client', 'server'] as const) {
    const heard = Buffer.from(both.received(role)).toString('latin1')
    if (heard !== '' && heard !== 'ping') throw new Error(`seed "${seed}": the ${role} heard ${JSON.stringify(heard)}`)
  }
  const failed = both.find('server', 'failed') ?? both.find('client', 'failed')
  if (failed === undefined) return null
  const { alert, rule, rfc } = failed.fault
  if (!Object.hasOwn(ALERTS, alert) || rule === '' || !rfc.startsWith('RFC '))
    throw new Error(`seed "${seed}": ${alert}`)
  return alert
}
