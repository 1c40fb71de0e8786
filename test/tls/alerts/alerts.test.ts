import { describe, expect, test } from 'vitest'
import { ALERTS, type AlertName } from '../../../src/tls/alert.ts'
import { CONTENT } from '../../../src/tls/numbers.ts'
import type { TlsEvent } from '../../../src/trace/steps/tls.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { ASKING, judging, NOW, play, type Row, rows, show } from '../scene.ts'
import { ILLEGAL } from './illegal.ts'
import { NEGOTIATION } from './negotiation.ts'
import { RECORDS } from './records.ts'
import { UNEXPECTED } from './unexpected.ts'

// Every alert of RFC 8446 6, and the sentences of it that end in an alert: what provokes it, who sends it, by which rule.
const JUDGED = [
  'bad_certificate',
  'unsupported_certificate',
  'certificate_revoked',
  'certificate_expired',
  'certificate_unknown',
  'unknown_ca',
  'bad_certificate_status_response',
] as const
const VERDICTS: readonly Row[] = JUDGED.flatMap((alert) => [
  ...rows(alert, 'client', {
    "RFC 5280 6.1: what a client's judge makes of the server's chain": { c: { judge: judging(alert) } },
  }),
  ...rows(alert, 'server', {
    "RFC 5280 6.1: what a server's judge makes of the client's chain": {
      ...ASKING,
      s: { ...ASKING.s, judge: judging(alert) },
    },
  }),
])

/** Alerts of RFC 8446 6 that no end here sends, and why. Those of TLS 1.2 alone have tests of their own. */
const NEVER: Partial<Record<AlertName, string>> = {
  access_denied: 'who has a valid certificate is let in: there is no further rule on who may',
  insufficient_security:
    'RFC 8446 4.1.1 leaves the choice between it and handshake_failure, and clients know the latter',
  internal_error: 'what is no fault of the peer is a bug here, and is thrown',
  unknown_psk_identity: 'optional (RFC 8446 6.2): a ticket that does not open leads to a full handshake',
  user_canceled: 'a program that gives up closes or resets its connection',
}
const ELSEWHERE: Partial<Record<AlertName, string>> = {
  close_notify: 'below',
  no_renegotiation: 'TLS 1.2: src/tls/both-ends.test.ts',
}

const ROWS = [...UNEXPECTED, ...RECORDS, ...NEGOTIATION, ...ILLEGAL, ...VERDICTS]

describe('every alert of RFC 8446', () => {
  test('is in this table, or has a reason not to be sent', () => {
    const covered = [...new Set(ROWS.map(({ alert }) => alert)), ...Object.keys(NEVER), ...Object.keys(ELSEWHERE)]
    expect(covered.sort()).toEqual(Object.keys(ALERTS).sort())
  })

  test.each(ROWS)('$alert by the $by ($rfc): $what', ({ alert, by, rfc, scene }) => {
    const run = play(scene)
    const other = by === 'client' ? 'server' : 'client'
    expect(run.find(by, 'failed')).toMatchObject({ by, fault: { alert, rfc } })
    // The other end learns of it too, whatever keys it has by then.
    expect(run.find(other, 'failed')).toMatchObject({ by, fault: { alert } })
    const steps = run.outputs[by].flatMap((output) => (output.kind === 'step' ? [output.event as TlsEvent] : []))
    expect(steps.filter((event) => event.kind === 'tls-alert')).toMatchObject([
      { direction: 'sent', level: 'fatal', description: alert, code: ALERTS[alert], rfc },
    ])
    expect(run[by].at).toBe('FAILED')
    // Nothing is said after a fatal alert, and nothing is heard.
    expect(run[by].receive(utf8('more'), NOW)).toEqual([])
    expect(run[by].close()).toEqual([])
  })

  test('close_notify ends one direction, and the other goes on', () => {
    const run = play({ after: () => {} })
    run.feed('client', run.client.close())
    expect(run.find('server', 'closed')).toEqual({ kind: 'closed', how: 'close_notify' })
    run.feed('server', run.server.write(utf8('still here')))
    expect(Buffer.from(run.received('client')).toString()).toBe('hellostill here')
    expect(() => run.client.write(utf8('no more'))).toThrow(RangeError)
  })

  test.each(['client', 'server'] as const)('an alert of no known meaning is fatal to a %s', (role) => {
    const run = play({ after: show(role, CONTENT.alert, Uint8Array.of(1, 222)) })
    expect(run.find(role, 'failed')?.fault.rule).toContain('alert 222')
    expect(run[role].at).toBe('FAILED')
  })

  test('user_canceled is heard as what it is: close_notify follows', () => {
    const run = play({ after: show('server', CONTENT.alert, Uint8Array.of(1, ALERTS.user_canceled)) })
    expect([run.server.at, run.find('server', 'failed')]).toEqual(['CONNECTED', undefined])
  })
})
