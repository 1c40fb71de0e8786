import { ALERTS, type AlertName } from '../../../src/tls/alert.ts'
import { shown } from '../../../src/tls/fields.ts'
import { type Handshake, handshakeOf } from '../../../src/tls/message/handshake.ts'
import { CONTENT, HANDSHAKE, handshakeName, type Version } from '../../../src/tls/numbers.ts'
import { suiteNamed } from '../../../src/tls/suite.ts'
import type { TlsField, TlsRole } from '../../../src/trace/steps/tls.ts'
import { concat, equalBytes } from '../../../src/util/bytes.ts'
import type { Course } from './courses.ts'
import { alteredFields, type Ruling } from './fields.ts'

/** A record as its sender sent it in a conversation that nobody touched. */
export interface Sent {
  readonly bytes: Uint8Array
  readonly epoch: 'plaintext' | Version
  /** Early data, under its own keys; `lost` where the receiver does not take it, and need not see it. */
  readonly early: 'no' | 'taken' | 'lost'
  readonly messages: readonly { readonly bytes: Uint8Array; readonly fields: readonly TlsField[] }[]
}

/** What the receiver must make of what arrived. */
export type Verdict =
  /** Nothing to complain of: whole and as sent, to be ignored, or not yet complete. */
  | { readonly kind: 'fine' }
  /** One of these alerts, at once. */
  | { readonly kind: 'alert'; readonly alerts: readonly AlertName[]; readonly rfc: string }
  /** An alert was injected: it ends the connection as the peer's. */
  | { readonly kind: 'told' }
  /** May be taken (one of `now` where not), but the ends cannot agree any more: one of `later` is due from one of them. */
  | ({ readonly kind: 'later' } & Ruling)

const FINE: Verdict = { kind: 'fine' }
const alert = (rfc: string, ...alerts: AlertName[]): Verdict => ({ kind: 'alert', alerts, rfc })

const ANY_SUITE = {
  ECDHE: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  RSA: 'TLS_RSA_WITH_AES_128_GCM_SHA256',
} as const

/** In the clear the minor version says nothing (RFC 8446 5.1, RFC 5246 E.1); protected, it is authenticated. */
function same({ bytes, epoch }: Sent, record: Uint8Array): boolean {
  if (epoch !== 'plaintext') return equalBytes(bytes, record)
  return bytes[0] === record[0] && equalBytes(bytes.subarray(3), record.subarray(3))
}

/** Two things amiss one after the other: the first may be taken, so that the second shows. */
function both(first: Verdict, second: Verdict): Verdict {
  if (first.kind !== 'later') return second
  if (second.kind === 'fine' || second.kind === 'told') return first
  const alerts = second.kind === 'alert' ? second.alerts : second.now
  const later = second.kind === 'alert' ? null : second.later
  if (first.later === null) return first
  const now = [...first.now, ...alerts]
  if (later === null) return { kind: 'later', now: [...now, ...first.later.client, ...first.later.server], later }
  const of = (role: TlsRole): AlertName[] => [...first.later![role], ...later[role]]
  return { kind: 'later', now, later: { client: of('client'), server: of('server') } }
}

/** Whether the fields of a message, read as they stand, make up all of it. */
function fieldsCover(message: Handshake, version: Version): boolean {
  const end = (fields: readonly TlsField[]): number =>
    Math.max(4, ...fields.map(({ offset, length }) => offset + length))
  return end(shown(message, version, null).fields) === message.bytes.length
}

export interface Circumstances {
  readonly victim: TlsRole
  readonly course: Course
  readonly resumed: boolean
  readonly clientAuth: boolean
}

/**
 * The RFCs' word on one receiver's stream from the first altered record on, by that stream and what was sent alone. `sent` are
 * all records to the receiver, `from` the first that did not arrive yet.
 */
export class Oracle {
  private bytes: Uint8Array = new Uint8Array(0)
  private joined: Uint8Array = new Uint8Array(0)
  /** The message due next among those of `sent[at]`. */
  private message = 0
  private tampered = false
  private swallowed = false

  constructor(
    private readonly how: Circumstances,
    private readonly sent: readonly Sent[],
    private at: number,
  ) {}

  /** Everything came as it was sent. */
  get whole(): boolean {
    return this.due() === undefined && this.bytes.length === 0 && this.joined.length === 0
  }

  /** What follows may begin no record or message, or be missing: a record or message took in what came after it. */
  get askew(): boolean {
    return this.swallowed || this.bytes.length > 0 || this.joined.length > 0
  }

