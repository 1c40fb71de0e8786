import { timingSafeEqual } from 'node:crypto'
import type { Event } from '../../trace/step.ts'
import type { TlsEpoch, TlsRole } from '../../trace/steps/tls.ts'
import { toHex } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { alertName, TlsError } from '../alert.ts'
import { Core } from '../core.ts'
import type { CertificateJudge, UnixMillis } from '../judge.ts'
import { certificate12, certificate13 } from '../message/certificate.ts'
import { type Handshake, open } from '../message/handshake.ts'
import { finished } from '../message/small.ts'
import { CONTENT, HANDSHAKE, handshakeName } from '../numbers.ts'
import { type InputRecord, RecordInput } from '../record/input.ts'
import { Joiner } from '../record/joiner.ts'
import { verifyData } from '../schedule/prf12.ts'
import { finishedData, nextTrafficSecret } from '../schedule/schedule13.ts'
import { protections12, type Secrets12 } from '../tls12/keys.ts'
import { protectionOf } from '../tls13/keys.ts'
import { type ClientOffer, offerOf, serverChoice, settled } from './hellos.ts'
import type { Keylog, LoggedSecret } from './keylog.ts'

/** One direction. `stalled`: its bytes wait for what the other side says (RFC 8446 4.2.10, early data). */
interface Half {
  readonly input: RecordInput
  readonly joiner: Joiner
  stalled: boolean
  /** Why nothing more can be read. */
  over: boolean
  /** The traffic secret in use and how often it was renewed. */
  traffic: { readonly secret: Uint8Array; readonly generation: number } | null
  finished: boolean
}

const SKIPPED = 1 << 24
/** Of each direction's data, for display. */
const KEPT = 1 << 16

/**
 * Reads a connection that others speak, by their key log: the bytes of both directions go in as they were seen, the steps come
 * out as the client's would. What the log has no secret for stays sealed. Nothing in here judges the peers: broken rules end it
 * with a note.
 */
export class Observer {
  readonly events: Event[] = []
  /** Application data so far, the first 64 KiB each way. */
  readonly data: Readonly<Record<TlsRole, Uint8Array[]>> = { client: [], server: [] }
  private readonly kept = { client: 0, server: 0 }
  private readonly core: Core
  private readonly halves: Readonly<Record<TlsRole, Half>>
  private secrets: ReadonlyMap<LoggedSecret, Uint8Array> = new Map()
  private offer: ClientOffer | null = null
  private keys12: Secrets12 | null = null
  private connected = false

  constructor(
    private readonly keylog: Keylog,
    private readonly judge: CertificateJudge | null = null,
  ) {
    const random = { bytes: (length: number) => new Uint8Array(length) }
    this.core = new Core('client', { random, trace: 'told', secrets: true })
    const half = (input: RecordInput, joiner: Joiner): Half => ({
      input,
      joiner,
      stalled: false,
      over: false,
      traffic: null,
      finished: false,
    })
    this.halves = {
      client: half(new RecordInput('client'), new Joiner(this.core.limits.handshakeMessage)),
      server: half(this.core.input, this.core.joiner),
    }
  }

  /** Bytes that `from` sent, in order, in pieces of any size. */
  feed(from: TlsRole, bytes: Uint8Array, now: UnixMillis): void {
    this.core.now = now
    this.halves[from].input.deframer.push(bytes)
    this.drain(from)
  }

  /** Whether `from` began with a ClientHello: what TLS looks like from outside. */
  static begins(bytes: Uint8Array): boolean {
    return bytes.length > 5 && bytes[0] === CONTENT.handshake && bytes[1] === 3 && bytes[5] === HANDSHAKE.ClientHello
  }

  note(text: string): void {
    this.core.note(text)
    this.gather()
  }

  private drain(from: TlsRole): void {
    const half = this.halves[from]
    try {
      while (!half.over && !half.stalled) {
        const record = half.input.next()
        if (record === null) break
        if (record === 'skipped') this.core.note('a record of early data that was not accepted is passed over')
        else this.record(from, half, record)
      }
    } catch (error) {
      if (!(error instanceof TlsError) && !(error instanceof Malformed)) throw error
      half.over = true
      this.core.note(`the ${from} cannot be read any further: ${error.message}`)
    }
    this.gather()
  }

