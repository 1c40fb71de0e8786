import { describe, expect, it } from 'vitest'
import { Rng } from '../../util/rng.ts'
import type { KeyType } from '../generate.ts'
import { FAULTS, type Fault, present } from '../issue/faults.ts'
import { keyMismatch } from '../match-key.ts'
import { judge } from './judge.ts'

const at = '2026-03-01T09:00:00Z'
const names = ['DNS:web', 'DNS:*.web.example', 'IP:10.96.0.80', 'URI:spiffe://cluster.local/ns/default/sa/web']

const judged = (fault: Fault | null, key: KeyType, purpose: 'server' | 'client' = 'server') => {
  const { identity, roots, crls, known } = present(fault, { at, names, key, purpose }, new Rng(3))
  const chain = [identity.certificate, ...identity.chain]
  const mismatch = keyMismatch(identity.certificate, identity.key)
  const { verdict } = judge({ chain, roots, at, purpose, name: 'web', crls, known })
  return { verdict, mismatch, roots, chain }
}

describe.each(['p-256', 'p-384', 'rsa-2048', 'ed25519'] as const)('%s', (key) => {
  it.each(['server', 'client'] as const)('a sound chain is right for a %s', (purpose) => {
    const { verdict, mismatch } = judged(null, key, purpose)
    expect(verdict.errors).toEqual([])
    expect(verdict).toMatchObject({ ok: true, path: ['CN=web', 'CN=Example CA', 'CN=Example Root'] })
    expect(mismatch).toBe(null)
  })

  it.each(Object.entries(FAULTS) as [Fault, string][])('%s gives %s and nothing else', (fault, code) => {
    const { verdict, mismatch } = judged(fault, key)
    const errors = mismatch === null ? verdict.errors : [...verdict.errors, mismatch]
    expect(errors.map((error) => error.code)).toEqual([code])
    expect(verdict.ok).toBe(fault === 'key-mismatch')
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict)
  })
})