  arrives(piece: Uint8Array): Verdict {
    // RFC 8446 6.1: what comes after a close_notify is ignored; it is what each end sends last.
    if (this.due() === undefined) return FINE
    if (this.bytes.length > 0 || this.joined.length > 0) this.swallowed = true
    this.bytes = concat([this.bytes, piece])
    let sum: Verdict = FINE
    while (this.bytes.length >= 5) {
      const [type, major] = this.bytes
      const length = (this.bytes[3] << 8) | this.bytes[4]
      const epoch = this.epoch(type)
      // RFC 8446 5: an unknown type, unexpected_message. A version of another major is no TLS at all (RFC 5246 E.1 has servers
      // accept {03,XX}; RFC 8446 5.1 has the field ignored, which as OpenSSL and BoringSSL we do for the minor alone).
      const first = this.at === 0 && !this.tampered
      if (first && (type & 0x80) !== 0 && this.bytes[2] === 1) return alert('RFC 8446 D.5', 'protocol_version')
      if (type < 20 || type > 23) return both(sum, alert('RFC 8446 5', 'unexpected_message'))
      if (major !== 3) return both(sum, alert('RFC 5246 E.1', 'protocol_version'))
      const limit = 2 ** 14 + { plaintext: 0, 'TLS 1.3': 256, 'TLS 1.2': 2048 }[epoch]
      if (length > limit) return both(sum, alert('RFC 8446 5.1, 5.2; RFC 5246 6.2.3', 'record_overflow'))
      if (this.bytes.length < 5 + length) return sum
      const record = this.bytes.subarray(0, 5 + length)
      this.bytes = this.bytes.subarray(5 + length)
      sum = both(sum, this.record(record, epoch))
      this.tampered = true
      if (sum.kind === 'alert' || sum.kind === 'told' || this.due() === undefined) return sum
    }
    return sum
  }

  private record(record: Uint8Array, epoch: Sent['epoch']): Verdict {
    const due = this.due()
    if (this.joined.length === 0 && this.message === 0 && due !== undefined && same(due, record)) {
      this.at++
      return FINE
    }
    if (record[0] === CONTENT.applicationData && this.skips) return FINE
    const [type, content] = [record[0], record.subarray(5)]
    if (epoch === 'TLS 1.2') return alert('RFC 5246 6.2.3, 7.2.2', 'bad_record_mac')
    if (epoch === 'TLS 1.3') {
      if (type === CONTENT.changeCipherSpec) return this.changeCipherSpec(content)
      // RFC 8446 5.2: 23 outside, always; but a client may send alerts in the clear until it has used its handshake keys (A.1).
      if (type === CONTENT.alert && !this.answered()) return this.alert(content)
      if (type !== CONTENT.applicationData) return alert('RFC 8446 5.2', 'unexpected_message')
      return alert('RFC 8446 5.2', 'bad_record_mac')
    }
    if (type !== CONTENT.handshake && this.joined.length > 0) return alert('RFC 8446 5.1', 'unexpected_message')
    if (type === CONTENT.handshake) return this.handshake(content)
    if (type === CONTENT.alert) return this.alert(content)
    if (type === CONTENT.changeCipherSpec) return this.changeCipherSpec(content)
    return alert('RFC 8446 5', 'unexpected_message')
  }

  /** RFC 8446 5: dropped from the first ClientHello to the peer's Finished, if it is the byte 1; RFC 5246 7.1: only in its place. */
  private changeCipherSpec(content: Uint8Array): Verdict {
    const old = this.how.course.version === 'TLS 1.2' && !this.undecided()
    const wrong = content.length !== 1 || content[0] !== 1
    if (wrong && old) return alert('RFC 5246 7.1, 7.2.2', 'decode_error', 'unexpected_message')
    if (wrong || old) return alert('RFC 8446 5; RFC 5246 7.1', 'unexpected_message')
    const begun = this.how.victim === 'client' || this.at > 0
    return begun && !this.finished() ? FINE : alert('RFC 8446 5', 'unexpected_message')
  }

  private alert(content: Uint8Array): Verdict {
    if (content.length !== 2) return alert('RFC 8446 6', 'decode_error')
    const [level, code] = content
    // RFC 8446 6.1: user_canceled goes before a close_notify, which then ends it. RFC 5246 7.2: warnings let us go on.
    const mild = level === 1 && this.how.course.version === 'TLS 1.2' && code !== ALERTS.close_notify
    // Before the ServerHello a client does not know what level means: it may take it as either version does.
    const unknown = level === 1 && this.at === 0
    if (code === ALERTS.user_canceled || mild || (unknown && code !== ALERTS.close_notify)) return FINE
    return { kind: 'told' }
  }