  private gather(): void {
    for (const output of this.core.take()) if (output.kind === 'step') this.events.push(output.event)
  }

  private record(from: TlsRole, half: Half, record: InputRecord): void {
    this.core.recordSeen(record, from === 'client' ? 'sent' : 'received', half.input)
    switch (record.type) {
      case CONTENT.handshake: {
        half.joiner.push(record.content)
        for (let next = half.joiner.next(); next !== null; next = half.joiner.next()) this.message(from, half, next)
        break
      }
      case CONTENT.changeCipherSpec:
        this.changeCipherSpec(from, half)
        break
      case CONTENT.alert:
        this.alert(from, record.content)
        break
      default:
        if (record.opened !== null) this.keep(from, record.content)
    }
  }

  private keep(from: TlsRole, content: Uint8Array): void {
    const room = KEPT - this.kept[from]
    if (room <= 0) return
    this.data[from].push(content.slice(0, room))
    this.kept[from] += Math.min(room, content.length)
  }

  private alert(from: TlsRole, [level, code]: Uint8Array): void {
    const description = alertName(code) ?? `alert ${code}`
    const direction = from === 'client' ? 'sent' : 'received'
    const told = description === 'close_notify' || level === 1 ? 'warning' : 'fatal'
    const rule =
      description === 'close_notify' ? `the ${from} will send no more` : `the ${from} gave up: ${description}`
    this.core.step(() => ({
      kind: 'tls-alert',
      direction,
      level: told,
      description,
      code,
      rule,
      rfc: 'RFC 8446 6',
      knew: [],
    }))
  }

  private message(from: TlsRole, half: Half, message: Handshake): void {
    const { core } = this
    core.messageStep(from === 'client' ? 'sent' : 'received', half.input.epoch, message)
    if (message.type === HANDSHAKE.Finished) this.checkFinished(from, message)
    if (message.type === HANDSHAKE.ServerHello) this.serverHello(message)
    else if (!this.connected) core.absorb(message)
    switch (message.type) {
      case HANDSHAKE.ClientHello:
        this.clientHello(half, message)
        break
      case HANDSHAKE.EncryptedExtensions:
        this.encryptedExtensions(message)
        break
      case HANDSHAKE.EndOfEarlyData:
        this.protect('client', 'client_handshake_traffic', 'handshake')
        break
      case HANDSHAKE.Certificate:
        if (from === 'server') this.certificate(message)
        break
      case HANDSHAKE.Finished:
        this.finished(from, half)
        break
      case HANDSHAKE.KeyUpdate:
        this.renew(from, half)
    }
  }

  private clientHello(half: Half, message: Handshake): void {
    this.offer = offerOf(message)
    this.secrets = this.keylog.get(toHex(this.offer.random)) ?? new Map()
    if (this.secrets.size === 0) this.core.note('the key log has no secrets of this connection')
    // What follows may be early data; whether it can be read shows with EncryptedExtensions.
    half.stalled = this.offer.earlyData
  }

  private serverHello(message: Handshake): void {
    const { core, offer } = this
    if (offer === null) throw new TlsError('unexpected_message', 'no ClientHello was seen', 'RFC 8446 4')
    const choice = serverChoice(core, offer, message)
    if (choice.retry) {
      core.transcript.restart(choice.suite.hash)
      core.absorb(message)
      this.unstall()
      return
    }
    core.version = choice.version
    core.transcript.choose(choice.suite.hash)
    core.absorb(message)
    if (choice.version === 'TLS 1.3') {
      this.protect('server', 'server_handshake_traffic', 'handshake')
      if (!this.halves.client.stalled) this.protect('client', 'client_handshake_traffic', 'handshake')
      return
    }
    this.unstall()
    const master = this.secrets.get('tls12')
    const { suite, random: serverRandom, encryptThenMac } = choice
    if (master !== undefined) this.keys12 = { suite, master, clientRandom: offer.random, serverRandom, encryptThenMac }
  }

