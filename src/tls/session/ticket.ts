import { type Codec, decode, encode, equalBytes, text, utf8 } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { aeadOpen, aeadSeal, TAG_LENGTH } from '../cipher/aead.ts'
import type { UnixMillis } from '../judge.ts'
import { readOpaque, readVector, writeOpaque, writeVector } from '../message/vector.ts'
import { VERSION_CODE, type Version } from '../numbers.ts'
import type { Random } from '../random.ts'

/** What a server must know to resume; in a ticket, or in its cache. */
export interface ServerSession {
  readonly version: Version
  readonly suite: number
  readonly secret: Uint8Array
  readonly issued: UnixMillis
  /** Seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly serverName: string | null
  readonly alpn: string | null
  readonly extendedMasterSecret: boolean
  /** The client's chain, for who was let in by it stays let in by it. */
  readonly clientChain: readonly Uint8Array[]
}

const codec: Codec<ServerSession> = {
  name: 'ticket',
  read(r) {
    const version = r.u16('version') === VERSION_CODE['TLS 1.3'] ? 'TLS 1.3' : 'TLS 1.2'
    const suite = r.u16('suite')
    const secret = readOpaque(r, 1, 'secret')
    const issued = r.u48('issued')
    const [lifetime, ageAdd] = [r.u32('lifetime'), r.u32('age_add')]
    const names = readVector(r, 2, 'names', 0, (inner) => text(readOpaque(inner, 2, 'name')))
    const extendedMasterSecret = r.u8('extended_master_secret') === 1
    const clientChain = readVector(r, 3, 'chain', 0, (inner) => readOpaque(inner, 3, 'certificate'))
    const [serverName, alpn] = names.map((name) => (name === '' ? null : name))
    return { version, suite, secret, issued, lifetime, ageAdd, serverName, alpn, extendedMasterSecret, clientChain }
  },
  write(w, s) {
    w.u16(VERSION_CODE[s.version]).u16(s.suite)
    writeOpaque(w, 1, s.secret)
    w.u48(s.issued).u32(s.lifetime).u32(s.ageAdd)
    writeVector(w, 2, [s.serverName ?? '', s.alpn ?? ''], (name) => writeOpaque(w, 2, utf8(name)))
    w.u8(s.extendedMasterSecret ? 1 : 0)
    writeVector(w, 3, s.clientChain, (certificate) => writeOpaque(w, 3, certificate))
  },
}

const NAME = 16
const NONCE = 12

/** Seals sessions into tickets as RFC 5077 4 recommends: key name, nonce, authenticated ciphertext; AES-256-GCM here. */
export class TicketSealer {
  private readonly name: Uint8Array
  private readonly key: Uint8Array

  /** Lifetime in seconds, at most seven days (RFC 8446 4.6.1). */
  constructor(
    private readonly random: Random,
    readonly lifetime = 7200,
  ) {
    this.name = random.bytes(NAME)
    this.key = random.bytes(32)
  }

  seal(session: ServerSession): Uint8Array {
    const nonce = this.random.bytes(NONCE)
    const plain = encode(codec, session)
    const out = new Uint8Array(NAME + NONCE + plain.length + TAG_LENGTH)
    out.set(this.name)
    out.set(nonce, NAME)
    aeadSeal('AES-256-GCM', this.key, nonce, this.name, plain, out, NAME + NONCE)
    return out
  }

  /** Null for a ticket that is not ours, was altered, or has run out: the handshake then goes on in full. */
  open(ticket: Uint8Array, now: UnixMillis): ServerSession | null {
    if (ticket.length < NAME + NONCE + TAG_LENGTH || !equalBytes(ticket.subarray(0, NAME), this.name)) return null
    const nonce = ticket.subarray(NAME, NAME + NONCE)
    const plain = aeadOpen('AES-256-GCM', this.key, nonce, this.name, ticket.subarray(NAME + NONCE))
    if (plain === null) return null
    try {
      const session = decode(codec, plain)
      return usable(session, now) ? session : null
    } catch (error) {
      if (error instanceof Malformed) return null
      throw error
    }
  }
}

export const usable = ({ issued, lifetime }: ServerSession, now: UnixMillis): boolean =>
  now >= issued && now - issued < lifetime * 1000
