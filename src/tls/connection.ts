import { Malformed } from '../util/malformed.ts'
import { alertName, type Fault, TlsError } from './alert.ts'
import { plainBytes } from './cipher/aead.ts'
import type { Core } from './core.ts'
import type { UnixMillis } from './judge.ts'
import { JudgedError } from './judged.ts'
import { type Handshake, open } from './message/handshake.ts'
import { nothing } from './message/small.ts'
import { CONTENT, contentName, HANDSHAKE, type HandshakeName, handshakeName } from './numbers.ts'
import type { Output } from './output.ts'
import type { InputRecord } from './record/input.ts'
import type { State } from './state.ts'

/**
 * One end of a TLS connection, without I/O and without a clock: bytes and the time go in, outputs come out. Each call
 * returns everything that it led to, to be handled in order.
 */
export class Connection {
  private state: State
  private reading = true
  private writing = true
  private dead = false
  private emptyRecords = 0
  private warnings = 0

  constructor(
    private readonly core: Core,
    initial: State,
    private readonly begin: ((core: Core) => State) | null,
  ) {
    this.state = initial
  }

  /** The state's name, as RFC 8446 A has it. */
  get at(): string {
    return this.dead ? 'FAILED' : this.state.at
  }

  /** Whether `write` may be called. */
  get open(): boolean {
    return this.writing && !this.dead && this.state.writes === 'data'
  }

  /** Whether `writeEarly` may be called. */
  get takesEarlyData(): boolean {
    return this.writing && !this.dead && this.state.writes === 'early data'
  }

  /** A client's first flight; nothing for a server. */
  start(now: UnixMillis): readonly Output[] {
    this.core.now = now
    return this.guarded(() => {
      if (this.begin !== null) this.enter(this.begin(this.core))
    })
  }

  /** Bytes from the peer, in pieces of any size. */
  receive(bytes: Uint8Array, now: UnixMillis): readonly Output[] {
    if (this.dead || !this.reading) return []
    this.core.now = now
    return this.guarded(() => {
      this.core.input.deframer.push(plainBytes(bytes))
      while (this.reading) {
        const record = this.core.input.next()
        if (record === null) return
        if (record === 'skipped') this.core.note('a record of early data that was not accepted is passed over')
        else this.record(record)
      }
    })
  }

  /** Application data. Throws `RangeError` unless `open`. */
  write(bytes: Uint8Array): readonly Output[] {
    if (!this.open) throw new RangeError(`write: expected an open connection, got one in ${this.at}`)
    return this.guarded(() => {
      if (this.core.output.exhausted && this.state.updateKeys) this.enter(this.state.updateKeys(this.core, false))
      this.core.data(bytes)
    })
  }

  /** Data with the first flight. Throws `RangeError` unless `takesEarlyData`, or when it exceeds what the ticket allows. */
  writeEarly(bytes: Uint8Array): readonly Output[] {
    if (!this.takesEarlyData)
      throw new RangeError(`writeEarly: expected a client that offered early data, at ${this.at}`)
    return this.guarded(() => {
      if (this.state.consumed) this.state = this.state.consumed(bytes.length)
      this.core.data(bytes)
    })
  }

  /** TLS 1.3: new keys for what we write; `askPeer` asks for the other direction too. */
  updateKeys(askPeer: boolean): readonly Output[] {
    const { state } = this
    if (!this.open || state.updateKeys === undefined)
      throw new RangeError('updateKeys: expected an open TLS 1.3 connection')
    return this.guarded(() => this.enter(state.updateKeys!(this.core, askPeer)))
  }

  /** We will send no more. The peer may go on. */
  close(): readonly Output[] {
    if (this.dead || !this.writing) return []
    this.writing = false
    return this.guarded(() => {
      this.core.alert('close_notify', 'warning', { rule: 'we will send no more', rfc: 'RFC 8446 6.1', knew: [] })
    })
  }

  /** The transport ended. Without close_notify before it, what came may be only a part. */
  end(): readonly Output[] {
    if (this.dead || !this.reading) return []
    this.reading = false
    if (this.state.reads !== 'data') return this.lost()
    this.core.emit({ kind: 'closed', how: 'truncated' })
    return this.core.take()
  }

