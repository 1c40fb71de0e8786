import type { Event } from '../trace/step.ts'
import type { TlsDirection, TlsEpoch, TlsEvent, TlsRole } from '../trace/steps/tls.ts'
import { concat, toHex } from '../util/bytes.ts'
import { ALERTS, type AlertName, type Fault } from './alert.ts'
import type { Opened, Protection } from './cipher/protection.ts'
import { type CommonConfig, DEFAULT_LIMITS, type Limits, type Tracing } from './config.ts'
import { shown } from './fields.ts'
import type { UnixMillis } from './judge.ts'
import { keylogLine } from './keylog.ts'
import type { Handshake } from './message/handshake.ts'
import { CONTENT, contentName, handshakeName, type Version } from './numbers.ts'
import type { Output } from './output.ts'
import { type InputRecord, RecordInput } from './record/input.ts'
import { Joiner } from './record/joiner.ts'
import { type OutputRecord, RecordOutput } from './record/output.ts'
import type { Derived, Listener } from './schedule/note.ts'
import type { DerivedSecret } from './schedule/schedule13.ts'
import { Transcript } from './schedule/transcript.ts'
import type { Suite } from './suite.ts'

/** `Omit` on each member of a union. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** A step but for whose it is. */
export type StepBody = Without<TlsEvent, 'role' | 'connection'>

/**
 * What the states of one endpoint share: record layer, transcript, what is to go out. States are immutable and hold what
 * they learnt; this holds what runs on.
 */
export class Core {
  readonly transcript = new Transcript()
  readonly input: RecordInput
  readonly output: RecordOutput
  readonly joiner: Joiner
  readonly limits: Limits
  /** Hears of derivations; null when not tracing. */
  readonly listener: Listener
  private readonly trace: Tracing
  now: UnixMillis = 0
  version: Version | null = null
  suite: Suite | null = null
  clientRandom: Uint8Array = new Uint8Array(0)
  /** TLS 1.3 peers may send change_cipher_spec while the handshake runs (RFC 8446 D.4): it is dropped. */
  dropsChangeCipherSpec = false
  /** Takes our session out of the cache: after a fatal alert nobody resumes it (RFC 5246 7.2.2). */
  forgetSession: (() => void) | null = null
  /** We said close_notify: nothing is written any more (RFC 8446 6.1). */
  sealed = false
  private outputs: Output[] = []
  private wire: Uint8Array[] = []
  private unsent: Uint8Array[] = []
  private counted = 0

  constructor(
    readonly role: TlsRole,
    readonly config: CommonConfig,
  ) {
    this.input = new RecordInput(this.peer)
    this.output = new RecordOutput(config.paddingUnit ?? 0)
    this.limits = { ...DEFAULT_LIMITS, ...config.limits }
    this.joiner = new Joiner(this.limits.handshakeMessage)
    this.trace = config.trace ?? 'off'
    this.listener = this.trace === 'off' ? null : (derived) => this.derived(derived)
    if (config.recordSizeLimit !== undefined) this.input.sizeLimit = config.recordSizeLimit
  }

  get peer(): TlsRole {
    return this.role === 'client' ? 'server' : 'client'
  }

  emit(output: Output): void {
    this.outputs.push(output)
  }

  /** Builds and tells a step, or only counts it: building is what costs. */
  step(build: () => StepBody): void {
    if (this.trace === 'told') {
      const event = { role: this.role, connection: this.config.connection ?? 0, ...build() } as TlsEvent
      this.outputs.push({ kind: 'step', event })
    } else if (this.trace === 'counted') this.counted++
  }

  events(events: readonly Event[]): void {
    if (this.trace === 'told') for (const event of events) this.outputs.push({ kind: 'step', event })
    else if (this.trace === 'counted') this.counted += events.length
  }

  note(text: string): void {
    this.step(() => ({ kind: 'tls-note', text }))
  }

  /** Into the transcript and out with the next flush, sharing records with its neighbours. */
  send(message: Handshake): void {
    this.messageStep('sent', this.output.epoch, message)
    this.absorb(message)
    this.unsent.push(message.bytes)
  }

  /** After the handshake messages have no transcript. */
  sendAfterHandshake(message: Handshake): void {
    this.messageStep('sent', this.output.epoch, message)
    this.unsent.push(message.bytes)
    this.flush()
  }

  /** Adds to the transcript a message received, or one about to be sent. */
  absorb(message: Handshake): void {
    this.transcript.add(message.bytes)
    const { algorithm } = this.transcript
    if (algorithm === null) return
    this.step(() => {
      const after = handshakeName(message.type)
      return { kind: 'tls-transcript', after, algorithm, hash: toHex(this.transcript.hash()) }
    })
  }

  received(message: Handshake): void {
    this.messageStep('received', this.input.epoch, message)
  }