  private encryptedExtensions(message: Handshake): void {
    const { earlyData: accepted } = settled(this.core, message)
    if (!this.halves.client.stalled) return
    if (accepted) this.protect('client', 'client_early_traffic', 'early data')
    else {
      this.protect('client', 'client_handshake_traffic', 'handshake')
      this.halves.client.input.skip = SKIPPED
    }
    this.halves.client.stalled = false
    this.drain('client')
  }

  /** Early data that nobody will take. */
  private unstall(): void {
    if (!this.halves.client.stalled) return
    this.halves.client.stalled = false
    this.halves.client.input.skip = SKIPPED
    this.drain('client')
  }

  private certificate(message: Handshake): void {
    const { core, judge, offer } = this
    if (judge === null || offer === null) return
    const chain =
      core.version === 'TLS 1.3'
        ? open(certificate13, message).entries.map(({ data }) => data)
        : open(certificate12, message)
    if (chain.length === 0) return
    const verdict = judge.judge({ chain, role: 'server', name: offer.serverName, now: core.now, ocsp: null })
    core.events(verdict.events)
  }

  /** Before the message goes into the transcript. */
  private checkFinished(from: TlsRole, message: Handshake): void {
    const { core } = this
    const { suite } = core
    if (suite === null) return
    const base = this.secrets.get(`${from}_handshake_traffic`)
    const transcript = core.transcript.hash()
    let expected: Uint8Array
    if (this.keys12 !== null) expected = verifyData(suite.hash, this.keys12.master, from, transcript, core.listener)
    else if (base === undefined) return
    else expected = finishedData(suite.hash, base, `${from}_handshake_traffic`, transcript, core.listener)
    const got = open(finished, message)
    const ok = got.length === expected.length && timingSafeEqual(got, expected)
    const detail = 'over the transcript so far, keyed from the key log'
    core.step(() => ({ kind: 'tls-verification', what: 'Finished', by: from, ok, detail }))
  }

  private finished(from: TlsRole, half: Half): void {
    half.finished = true
    if (this.core.version === 'TLS 1.3') this.protect(from, `${from}_application_traffic_0`, 'application')
    if (this.connected || !this.halves.client.finished || !this.halves.server.finished) return
    this.connected = true
    this.core.step(() => ({
      kind: 'tls-state',
      from: `${handshakeName(HANDSHAKE.Finished)} of the ${from}`,
      to: 'CONNECTED',
    }))
  }

  private changeCipherSpec(from: TlsRole, half: Half): void {
    if (this.core.version !== 'TLS 1.2') return
    if (this.keys12 === null) this.seal(from, half)
    else half.input.protect(protections12(this.core, this.keys12)[from], 'TLS 1.2')
  }

  private protect(from: TlsRole, name: LoggedSecret & string, epoch: TlsEpoch): void {
    const half = this.halves[from]
    const secret = this.secrets.get(name)
    const { suite } = this.core
    if (secret === undefined || suite === null || name === 'tls12') {
      this.seal(from, half)
      return
    }
    half.traffic = { secret, generation: 0 }
    half.input.protect(protectionOf(this.core, suite, secret, name), epoch)
  }

  private renew(from: TlsRole, half: Half): void {
    const { suite } = this.core
    if (half.traffic === null || suite === null) return
    const generation = half.traffic.generation + 1
    const name = `${from}_application_traffic_${half.traffic.generation}`
    const secret = nextTrafficSecret(suite.hash, half.traffic.secret, name, this.core.listener)
    half.traffic = { secret, generation }
    const protection = protectionOf(this.core, suite, secret, `${from}_application_traffic_${generation}`)
    half.input.protect(protection, 'application')
  }

  private seal(from: TlsRole, half: Half): void {
    half.over = true
    this.core.note(`what the ${from} sends from here on stays sealed: the key log has no secret for it`)
  }
}