  /** Keying material for other protocols. Throws `RangeError` before the handshake is over. */
  exportKey(label: string, context: Uint8Array, length: number): Uint8Array {
    if (this.state.exportKey === undefined)
      throw new RangeError(`exportKey: expected a connected state, got ${this.at}`)
    return this.state.exportKey(label, context, length)
  }

  private lost(): readonly Output[] {
    const rule = `the transport ended in the middle of the handshake, at ${this.state.at}`
    const fault = { alert: 'internal_error', rule, rfc: 'RFC 8446 6.1', knew: this.state.knew?.() ?? [] } as const
    this.dead = true
    this.core.emit({ kind: 'failed', by: this.core.peer, fault, detail: null })
    return this.core.take()
  }

  private enter(next: State): void {
    const { core, state } = this
    if (next.at !== state.at) core.step(() => ({ kind: 'tls-state', from: state.at, to: next.at }))
    this.state = next
  }

  private record(record: InputRecord): void {
    this.core.recordReceived(record)
    if (record.type !== CONTENT.handshake && !this.core.joiner.empty) {
      const rule = `a handshake message in several records is not interrupted by ${contentName(record.type)}`
      throw new TlsError('unexpected_message', rule, 'RFC 8446 5.1')
    }
    switch (record.type) {
      case CONTENT.handshake:
        this.handshake(record)
        break
      case CONTENT.applicationData:
        this.data(record)
        break
      case CONTENT.alert:
        this.alert(record.content)
        break
      case CONTENT.changeCipherSpec:
        this.changeCipherSpec(record)
        break
      default:
        throw new TlsError('unexpected_message', `no content has type ${record.type}`, 'RFC 8446 5')
    }
  }

  private handshake({ content }: InputRecord): void {
    const { core } = this
    if (content.length === 0) {
      throw new TlsError('unexpected_message', 'a handshake record is not empty', 'RFC 8446 5.1')
    }
    core.joiner.push(content)
    for (let message = this.message(); message !== null; message = this.message()) {
      const { protection } = core.input
      core.received(message)
      if (this.ignored(message)) continue
      this.enter(this.state.handle(core, message))
      if (core.input.protection !== protection && !core.joiner.empty) {
        const rule = `keys change after ${handshakeName(message.type)}, yet its record goes on`
        throw new TlsError('unexpected_message', rule, 'RFC 8446 5.1')
      }
    }
  }

  private ignored(message: Handshake): boolean {
    const { core, state } = this
    if (!among(state.ignores, message.type)) return false
    open(nothing, message)
    this.countEmpty()
    core.note(
      `${handshakeName(message.type)} means nothing at ${state.at}: it has no part in the transcript (RFC 5246 7.4.1.1)`,
    )
    return true
  }

  /** The next whole message. One that cannot come is refused by its first byte, whatever it goes on to say of its length. */
  private message(): Handshake | null {
    const { state, core } = this
    const { type } = core.joiner
    if (type === null || among(state.expects, type) || among(state.ignores, type)) return core.joiner.next()
    const { whole } = core.joiner
    if (whole !== null) core.received(whole)
    const rule = `${handshakeName(type)} cannot come at ${state.at}`
    const expected = state.expects.length === 0 ? 'no handshake message' : state.expects.join(' or ')
    throw new TlsError('unexpected_message', rule, 'RFC 8446 4', [{ side: core.role, fact: `expected ${expected}` }])
  }

  private data({ content }: InputRecord): void {
    const { state, core } = this
    if (state.reads === 'nothing') {
      throw new TlsError('unexpected_message', `application data cannot come at ${state.at}`, 'RFC 8446 5')
    }
    if (content.length === 0) {
      this.emptyRecords++
      if (this.emptyRecords > core.limits.emptyRecords) {
        const rule = `more than ${core.limits.emptyRecords} empty records in a row`
        throw new TlsError('unexpected_message', rule, 'RFC 8446 5.1')
      }
      return
    }
    this.emptyRecords = 0
    if (state.consumed !== undefined) this.state = state.consumed(content.length)
    core.emit({ kind: 'data', bytes: content, early: state.reads === 'early data' })
  }

