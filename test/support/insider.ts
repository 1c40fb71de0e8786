import { aead13 } from '../../src/tls/cipher/aead13.ts'
import type { Protection } from '../../src/tls/cipher/protection.ts'
import type { Loopback, Wire } from '../../src/tls/loopback.ts'
import { handshakeOf } from '../../src/tls/message/handshake.ts'
import { CONTENT, handshakeName } from '../../src/tls/numbers.ts'
import { type LoggedSecret, parseKeylog } from '../../src/tls/observe/keylog.ts'
import { trafficKeys } from '../../src/tls/schedule/schedule13.ts'
import type { TlsRole } from '../../src/trace/steps/tls.ts'
import { concat } from '../../src/util/bytes.ts'

type Epoch = 'plaintext' | 'early data' | 'handshake' | 'application'

/** What a record holds, its protection taken off. */
export interface Piece {
  readonly from: TlsRole
  readonly epoch: Epoch
  /** How many records of this epoch came before it from that side. */
  readonly n: number
  readonly type: number
  readonly content: Uint8Array
  readonly padding: number
}

/** Of a record that is to be put in the place of another; what is left out stays as it was. */
export type Replacement = Partial<Pick<Piece, 'type' | 'content' | 'padding'>> & {
  /** Not protected, though the records around it are. */
  readonly bare?: true
}

export type Change = (piece: Piece) => readonly Replacement[] | null

/**
 * A wire with one in the middle who knows the secrets of both ends (their key logs; TLS_AES_128_GCM_SHA256): he reads every record, and
 * what he changes is sealed anew under the same keys. So an end can be shown anything that its peer could say.
 */
export class Insider {
  run: Loopback | null = null
  private readonly sides = { client: new Side(), server: new Side() }

  /** `change` returns what is to come instead of a record; null leaves it as it is. */
  constructor(private readonly change: Change) {}

  readonly wire: Wire = (from, bytes) => {
    const out: Uint8Array[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = at + 5 + ((bytes[at + 3] << 8) | bytes[at + 4])
      out.push(...this.record(from, bytes.subarray(at, end)))
      at = end
    }
    return out
  }

  /** A record as that side could send it next, for what nobody sends by itself. */
  seal(from: TlsRole, type: number, content: Uint8Array, padding = 0): Uint8Array {
    return this.sides[from].seal(type, content, padding)
  }

  private record(from: TlsRole, bytes: Uint8Array): Uint8Array[] {
    const side = this.sides[from]
    side.learn(from, this.run!)
    const opened = side.open(bytes)
    // Altered on the way, or under keys of a later generation: it passes as it is.
    if (opened === null) return [bytes]
    const { type, content, padding } = opened
    const piece: Piece = { from, epoch: side.epoch, n: side.seen++, type, content, padding }
    const changed = this.change(piece) ?? [{}]
    return changed.map((by) => {
      const now = { type, content, padding, ...by }
      return by.bare || (type === CONTENT.changeCipherSpec && by.type === undefined)
        ? framed(now.type, now.content)
        : side.seal(now.type, now.content, now.padding)
    })
  }
}

/** Changes one handshake message: the first of that name from that side; the others in its record stay. */
export function changing(
  from: TlsRole,
  name: string,
  edit: (message: Uint8Array) => readonly Uint8Array[],
  nth = 0,
): Change {
  let count = 0
  return (piece) => {
    if (piece.from !== from || piece.type !== CONTENT.handshake) return null
    const parts = messagesOf(piece.content)
    const index = parts.findIndex((part) => handshakeName(handshakeOf(part).type) === name && count++ === nth)
    if (index < 0) return null
    const content = concat([...parts.slice(0, index), ...edit(parts[index]), ...parts.slice(index + 1)])
    return content.length === 0 ? [] : [{ content }]
  }
}

/** The handshake messages that lie in a record's content. */
export function messagesOf(content: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0; at < content.length; ) {
    const end = at + 4 + ((content[at + 1] << 16) | (content[at + 2] << 8) | content[at + 3])
    all.push(content.subarray(at, end))
    at = end
  }
  return all
}

const LADDER: readonly (readonly [Epoch, 'client' | 'server', LoggedSecret])[] = [
  ['early data', 'client', 'client_early_traffic'],
  ['handshake', 'client', 'client_handshake_traffic'],
  ['handshake', 'server', 'server_handshake_traffic'],
  ['application', 'client', 'client_application_traffic_0'],
  ['application', 'server', 'server_application_traffic_0'],
]

/** One direction: which keys are in use, and both sequence numbers, that of the sender and ours. */
class Side {
  epoch: Epoch = 'plaintext'
  seen = 0
  private protection: Protection | null = null
  private tls12 = false
  private hidden = false
  private next: { readonly epoch: Epoch; readonly protection: Protection }[] = []
  private known = 0
  private reads = 0
  private writes = 0

  learn(from: TlsRole, run: Loopback): void {
    const lines = run.outputs[from].flatMap((output) => (output.kind === 'keylog' ? [output.line] : []))
    if (lines.length === this.known) return
    this.known = lines.length
    const secrets = [...parseKeylog(lines.join('\n')).values()].at(-1)
    this.tls12 = secrets?.has('tls12') === true
    this.next = LADDER.flatMap(([epoch, role, name]) => {
      const secret = role === from ? secrets?.get(name) : undefined
      if (secret === undefined) return []
      return [{ epoch, protection: aead13('AES-128-GCM', trafficKeys('sha256', secret, name, 16, null)) }]
    })
  }

  open(bytes: Uint8Array): Pick<Piece, 'type' | 'content' | 'padding'> | null {
    const payload = bytes.subarray(5)
    if (this.hidden) return null
    // In TLS 1.2 what follows change_cipher_spec is beyond him.
    this.hidden = this.tls12 && bytes[0] === CONTENT.changeCipherSpec
    if (bytes[0] !== CONTENT.applicationData) return { type: bytes[0], content: payload, padding: 0 }
    const opened = this.protection?.open(this.reads, bytes[0], 0x0303, payload) ?? this.climb(payload)
    if (opened !== null) this.reads++
    return opened
  }

  seal(type: number, content: Uint8Array, padding: number): Uint8Array {
    if (this.protection === null) return framed(type, content)
    return framed(CONTENT.applicationData, this.protection.seal(this.writes++, type, content, padding).payload)
  }

  /** A record that does not open under the keys in use is the first under the next. */
  private climb(payload: Uint8Array): ReturnType<Protection['open']> {
    for (const { epoch, protection } of this.next) {
      const opened = protection.open(0, CONTENT.applicationData, 0x0303, payload)
      if (opened === null) continue
      Object.assign(this, { epoch, protection, reads: 0, writes: 0, seen: 0 })
      return opened
    }
    return null
  }
}

const framed = (type: number, payload: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(type, 3, 3, payload.length >>> 8, payload.length), payload])
