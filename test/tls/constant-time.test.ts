import { timingSafeEqual } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TicketSealer } from '../../src/tls/session/ticket.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { play, returning, rng } from './scene.ts'

// What proves that a peer knows a secret is compared in constant time: the length of a common prefix must not be told by the clock.
const compared = vi.hoisted(() => [] as [Uint8Array, Uint8Array][])
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  const watching = (a: Uint8Array, b: Uint8Array): boolean => {
    compared.push([a, b])
    return crypto.timingSafeEqual(a, b)
  }
  return { ...crypto, timingSafeEqual: watching, default: { ...crypto, timingSafeEqual: watching } }
})
afterEach(() => {
  compared.length = 0
})

const lengths = (): number[] => compared.map(([a]) => a.length)
const V12 = { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] } as const

describe('compared in constant time', () => {
  test('the Finished of both ends in TLS 1.3', () => {
    expect(timingSafeEqual(utf8('a'), utf8('a'))).toBe(true)
    compared.length = 0
    play({})
    expect(lengths()).toEqual([32, 32])
  })

  test('the Finished of both ends in TLS 1.2, and of a resumption', () => {
    const s = { ...V12, tickets: new TicketSealer(rng) }
    const { session } = play({ c: V12, s }).find('client', 'session')!
    expect(lengths()).toEqual([12, 12])
    play({ c: { ...V12, session }, s })
    expect(lengths()).toEqual([12, 12, 12, 12])
  })

  test('the binder of a pre-shared key', () => {
    const scene = returning()
    compared.length = 0
    play(scene)
    expect(lengths()).toEqual([32, 32, 32])
  })

  test.each([true, false])('the MAC of a CBC record, encrypt-then-MAC %s', (encryptThenMac) => {
    const cbc = { ...V12, encryptThenMac, suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }
    const run = play({ c: cbc, s: cbc })
    compared.length = 0
    run.feed('client', run.client.write(utf8('data')))
    expect(String(run.received('server'))).toBe('data')
    expect(lengths()).toEqual([20])
  })
})