  private changeCipherSpec({ content, opened }: InputRecord): void {
    const { core, state } = this
    if (content.length !== 1 || content[0] !== 1) {
      const alert = core.version === 'TLS 1.2' ? 'decode_error' : 'unexpected_message'
      throw new TlsError(alert, 'change_cipher_spec is the single byte 1', 'RFC 8446 5')
    }
    if (state.changeCipherSpec !== undefined) {
      this.enter(state.changeCipherSpec(core))
      return
    }
    if (opened !== null || !core.dropsChangeCipherSpec) {
      throw new TlsError('unexpected_message', `change_cipher_spec cannot come at ${state.at}`, 'RFC 8446 5')
    }
    this.countEmpty()
    core.note('change_cipher_spec for middleboxes, dropped (RFC 8446 D.4)')
  }

  /** What has no effect is counted, so that nobody keeps us busy with it. */
  private countEmpty(): void {
    this.emptyRecords++
    const { emptyRecords } = this.core.limits
    if (this.emptyRecords > emptyRecords) {
      throw new TlsError(
        'unexpected_message',
        `more than ${emptyRecords} records or messages without effect`,
        'RFC 8446 5',
      )
    }
  }

  private alert(content: Uint8Array): void {
    const { core } = this
    if (content.length !== 2) {
      throw new TlsError('decode_error', `an alert is two bytes, not ${content.length}`, 'RFC 8446 5.1')
    }
    const [level, code] = content
    const name = alertName(code)
    const closing = name === 'close_notify'
    const warning = name === 'user_canceled' || (level === 1 && core.version !== 'TLS 1.3')
    const fault = peersFault(name, code, core.peer, this.state)
    core.step(() => {
      const { rule, rfc, knew } = fault
      const told = closing || warning ? 'warning' : 'fatal'
      const description = name ?? `alert ${code}`
      return { kind: 'tls-alert', direction: 'received', level: told, description, code, rule, rfc, knew }
    })
    if (closing && this.state.reads === 'data') {
      this.reading = false
      core.emit({ kind: 'closed', how: 'close_notify' })
      return
    }
    if (closing || !warning) {
      this.dead = true
      this.reading = false
      core.forgetSession?.()
      core.emit({ kind: 'failed', by: core.peer, fault, detail: null })
      return
    }
    this.warnings++
    if (this.warnings > core.limits.warnings) {
      throw new TlsError('unexpected_message', `more than ${core.limits.warnings} warning alerts`, 'RFC 8446 6')
    }
  }

  /** Runs one entry point; a broken rule ends the connection with its alert. */
  private guarded(run: () => void): readonly Output[] {
    if (this.dead) return []
    try {
      run()
    } catch (error) {
      this.fail(faultOf(error, this.core), error instanceof JudgedError ? error.detail : null)
    }
    return this.core.take()
  }

  private fail(fault: Fault, detail: unknown): void {
    const { core, state } = this
    const knew = [...fault.knew, ...(state.knew?.() ?? [])]
    this.dead = true
    this.reading = false
    core.forgetSession?.()
    core.alert(fault.alert, 'fatal', { ...fault, knew })
    core.emit({ kind: 'failed', by: core.role, fault: { ...fault, knew }, detail })
  }
}

const among = (names: readonly HandshakeName[] = [], type: number): boolean =>
  names.some((name) => HANDSHAKE[name] === type)

/** Bytes that do not parse are a decode_error; anything but a broken rule is a bug, and goes up. */
function faultOf(error: unknown, core: Core): Fault {
  if (error instanceof TlsError) return { alert: error.alert, rule: error.rule, rfc: error.rfc, knew: error.knew }
  if (!(error instanceof Malformed)) throw error
  const rule = `${error.protocol}.${error.field}: expected ${error.expected}, got ${error.got}`
  return { alert: 'decode_error', rule, rfc: core.version === 'TLS 1.2' ? 'RFC 5246 7.2.2' : 'RFC 8446 6.2', knew: [] }
}

function peersFault(name: ReturnType<typeof alertName>, code: number, peer: 'client' | 'server', state: State): Fault {
  const knew = state.knew?.() ?? []
  if (name === null)
    return {
      alert: 'internal_error',
      rule: `the ${peer} sent alert ${code}, which has no meaning`,
      rfc: 'RFC 8446 6',
      knew,
    }
  const rule =
    name === 'close_notify' ? `the ${peer} will send no more` : `the ${peer} gave up at our ${state.at}: ${name}`
  return { alert: name, rule, rfc: name === 'close_notify' ? 'RFC 8446 6.1' : 'RFC 8446 6.2', knew }
}
