import { describe, expect, it } from 'vitest'
import { Malformed } from '../../util/malformed.ts'
import { Rng } from '../../util/rng.ts'
import { endEntity, rootCa, subordinateCa } from '../issue/authority.ts'
import type { Identity } from '../issue/certificate.ts'
import { issueCrl } from '../issue/crl.ts'
import { issueOcspResponse } from '../issue/ocsp.ts'
import { DAY } from '../moment.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { parseCrl } from '../x509/crl.ts'
import { judge, type Question } from './judge.ts'

const at = Date.parse('2026-03-01T09:00:00Z')
const dates = { notBefore: at - DAY, notAfter: at + DAY }
const bare = { subjectKeyId: null, authorityKeyId: null } as const
const root = rootCa({ subject: 'R', ...dates }, new Rng('r'))
const ca = (stream: string, parent: Identity = root, more = {}): Identity =>
  subordinateCa({ subject: 'I', ...dates, ...more }, parent, new Rng(stream))
const leafOf = (parent: Identity, more = {}): Identity =>
  endEntity({ subject: 'web', names: ['DNS:web'], ...dates, ...more }, parent, new Rng('leaf'))
const certificates = (...identities: Identity[]): Certificate[] => identities.map((one) => one.certificate)
const ask = (chain: Identity[], more: Partial<Question> = {}) =>
  judge({ chain: certificates(...chain), roots: certificates(root), at, purpose: 'server', ...more })

describe('the record of a search', () => {
  it('has every candidate, the rejected with their reason, in the order tried', () => {
    const [wrong, right] = [ca('1', root, bare), ca('2', root, bare)]
    const { verdict } = ask([leafOf(right, bare), wrong, right])
    const candidates = verdict.search.filter((step) => step.kind === 'cert-candidate')
    expect(
      candidates.map(({ depth, candidate, from, keyId, outcome, reason }) => [
        depth,
        candidate.subject,
        from,
        keyId,
        outcome,
        reason,
      ]),
    ).toEqual([
      [0, 'CN=I', 'chain', 'absent', 'rejected', 'signature'],
      [0, 'CN=I', 'chain', 'absent', 'taken', undefined],
      [1, 'CN=R', 'roots', 'absent', 'taken', undefined],
    ])
    expect(candidates[0].detail).toBe('the key of CN=I (ECDSA P-256) did not sign CN=web')
  })

  it('tries key identifiers that match first, those that differ last', () => {
    const [other, right] = [ca('1'), ca('2')]
    const { verdict } = ask([leafOf(right), other, right])
    expect(verdict.search[0]).toMatchObject({ kind: 'cert-candidate', keyId: 'match', outcome: 'taken' })
  })

  it('goes on past a path with errors, and judges each', () => {
    const key = ca('1')
    const expired = { ...ca('1', root, { notAfter: at - DAY / 2 }) }
    const { verdict } = ask([leafOf(key), expired, key])
    // The valid one of two equals is tried first.
    expect(verdict.ok).toBe(true)
    const bad = ask([leafOf(key), expired])
    const paths = bad.verdict.search.filter((step) => step.kind === 'cert-path')
    expect(paths).toEqual([
      { kind: 'cert-path', path: ['CN=web', 'CN=I', 'CN=R'], complete: true, ok: false, errors: ['expired'] },
    ])
  })

  it('says where each rule failed or held', () => {
    const { verdict, events } = ask([leafOf(root)], { name: 'db' })
    expect(verdict.errors).toEqual([
      { code: 'name-mismatch', depth: 0, rfc: 'RFC 9525 6.3', detail: 'expected db, got DNS:web' },
    ])
    const checks = verdict.search.flatMap((step) =>
      step.kind === 'cert-check' && step.depth === 0 ? [[step.check, step.ok]] : [],
    )
    expect(checks).toEqual([
      ['name', false],
      ['purpose', true],
      ['key-usage', true],
      ['validity', true],
      ['signature', true],
      ['algorithm', true],
      ['name-constraints', true],
      ['extensions', true],
    ])
    expect([events[0].kind, events.at(-1)?.kind]).toEqual(['cert-judge', 'cert-verdict'])
  })
})

describe('hostile chains end', () => {
  it('a hundred signatures, then the search gives up', () => {
    const forgeries = Array.from({ length: 300 }, (_, i) => ca(`x${i}`, root, { ...bare, serial: BigInt(i + 1) }))
    const { verdict } = ask([leafOf(ca('real', root, bare), bare), ...forgeries])
    expect(verdict.errors.map((error) => error.code)).toEqual(['search-limit'])
    expect(verdict.search.filter((step) => step.kind === 'cert-candidate' && step.reason === 'signature').length).toBe(
      100,
    )
  })

  it('a chain that is longer than any real one', () => {
    const cas = [root]
    for (let i = 0; i < 20; i++) cas.push(subordinateCa({ subject: `I${i}`, ...dates }, cas[i], new Rng(`d${i}`)))
    const { verdict } = ask([leafOf(cas[20]), ...cas.slice(1)])
    expect(verdict.ok).toBe(false)
    expect(verdict.search).toContainEqual(expect.objectContaining({ reason: 'too-deep' }))
  })

  it("an empty chain is the caller's mistake", () => {
    expect(() => ask([])).toThrow('expected the leaf first')
  })
})