  /** Sends the handshake messages that wait. */
  flush(): void {
    if (this.unsent.length === 0) return
    const content = this.unsent.length === 1 ? this.unsent[0] : concat(this.unsent)
    this.unsent = []
    this.write(CONTENT.handshake, content)
  }

  changeCipherSpec(): void {
    this.flush()
    this.write(CONTENT.changeCipherSpec, Uint8Array.of(1))
  }

  data(bytes: Uint8Array): void {
    this.write(CONTENT.applicationData, bytes)
  }

  alert(description: AlertName, level: 'warning' | 'fatal', fault: Omit<Fault, 'alert'>): void {
    if (this.sealed) return
    this.flush()
    this.step(() => {
      const { rule, rfc, knew } = fault
      const code = ALERTS[description]
      return { kind: 'tls-alert', direction: 'sent', level, description, code, rule, rfc, knew }
    })
    this.write(CONTENT.alert, Uint8Array.of(level === 'fatal' ? 2 : 1, ALERTS[description]))
    if (description === 'close_notify') this.sealed = true
  }

  /** From here on what we write is under these keys; what waits goes out under the old. */
  writeUnder(protection: Protection, epoch: TlsEpoch): void {
    this.flush()
    this.output.protect(protection, epoch)
  }

  readUnder(protection: Protection, epoch: TlsEpoch): void {
    this.input.protect(protection, epoch)
  }

  keylog(name: DerivedSecret | 'tls12', secret: Uint8Array): void {
    if (this.config.keylog !== true) return
    const line = keylogLine(name, this.clientRandom, secret)
    if (line !== null) this.emit({ kind: 'keylog', line })
  }

  /** Everything since the last call, what is to be sent first. */
  take(): readonly Output[] {
    this.flush()
    if (this.counted > 0) this.outputs.push({ kind: 'counted', steps: this.counted })
    this.counted = 0
    const { outputs, wire } = this
    if (wire.length === 0 && outputs.length === 0) return NOTHING
    this.outputs = []
    this.wire = []
    if (wire.length > 0) outputs.unshift({ kind: 'send', bytes: wire.length === 1 ? wire[0] : concat(wire) })
    return outputs
  }

  recordReceived(record: InputRecord): void {
    this.recordSeen(record, 'received', this.input)
  }

  recordSeen(record: InputRecord, direction: TlsDirection, { protection }: RecordInput): void {
    this.step(() => seenStep(record, direction, protection))
  }

  private write(type: number, content: Uint8Array): void {
    if (this.sealed) return
    for (const record of this.output.records(type, content)) {
      this.step(() => sentStep(record))
      this.wire.push(record.bytes)
    }
  }

  messageStep(direction: TlsDirection, epoch: TlsEpoch, message: Handshake): void {
    this.step(() => {
      const name = handshakeName(message.type)
      const { bytes, fields } = shown(message, this.version, this.suite)
      return { kind: 'tls-message', direction, epoch, message: name, bytes, fields }
    })
  }

  private derived({ operation, output, label, inputs, value }: Derived): void {
    const shown = this.config.secrets === true
    this.step(() => ({
      kind: 'tls-derivation',
      operation,
      output,
      label,
      inputs: inputs.map((input) => ({ name: input.name, value: input.secret && !shown ? null : toHex(input.value) })),
      length: value.length,
      value: shown ? toHex(value) : null,
    }))
  }
}

const NOTHING: readonly Output[] = []

function seenStep(
  { raw, epoch, sequence, opened }: InputRecord,
  direction: TlsDirection,
  under: Protection | null,
): StepBody {
  const { type, version, payload } = raw
  const protection =
    opened === null || under === null ? null : protectionOf(opened, payload.length, under.algorithm, sequence)
  const contentType = contentName(type)
  return { kind: 'tls-record', direction, contentType, version, length: payload.length, epoch, protection }
}

function sentStep(record: OutputRecord): StepBody {
  const { bytes, type, outerType, version, content, padding, epoch, sequence, algorithm, sealed } = record
  const protection =
    sealed === null || algorithm === null
      ? null
      : protectionOf({ ...sealed, type, content, padding }, sealed.payload.length, algorithm, sequence)
  const [contentType, length] = [contentName(outerType), bytes.length - 5]
  return { kind: 'tls-record', direction: 'sent', contentType, version, length, epoch, protection }
}

/** How a record is sealed: its content and padding, in `length` bytes after the header. */
function protectionOf(
  { type, content, padding, nonce, additionalData }: Opened,
  length: number,
  algorithm: string,
  sequence: number,
): NonNullable<Extract<TlsEvent, { kind: 'tls-record' }>['protection']> {
  return {
    algorithm,
    sequence,
    nonce: toHex(nonce),
    additionalData: toHex(additionalData),
    innerType: contentName(type),
    content: content.length,
    padding,
    overhead: length - content.length - padding,
  }
}
