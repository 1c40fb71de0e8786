import { emulatedSigner, generateKey, parsePublicKey } from '../../../src/pki/keys.ts'
import { client } from '../../../src/tls/client/start.ts'
import type { Connection } from '../../../src/tls/connection.ts'
import type { CertificateJudge } from '../../../src/tls/judge.ts'
import type { Output } from '../../../src/tls/output.ts'
import { server } from '../../../src/tls/server/start.ts'
import { SessionCache } from '../../../src/tls/session/cache.ts'
import type { Session } from '../../../src/tls/session/session.ts'
import { TicketSealer } from '../../../src/tls/session/ticket.ts'
import type { TlsRole } from '../../../src/trace/steps/tls.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { Rng } from '../../../src/util/rng.ts'
import { Chance, fork } from './fork.ts'
import { recordsOf } from './mutate.ts'

export const judge: CertificateJudge = {
  judge({ chain }) {
    try {
      return { ok: true, key: parsePublicKey(chain[0]), detail: null, events: [] }
    } catch {
      return { ok: false, alert: 'bad_certificate', reason: 'no key', rfc: 'RFC 5246 7.2.2', detail: null, events: [] }
    }
  },
}
const keys = new Rng('tamper')
const key = generateKey('p-256', keys)
export const identity = { chain: [key.public.spki], signer: emulatedSigner(key, keys) }

export const VARIANTS = [
  { versions: ['TLS 1.3'], groups: ['x25519', 'secp256r1'] },
  { versions: ['TLS 1.3'], groups: ['secp256r1'], suites: ['TLS_CHACHA20_POLY1305_SHA256'], keyShares: [] },
  { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] },
  { versions: ['TLS 1.2'], groups: ['secp256r1'], suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'] },
] as const

export interface How {
  readonly variant: (typeof VARIANTS)[number]
  readonly clientAuth: boolean
  /** The second of two conversations, with the session that the first led to. */
  readonly resumed: boolean
  readonly alpn: boolean
}

export const peerOf = (role: TlsRole): TlsRole => (role === 'client' ? 'server' : 'client')
type Failed = Extract<Output, { kind: 'failed' }>

/** What one end came to. */
export interface End {
  readonly connection: Connection
  heard: string
  connected: boolean
  failed: Failed | null
  session: Session | null
}

/** One record on the wire, and whether it is as its sender sent it. */
export interface Flying {
  readonly from: TlsRole
  readonly bytes: Uint8Array
}

/** What each end says once it may; both say all of it or lose what they cannot say. */
const SCRIPT: readonly ((c: Conversation) => void)[] = [
  (c) => c.act('client', (end) => end.start(0)),
  (c) => c.act('client', (end) => (end.open ? end.write(utf8('ping')) : [])),
  (c) => c.act('server', (end) => (end.open ? end.write(utf8('pong')) : [])),
  (c) => c.act('client', (end) => (end.open && c.renews ? end.updateKeys(true) : [])),
  (c) => c.act('client', (end) => (end.open ? end.write(utf8('ping')) : [])),
  (c) => c.act('server', (end) => (end.open ? end.write(utf8('pong')) : [])),
  (c) => c.act('client', (end) => (end.open ? end.close() : [])),
  (c) => c.act('server', (end) => (end.open ? end.close() : [])),
]

/** A handshake, lines each way, a key update, a close: record by record, and at each of them ready to be forked. */
export class Conversation {
  readonly queue: Flying[] = []
  private step = 0

  private constructor(
    private readonly ends: Readonly<Record<TlsRole, End>>,
    private readonly chance: Chance,
    readonly renews: boolean,
  ) {}

  static begin({ variant, clientAuth, resumed, alpn }: How, seed: string): Conversation {
    const rng = new Rng(seed)
    const tickets = new TicketSealer(rng)
    const common = {
      ...variant,
      judge,
      random: rng,
      trace: true,
      secrets: true,
      ...(alpn ? { alpn: ['h2', 'http/1.1'] } : {}),
    }
    const begin = (session: Session | null): Conversation =>
      new Conversation(
        {
          client: endOf(client({ ...common, serverName: 'web.test', identities: [identity], session })),
          server: endOf(
            server({
              ...common,
              identities: [identity],
              tickets,
              cache: new SessionCache(),
              clientAuth: clientAuth ? 'require' : 'none',
            }),
          ),
        },
        new Chance(rng),
        variant.versions[0] === 'TLS 1.3',
      )
    if (!resumed) return begin(null)
    const first = begin(null)
    for (let next = first.next(); next !== null; next = first.next()) first.deliver(next)
    if (first.end('client').session === null) throw new Error(`seed "${seed}": no session to resume`)
    return begin(first.end('client').session)
  }

  end(role: TlsRole): End {
    return this.ends[role]
  }

  /** The next record to arrive; the script goes on when nothing is on the wire. Null when all is said. */
  next(): Flying | null {
    while (this.queue.length === 0) {
      if (this.step === SCRIPT.length) return null
      SCRIPT[this.step++](this)
    }
    return this.queue.shift()!
  }

  /** Returns what the receiver put out. */
  deliver({ from, bytes }: Flying): readonly Output[] {
    return this.act(peerOf(from), (end) => end.receive(bytes, 0))
  }

  /** The transport ends, for both. */
  hangUp(): void {
    this.act('client', (end) => end.end())
    this.act('server', (end) => end.end())
  }

  act(role: TlsRole, how: (connection: Connection) => readonly Output[]): readonly Output[] {
    const end = this.ends[role]
    const outputs = how(end.connection)
    for (const output of outputs) {
      if (output.kind === 'send') for (const bytes of recordsOf(output.bytes)) this.queue.push({ from: role, bytes })
      else if (output.kind === 'data') end.heard += Buffer.from(output.bytes).toString('latin1')
      else if (output.kind === 'connected') end.connected = true
      else if (output.kind === 'failed') end.failed = output
      else if (output.kind === 'session') end.session = output.session
    }
    return outputs
  }

  /** Copies of this, as many as asked for, each to go on by itself, one after the other. */
  forks(trace: boolean): () => Conversation {
    const reset = this.chance.mark()
    const { client, server } = this.ends
    const [queue, step] = [[...this.queue], this.step]
    const kept = { client: endOf(client, trace), server: endOf(server, trace) }
    return () => {
      reset()
      const copy = new Conversation(
        { client: endOf(kept.client, trace), server: endOf(kept.server, trace) },
        this.chance,
        this.renews,
      )
      copy.queue.push(...queue)
      copy.step = step
      return copy
    }
  }
}

function endOf(of: Connection | End, trace?: boolean): End {
  if (trace !== undefined && 'connection' in of) return { ...of, connection: fork(of.connection, trace) }
  return { connection: of as Connection, heard: '', connected: false, failed: null, session: null }
}