describe('nothing signed can be changed', () => {
  const middle = ca('1')
  const leaf = leafOf(middle)
  const name = 'web'
  const { der } = leaf.certificate

  it('any byte of a certificate: Malformed, or not trusted', () => {
    const rng = new Rng('flips')
    let parsed = 0
    for (let i = 0; i < der.length; i++) {
      const changed = der.with(i, der[i] ^ (1 << rng.below(8)))
      const certificate = parsedOrNull(() => parseCertificate(changed))
      if (certificate === null) continue
      parsed++
      expect(ask([{ ...leaf, certificate }, middle], { name }).verdict.ok).toBe(false)
    }
    expect(parsed).toBeGreaterThan(der.length / 3)
  })

  it("any byte of a CRL: Malformed, not this CA's, or not believed", () => {
    const revoked = [{ certificate: leaf.certificate, at }]
    const crl = issueCrl({ thisUpdate: at, nextUpdate: at + DAY, revoked }, middle, new Rng(1))
    expect(ask([leaf, middle], { crls: [crl] }).verdict.errors[0].code).toBe('revoked')
    for (let i = 0; i < crl.der.length; i++) {
      const changed = parsedOrNull(() => parseCrl(crl.der.with(i, crl.der[i] ^ 0x02)))
      if (changed === null || changed.issuer.text !== crl.issuer.text) continue
      const { errors } = ask([leaf, middle], { crls: [changed] }).verdict
      expect(errors.map((error) => error.code)).toEqual(['revocation-unusable'])
    }
  })
})

function parsedOrNull<T>(parse: () => T): T | null {
  try {
    return parse()
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed)
    return null
  }
}

describe('OCSP', () => {
  const leaf = leafOf(root)
  const answer = (spec: object, by: Identity = root, about = leaf) => {
    const answers = [{ certificate: about.certificate, status: { kind: 'good' } as const }]
    return issueOcspResponse({ answers, producedAt: at, nextUpdate: at + DAY, ...spec }, by, new Rng(1))
  }
  const responder = (more: object, by: Identity = root): Identity =>
    endEntity({ subject: 'ocsp', extKeyUsage: ['ocspSigning'], ...dates, ...more }, by, new Rng('ocsp'))
  const codes = (ocsp: ReturnType<typeof answer>) =>
    ask([leaf], { ocsp: [ocsp] }).verdict.errors.map((error) => [error.code, error.detail])

  it('from the issuer or its delegate counts', () => {
    expect(codes(answer({}))).toEqual([])
    expect(codes(answer({ responder: responder({}) }))).toEqual([])
    expect(codes(answer({ hash: 'sha256' }))).toEqual([])
  })

  it.each([
    ["the responder's certificate is not for OCSP signing", { responder: responder({ extKeyUsage: ['serverAuth'] }) }],
    ['the responder CN=ocsp was not issued by the same CA', { responder: responder({}, ca('1')) }],
    ["the responder's certificate is not valid at that time", { responder: responder({ notAfter: at - 1000 }) }],
    [
      expect.stringMatching(/was to be renewed by 2026-03-01T08:59:59Z/),
      { thisUpdate: at - DAY, nextUpdate: at - 1000 },
    ],
    [expect.stringMatching(/is from 2026-03-02T09:00:00Z, after/), { thisUpdate: at + DAY, nextUpdate: at + 2 * DAY }],
  ])('%s', (detail, spec) => {
    expect(codes(answer(spec))).toEqual([['revocation-unusable', detail]])
  })

  it('about another certificate, or from another CA, says nothing', () => {
    expect(codes(answer({}, ca('1')))).toEqual([])
    const other = endEntity({ subject: 'other', ...dates }, root, new Rng('other'))
    expect(codes(answer({}, root, other))).toEqual([])
  })
})

describe('policy and trust', () => {
  it('SHA-1 and 1024 bits can be allowed, for the sake of history', () => {
    const old = endEntity({ subject: 'web', key: 'rsa-1024', hash: 'sha1', ...dates }, root, new Rng(1))
    expect(ask([old]).verdict.errors.map((error) => error.code)).toEqual(['weak-signature', 'weak-key'])
    expect(ask([old], { policy: { allowSha1: true, minRsaBits: 1024 } }).verdict.ok).toBe(true)
  })

  it('a CRL that revokes an intermediate revokes what is below', () => {
    const middle = ca('1')
    const revoked = [{ certificate: middle.certificate, at, reason: 'cACompromise' as const }]
    const crl = issueCrl({ thisUpdate: at, nextUpdate: at + DAY, revoked }, root, new Rng(1))
    expect(ask([leafOf(middle), middle], { crls: [crl] }).verdict.errors).toEqual([
      {
        code: 'revoked',
        depth: 1,
        rfc: 'RFC 5280 6.1.3(a)(3)',
        detail: 'revoked at 2026-03-01T09:00:00Z (cACompromise)',
      },
    ])
  })

  it('tells a forgotten intermediate from an unknown CA only when it knows it', () => {
    const middle = ca('1')
    expect(ask([leafOf(middle)]).verdict.errors[0].code).toBe('unknown-ca')
    expect(ask([leafOf(middle)], { known: certificates(middle) }).verdict).toMatchObject({
      ok: false,
      errors: [
        { code: 'missing-intermediate', depth: 0, detail: 'CN=web was issued by CN=I, which exists and was not sent' },
      ],
    })
    expect(ask([leafOf(middle)], { known: certificates(ca('2')) }).verdict.errors[0].code).toBe('unknown-ca')
  })
})
