import { describe, expect, it } from 'vitest'
import { Rng } from '../util/rng.ts'
import type { Fault } from './issue/faults.ts'
import { present } from './issue/faults.ts'
import { issueOcspResponse } from './issue/ocsp.ts'
import { judgePeer } from './peer-judge.ts'

const now = Date.parse('2026-03-01T09:00:00Z')
const asked = (fault: Fault | null) => {
  const { identity, roots, crls } = present(fault, { at: now, names: ['DNS:web'] }, new Rng(1))
  const chain = [identity.certificate, ...identity.chain].map((c) => c.der)
  return {
    trust: { roots, crls },
    question: { chain, role: 'server', name: 'web', now, ocsp: null } as const,
    identity,
  }
}

describe('RFC 8446 6.2', () => {
  it.each([
    ['expired', 'certificate_expired'],
    ['not-yet-valid', 'certificate_expired'],
    ['wrong-name', 'bad_certificate'],
    ['unknown-ca', 'unknown_ca'],
    ['missing-intermediate', 'unknown_ca'],
    ['self-signed', 'unknown_ca'],
    ['wrong-purpose', 'unsupported_certificate'],
    ['revoked', 'certificate_revoked'],
    ['bad-signature', 'bad_certificate'],
  ] as const)('%s is answered with %s', (fault, alert) => {
    const { trust, question } = asked(fault)
    const verdict = judgePeer(trust, question)
    expect(verdict).toMatchObject({ ok: false, alert })
    expect(verdict.events.at(-1)?.kind).toBe('cert-verdict')
  })

  it('a good chain gives the key', () => {
    const { trust, question, identity } = asked(null)
    expect(judgePeer(trust, question)).toMatchObject({ ok: true, key: identity.certificate.publicKey })
  })

  it('bytes that are no certificate are an answer too', () => {
    const { trust, question } = asked(null)
    const cut = question.chain[0].slice(0, -1)
    expect(judgePeer(trust, { ...question, chain: [cut] })).toMatchObject({
      ok: false,
      alert: 'bad_certificate',
      detail: null,
    })
    const ocsp = Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x03)
    expect(judgePeer(trust, { ...question, ocsp })).toMatchObject({
      ok: false,
      alert: 'bad_certificate_status_response',
      reason: expect.stringContaining('expected successful, got tryLater'),
    })
  })

  it('a stapled response counts: one that the CA did not sign', () => {
    const { trust, question, identity } = asked(null)
    const impostor = { certificate: identity.chain[0], key: identity.key }
    const answers = [{ certificate: identity.certificate, status: { kind: 'good' } as const }]
    const ocsp = issueOcspResponse({ answers, producedAt: now }, impostor, new Rng(1)).der
    expect(judgePeer(trust, { ...question, ocsp })).toMatchObject({ ok: false, alert: 'certificate_unknown' })
  })
})
