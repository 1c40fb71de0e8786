import { ALERTS, type AlertName } from '../../../src/tls/alert.ts'
import type { Output } from '../../../src/tls/output.ts'
import type { TlsRole } from '../../../src/trace/steps/tls.ts'
import type { Rng } from '../../../src/util/rng.ts'
import { Conversation, type Flying, type How, peerOf } from './conversation.ts'
import type { Course } from './courses.ts'
import { checkHangUp, checkHeard, checkHeardAll, checkTold } from './ends.ts'
import { mutated } from './mutate.ts'
import { type Circumstances, Oracle, type Sent, type Verdict } from './oracle.ts'

interface Point {
  readonly from: TlsRole
  /** Which of the records to that receiver is next. */
  readonly at: number
  readonly fork: () => Conversation
}

/** A conversation that nobody touched, and every point at which somebody could. */
export interface Recorded {
  readonly how: How
  readonly points: readonly Point[]
  readonly sentTo: Readonly<Record<TlsRole, readonly Sent[]>>
}

export function recorded(how: How, seed: string, trace: boolean): Recorded {
  const conversation = Conversation.begin(how, seed)
  const points: Point[] = []
  const sentTo: Record<TlsRole, Sent[]> = { client: [], server: [] }
  for (let next = conversation.next(); next !== null; next = conversation.next()) {
    const to = sentTo[peerOf(next.from)]
    conversation.queue.unshift(next)
    points.push({ from: next.from, at: to.length, fork: conversation.forks(trace) })
    conversation.queue.shift()
    to.push(sentOf(next, conversation.deliver(next)))
  }
  return { how, points, sentTo }
}

function sentOf({ bytes }: Flying, outputs: readonly Output[]): Sent {
  const messages: Sent['messages'][number][] = []
  let epoch: Sent['epoch'] = 'plaintext'
  let early: Sent['early'] = 'no'
  for (const output of outputs) {
    if (output.kind !== 'step') continue
    const { event } = output
    if (event.kind === 'tls-record' && event.direction === 'received' && event.epoch !== 'plaintext') {
      epoch = event.epoch === 'TLS 1.2' ? 'TLS 1.2' : 'TLS 1.3'
      if (event.epoch === 'early data') early = 'taken'
    }
    if (event.kind === 'tls-message' && event.direction === 'received') {
      messages.push({ bytes: Buffer.from(event.bytes, 'hex'), fields: event.fields })
    }
  }
  const seen = outputs.some((output) => output.kind === 'step' && output.event.kind === 'tls-record')
  return { bytes, epoch, early: seen ? early : 'lost', messages }
}

/** After an altered message came bytes that begin no record or message: they may say anything of type, version and length. */
const ASKEW: readonly AlertName[] = [
  'unexpected_message',
  'protocol_version',
  'record_overflow',
  'decode_error',
  'illegal_parameter',
  'bad_record_mac',
]

/** What came of it: the alert, or that there was no need of one. */
export type Outcome = AlertName | 'told by an alert' | 'no harm done' | 'waits for more'

/** One mutated record at one point, met by the end it was for, and judged to the end of the conversation. Throws what is wrong. */
export function trial({ how, points, sentTo }: Recorded, rng: Rng): Outcome {
  const { from, at, fork } = points[rng.below(points.length)]
  const victim = peerOf(from)
  const conversation = fork()
  const flight = conversation.queue.filter((flying) => flying.from === from)
  const rest = conversation.queue.filter((flying) => flying.from !== from)
  conversation.queue.length = 0
  const pieces = mutated(
    flight.map(({ bytes }) => bytes),
    0,
    rng,
  )
  conversation.queue.push(...pieces.map((bytes) => ({ from, bytes })), ...rest)
  const circumstances: Circumstances = {
    victim,
    course: how.course,
    resumed: how.resumed || how.course.earlyData !== 'none',
    clientAuth: how.clientAuth,
  }
  return new Trial(conversation, victim, new Oracle(circumstances, sentTo[victim], at), how.course).run()
}

class Trial {
  private due: Extract<Verdict, { kind: 'later' }> | null = null

  constructor(
    private readonly conversation: Conversation,
    private readonly victim: TlsRole,
    private readonly oracle: Oracle,
    private readonly course: Course,
  ) {}

  run(): Outcome {
    const { conversation, victim } = this
    for (let next = conversation.next(); next !== null; next = conversation.next()) {
      const judged = peerOf(next.from) === victim && this.due === null
      const verdict = judged ? this.oracle.arrives(next.bytes) : null
      conversation.deliver(next)
      if (verdict !== null && verdict.kind !== 'fine') {
        if (verdict.kind === 'later') this.due = verdict
        else return this.ended(verdict)
      }
      const gaveUp = this.gaveUp()
      if (gaveUp !== null) return this.inTime(gaveUp, verdict?.kind === 'later')
    }
    return this.over()
  }

  /** Who gave up, by its own judgement. */
  private gaveUp(): { readonly role: TlsRole; readonly alert: AlertName; readonly rule: string } | null {
    for (const role of ['client', 'server'] as const) {
      const { failed } = this.conversation.end(role)
      if (failed === null) continue
      const { alert, rule, rfc } = failed.fault
      if (!Object.hasOwn(ALERTS, alert) || rule === '' || !rfc.startsWith('RFC '))
        throw new Error(`${alert} without a rule`)
      if (failed.by === role) return { role, alert, rule }
    }
    return null
  }

  private ended(verdict: Extract<Verdict, { kind: 'alert' | 'told' }>): Outcome {
    const gaveUp = this.gaveUp()
    const { failed } = this.conversation.end(this.victim)
    if (verdict.kind === 'told') {
      if (failed === null || failed.by === this.victim)
        throw new Error(`told by an alert, yet ${gaveUp?.alert}: ${gaveUp?.rule}`)
      checkHangUp(this.conversation)
      return 'told by an alert'
    }
    const { alerts, rfc } = verdict
    if (gaveUp?.role !== this.victim || !alerts.includes(gaveUp.alert)) {
      throw new Error(
        `${this.victim}: ${alerts.join(' or ')} (${rfc}), not ${gaveUp?.role} ${gaveUp?.alert}: ${gaveUp?.rule}`,
      )
    }
    return this.told(gaveUp)
  }

  private inTime(gaveUp: NonNullable<ReturnType<Trial['gaveUp']>>, now: boolean): Outcome {
    const { due, victim } = this
    const { role, alert, rule } = gaveUp
    const allowed = [...(due?.later?.[role] ?? []), ...(now && role === victim ? (due?.now ?? []) : [])]
    if (role === victim && this.oracle.askew) allowed.push(...ASKEW)
    if (due === null || !allowed.includes(alert))
      throw new Error(`${role}: ${JSON.stringify(due)}, not ${now ? 'at once' : 'later'} ${alert}: ${rule}`)
    return this.told(gaveUp)
  }

  private told({ role, alert }: NonNullable<ReturnType<Trial['gaveUp']>>): Outcome {
    const { conversation, due, course } = this
    for (let next = conversation.next(); next !== null; next = conversation.next()) conversation.deliver(next)
    checkHeard(conversation)
    checkTold(conversation, role, alert, { agreed: due === null, course })
    checkHangUp(conversation)
    return alert
  }

  private over(): Outcome {
    const { conversation, due, oracle } = this
    checkHeard(conversation)
    if (due !== null && !oracle.askew) throw new Error(`nobody gave up: ${JSON.stringify(due)}`)
    if (oracle.whole) checkHeardAll(conversation, this.course)
    checkHangUp(conversation)
    return oracle.whole ? 'no harm done' : 'waits for more'
  }
}