  private handshake(content: Uint8Array): Verdict {
    if (content.length === 0) return alert('RFC 8446 5.1', 'unexpected_message')
    this.joined = concat([this.joined, content])
    let sum: Verdict = FINE
    while (this.joined.length > 0) {
      const due = this.dueMessage()
      const type = this.joined[0]
      const { joined } = this
      const ignored = type === HANDSHAKE.HelloRequest && this.ignoresHelloRequest
      if (!ignored && this.expected(due?.bytes).every((name) => HANDSHAKE[name] !== type)) {
        return both(sum, alert('RFC 8446 4; RFC 5246 7.4', 'unexpected_message'))
      }
      if (joined.length < 4) return sum
      const length = 4 + ((joined[1] << 16) | (joined[2] << 8) | joined[3])
      if (length - 4 > 0x10000) return both(sum, alert('RFC 8446 6.2', 'illegal_parameter', 'decode_error'))
      if (joined.length < length) return sum
      const message = joined.subarray(0, length)
      this.joined = joined.subarray(length)
      if (ignored && length > 4) return both(sum, alert('RFC 5246 7.4.1.1', 'decode_error'))
      if (ignored) continue
      if (due === undefined || !equalBytes(due.bytes, message)) sum = both(sum, this.altered(due, message))
      if (due === undefined) return sum
      this.message++
      if (this.message === this.sent[this.at].messages.length) [this.at, this.message] = [this.at + 1, 0]
    }
    return sum
  }

  private altered(due: Sent['messages'][number] | undefined, message: Uint8Array): Verdict {
    const { version, exchange } = this.how.course
    const name = handshakeName(message[0])
    const suite = version === 'TLS 1.3' ? null : suiteNamed(ANY_SUITE[exchange])
    const fields = due?.fields ?? shown(handshakeOf(message), version, suite).fields
    const original = due !== undefined && due.bytes[0] === message[0] ? due.bytes : null
    const parses = fieldsCover(handshakeOf(message), version)
    return {
      kind: 'later',
      ...alteredFields({ ...this.how, name, original, message, fields, parses, second: this.at > 0 }),
    }
  }

  /** TLS 1.3's change_cipher_spec means nothing, nor does early data that is not taken: they need not come. */
  private due(): Sent | undefined {
    for (; this.at < this.sent.length; this.at++) {
      const { bytes, early } = this.sent[this.at]
      const dummy = this.how.course.version === 'TLS 1.3' && bytes[0] === CONTENT.changeCipherSpec
      if (!dummy && early !== 'lost') break
    }
    return this.sent[this.at]
  }

  /**
   * RFC 8446 4.2.10: a server that takes no early data passes over what it cannot open until something opens; after a
   * HelloRetryRequest, over all that is protected until the second ClientHello.
   */
  private get skips(): boolean {
    if (this.at === 0 || this.sent.every(({ early }) => early !== 'lost')) return false
    const since = this.sent.slice(1, this.at).filter(({ early }) => early === 'no')
    return this.how.course.retries
      ? since.every(({ messages }) => messages.length === 0)
      : since.every(({ epoch }) => epoch === 'plaintext')
  }

  private dueMessage(): Sent['messages'][number] | undefined {
    const due = this.due()
    return due?.epoch === 'plaintext' ? due.messages[this.message] : undefined
  }

  /** What may come in the place of the message due (RFC 5246 7.3; RFC 8446 2). */
  private expected(due: Uint8Array | undefined): readonly (keyof typeof HANDSHAKE)[] {
    if (due === undefined) return []
    const name = handshakeName(due[0]) as keyof typeof HANDSHAKE
    return this.how.course.version === 'TLS 1.2' && name === 'ServerHelloDone' && !this.how.clientAuth
      ? [name, 'CertificateRequest']
      : name === 'CertificateRequest'
        ? [name, 'ServerHelloDone']
        : [name]
  }

  /** RFC 5246 7.4.1.1: in a handshake that is, or may become, one of TLS 1.2. */
  private get ignoresHelloRequest(): boolean {
    const { victim, course } = this.how
    return (
      victim === 'client' && (course.version === 'TLS 1.2' || (this.at === 0 && course.offered.includes('TLS 1.2')))
    )
  }

  /** The keys the receiver reads with: those of what is due, for it keeps step with the sender until something is amiss. */
  private epoch(type: number): Sent['epoch'] {
    if (type === CONTENT.applicationData && this.skips) return 'TLS 1.3'
    return this.due()?.epoch ?? this.how.course.version
  }

  /** A client that may still speak TLS 1.3, or TLS 1.2. */
  private undecided(): boolean {
    const { victim, course } = this.how
    return victim === 'client' && this.at === 0 && course.offered.includes('TLS 1.3')
  }

  /** The client has used its handshake keys; a server does so at once. */
  private answered(): boolean {
    if (this.how.victim === 'client') return true
    return this.sent.slice(0, this.at).some(({ epoch, early }) => epoch !== 'plaintext' && early === 'no')
  }

  private finished(): boolean {
    return this.sent
      .slice(0, this.at)
      .some(({ messages }) => messages.some(({ bytes }) => bytes[0] === HANDSHAKE.Finished))
  }
}
