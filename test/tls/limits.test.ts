import { afterEach, describe, expect, test } from 'vitest'
import { AEADS } from '../../src/tls/cipher/aead.ts'
import type { Loopback } from '../../src/tls/loopback.ts'
import { CONTENT } from '../../src/tls/numbers.ts'
import { ReplayGuard } from '../../src/tls/session/replay.ts'
import type { TlsEvent, TlsRole } from '../../src/trace/steps/tls.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { play, psks, returning, show } from './scene.ts'

const messages = (run: Loopback, role: TlsRole, name: string): TlsEvent[] =>
  run.outputs[role].flatMap((o) =>
    o.kind === 'step' && o.event.kind === 'tls-message' && o.event.message === name ? [o.event] : [],
  )

describe('keys that are nearly used up (RFC 8446 5.5)', () => {
  const { limit } = AEADS['AES-128-GCM']
  const setLimit = (to: number): void => {
    ;(AEADS['AES-128-GCM'] as { limit: number }).limit = to
  }
  afterEach(() => setLimit(limit))

  test('allow 2^24 full records with AES-GCM, and as many as one likes with ChaCha20-Poly1305', () => {
    expect(limit).toBe(2 ** 24)
    expect(AEADS['AES-256-GCM'].limit).toBe(2 ** 24)
    expect(AEADS['ChaCha20-Poly1305'].limit).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('are renewed by a KeyUpdate of their own accord, and the other end follows', () => {
    setLimit(3)
    const run = play({})
    for (let i = 0; i < 10; i++) run.feed('client', run.client.write(utf8(`${i}`)))
    expect(String(run.received('server'))).toBe('0123456789')
    const sent = messages(run, 'client', 'KeyUpdate').filter((e) => e.kind === 'tls-message' && e.direction === 'sent')
    // After three records of data each; the KeyUpdate itself is the fourth under its keys.
    expect(sent).toHaveLength(3)
    expect(messages(run, 'server', 'KeyUpdate')).toHaveLength(3)
    expect([run.client.at, run.server.at]).toEqual(['CONNECTED', 'CONNECTED'])
  })

  test('of TLS 1.2 cannot be renewed, and go on', () => {
    setLimit(3)
    const v12 = { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] } as const
    const run = play({ c: v12, s: v12 })
    for (let i = 0; i < 10; i++) run.feed('client', run.client.write(utf8(`${i}`)))
    expect(String(run.received('server'))).toBe('0123456789')
  })
})

describe('what was seen before (RFC 8446 8)', () => {
  const binder = (n: number): Uint8Array => new Uint8Array(32).fill(n)

  test('is refused within the window, and forgotten after it', () => {
    const guard = new ReplayGuard(1000)
    expect([guard.accept(binder(1), 0), guard.accept(binder(1), 1), guard.accept(binder(1), 2000)]).toEqual([
      true,
      false,
      false,
    ])
    // A ticket may be as old by its own account as the window allows, both ways: by then its age gives it away.
    expect(guard.accept(binder(1), 2001)).toBe(true)
  })

  test('is never forgotten for want of room: new early data is refused then', () => {
    const guard = new ReplayGuard(1000, 2)
    expect([1, 2, 3].map((n) => guard.accept(binder(n), 0))).toEqual([true, true, false])
    expect(guard.accept(binder(1), 1)).toBe(false)
    expect(guard.accept(binder(3), 2001)).toBe(true)
  })
})

describe('counts that a peer could drive up', () => {
  test('user_canceled in TLS 1.3', () => {
    const cancel = show('client', CONTENT.alert, Uint8Array.of(1, 90))!
    const run = play({
      c: { limits: { warnings: 2 } },
      after: (both, insider) => {
        for (let i = 0; i < 3; i++) cancel(both, insider)
      },
    })
    expect(run.find('client', 'failed')).toMatchObject({ by: 'client', fault: { alert: 'unexpected_message' } })
  })

  test('identities of pre-shared keys: the fifth is not looked at', () => {
    for (const [before, resumed] of [
      [3, true],
      [4, false],
    ] as const) {
      const scene = returning()
      const junk = { identity: new Uint8Array(100), obfuscatedAge: 0 }
      // The binder no longer fits, so where the ticket is looked at, that is the alert; where not, a full handshake begins.
      const run = play({
        ...scene,
        change: psks(({ identities, binders }) => ({
          identities: [...Array.from({ length: before }, () => junk), ...identities],
          binders: [...Array.from({ length: before }, () => new Uint8Array(32)), ...binders],
        })),
      })
      const failed = run.find('server', 'failed')?.fault.rule.includes('binder')
      expect({ before, looked: failed === true }).toEqual({ before, looked: resumed })
    }
  })
})
