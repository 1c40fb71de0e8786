import { parsePublicKey } from '../../../src/pki/keys.ts'
import { client as startClient } from '../../../src/tls/client/start.ts'
import type { Connection } from '../../../src/tls/connection.ts'
import type { CertificateJudge } from '../../../src/tls/judge.ts'
import type { Output } from '../../../src/tls/output.ts'
import { server as startServer } from '../../../src/tls/server/start.ts'
import { SessionCache } from '../../../src/tls/session/cache.ts'
import { ReplayGuard } from '../../../src/tls/session/replay.ts'
import type { Session } from '../../../src/tls/session/session.ts'
import { TicketSealer } from '../../../src/tls/session/ticket.ts'
import type { TlsRole } from '../../../src/trace/steps/tls.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { Rng } from '../../../src/util/rng.ts'
import { type Course, identity } from './courses.ts'
import { fork, Shared } from './fork.ts'
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
export interface How {
  readonly course: Course
  readonly clientAuth: boolean
  /** The second of two conversations, with the session that the first led to. So is one with early data. */
  readonly resumed: boolean
  readonly alpn: boolean
}

export const EARLY = 'early'

export const peerOf = (role: TlsRole): TlsRole => (role === 'client' ? 'server' : 'client')
type Failed = Extract<Output, { kind: 'failed' }>

/** What one end came to. */
export interface End {
  readonly connection: Connection
  heard: string
  /** As early data. */
  heardEarly: string
  connected: boolean
  closed: 'close_notify' | 'truncated' | null
  /** It has said close_notify: nothing follows. */
  sealed: boolean
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
  (c) => {
    c.act('client', (end) => end.start(0))
    c.act('client', (end) => (end.takesEarlyData ? end.writeEarly(utf8(EARLY)) : []))
  },
  (c) => c.act('client', (end) => (end.open ? end.write(utf8('ping')) : [])),
  (c) => c.act('server', (end) => (end.open ? end.write(utf8('pong')) : [])),
  (c) => c.act('client', (end) => (end.open && c.renews ? end.updateKeys(true) : [])),
  (c) => c.act('client', (end) => (end.open ? end.write(utf8('ping')) : [])),
  (c) => c.act('server', (end) => (end.open ? end.write(utf8('pong')) : [])),
  (c) => c.close('client'),
  (c) => c.close('server'),
]

/** A handshake, lines each way, a key update, a close: record by record, and at each of them ready to be forked. */
export class Conversation {
  readonly queue: Flying[] = []
  private step = 0

  private constructor(
    private readonly ends: Readonly<Record<TlsRole, End>>,
    private readonly shared: Shared,
    readonly renews: boolean,
  ) {}

  static begin(how: How, seed: string): Conversation {
    const { course } = how
    const random = new Rng(seed)
    const shared = new Shared(random, new SessionCache(), new ReplayGuard())
    const tickets = course.resumption === 'ticket' ? new TicketSealer(random) : undefined
    if (!how.resumed && course.earlyData === 'none') return Conversation.of(how, shared, tickets, null)
    const first = Conversation.of(how, shared, tickets, null)
    for (let next = first.next(); next !== null; next = first.next()) first.deliver(next)
    const { session } = first.end('client')
    if (session === null) throw new Error(`seed "${seed}": no session to resume`)
    return Conversation.of(how, shared, tickets, session)
  }

  private static of(
    { course, clientAuth, alpn }: How,
    shared: Shared,
    tickets: TicketSealer | undefined,
    session: Session | null,
  ): Conversation {
    const { random, cache, replay } = shared
    const told = { trace: 'told', secrets: true } as const
    const common = { judge, random, ...told, ...(alpn ? { alpn: ['h2', 'http/1.1'] } : {}) }
    const early = course.earlyData !== 'none'
    // A ticket for early data, and a server that has changed its mind.
    const maxEarlyData = course.earlyData === 'accepted' || (early && session === null) ? 1000 : 0
    const client = { ...common, ...course.client, serverName: 'web.test', identities: [identity] }
    const server = {
      ...common,
      identities: [],
      ...course.server,
      ...(tickets === undefined ? {} : { tickets }),
      cache,
      replay,
      maxEarlyData,
      clientAuth: clientAuth ? 'require' : 'none',
    } as const
    const ends = {
      client: endOf(startClient({ ...client, session, earlyData: early })),
      server: endOf(startServer(server)),
    }
    return new Conversation(ends, shared, course.version === 'TLS 1.3')
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

  close(role: TlsRole): void {
    const end = this.ends[role]
    if (!end.connection.open) return
    end.sealed = true
    this.act(role, (connection) => connection.close())
  }

  /** The transport ends for one of them. */
  hangUp(role: TlsRole): readonly Output[] {
    return this.act(role, (end) => end.end())
  }

  act(role: TlsRole, how: (connection: Connection) => readonly Output[]): readonly Output[] {
    const end = this.ends[role]
    const outputs = how(end.connection)
    for (const output of outputs) {
      if (output.kind === 'send') for (const bytes of recordsOf(output.bytes)) this.queue.push({ from: role, bytes })
      else if (output.kind === 'data') {
        const text = Buffer.from(output.bytes).toString('latin1')
        if (output.early) end.heardEarly += text
        else end.heard += text
      } else if (output.kind === 'closed') end.closed = output.how
      else if (output.kind === 'connected') end.connected = true
      else if (output.kind === 'failed') end.failed = output
      else if (output.kind === 'session') end.session = output.session
    }
    return outputs
  }

  /** Copies of this, as many as asked for, each to go on by itself, one after the other. */
  forks(trace: boolean): () => Conversation {
    const reset = this.shared.mark()
    const { client, server } = this.ends
    const [queue, step] = [[...this.queue], this.step]
    const kept = { client: endOf(client, trace), server: endOf(server, trace) }
    return () => {
      reset()
      const copy = new Conversation(
        { client: endOf(kept.client, trace), server: endOf(kept.server, trace) },
        this.shared,
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
  return {
    connection: of as Connection,
    heard: '',
    heardEarly: '',
    connected: false,
    closed: null,
    sealed: false,
    failed: null,
    session: null,
  }
}
