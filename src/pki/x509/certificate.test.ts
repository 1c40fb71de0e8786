import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Malformed } from '../../util/malformed.ts'
import { Rng } from '../../util/rng.ts'
import { describeCertificate } from '../describe.ts'
import { generateKey, type KeyType } from '../generate.ts'
import { endEntity, rootCa } from '../issue/authority.ts'
import { selfSign } from '../issue/certificate.ts'
import { issueCrl } from '../issue/crl.ts'
import { issueOcspResponse } from '../issue/ocsp.ts'
import type { CertificateSpec } from '../issue/spec.ts'
import { parseCertificate } from './certificate.ts'
import { parseCrl } from './crl.ts'
import { EMPTY_NAME, name } from './name.ts'
import { parseOcspResponse } from './ocsp.ts'

const key = generateKey('ed25519', new Rng(1))
const dates = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' }
const make = (spec: Partial<CertificateSpec>) => selfSign({ subject: 'web', ...dates, ...spec }, key, new Rng(2))

const ca = rootCa({ subject: 'ca', ...dates }, new Rng(1))
const leaf = endEntity({ subject: 'web', names: ['DNS:web', 'IP:10.0.0.1'], ...dates }, ca, new Rng(2)).certificate

describe('issue, then parse', () => {
  const everything: Partial<CertificateSpec> = {
    subject: name([
      ['C', 'DE'],
      ['O', 'Example, Inc.'],
      ['CN', ' web#1+"x" '],
    ]),
    names: [
      'DNS:web',
      'IP:10.96.0.1',
      'IP:fd00::1',
      'URI:spiffe://cluster.local/ns/default/sa/web',
      'email:a@example.com',
    ],
    ca: { pathLength: 3 },
    keyUsage: ['keyCertSign', 'decipherOnly'],
    extKeyUsage: ['serverAuth', '1.2.3.4'],
    nameConstraints: {
      permitted: ['DNS:example.com', 'IP:10.0.0.0/9', 'IP:fd00::/8', 'URI:.example.com', 'email:example.com'],
      excluded: ['DNS:', { kind: 'directory', value: name([['O', 'Evil']]) }],
    },
    crlUrls: ['http://ca/crl'],
    ocspUrls: ['http://ca/ocsp'],
    caIssuers: ['http://ca/ca.crt'],
    policies: ['2.5.29.32.0', '1.2.3'],
    policyConstraints: { explicit: 2, inhibitMapping: 0 },
    inhibitAnyPolicy: 1,
    extensions: [{ oid: '1.2.3.4.5', critical: true, value: Uint8Array.of(5, 0) }],
  }

  it('everything comes back', () => {
    const described = describeCertificate(make(everything))
    expect(described).toMatchObject({
      subject: 'CN=\\ web#1\\+\\"x\\"\\ ,O=Example\\, Inc.,C=DE',
      names: [
        'DNS:web',
        'IP:10.96.0.1',
        'IP:fd00::1',
        'URI:spiffe://cluster.local/ns/default/sa/web',
        'email:a@example.com',
      ],
      notBefore: '2026-01-01T00:00:00Z',
      ca: true,
      pathLength: 3,
      keyUsage: ['keyCertSign', 'decipherOnly'],
      extKeyUsage: ['serverAuth', '1.2.3.4'],
      permitted: ['DNS:example.com', 'IP:10.0.0.0/9', 'IP:fd00::/8', 'URI:.example.com', 'email:example.com'],
      excluded: ['DNS:', 'DirName:O=Evil'],
      crlUrls: ['http://ca/crl'],
      ocspUrls: ['http://ca/ocsp'],
      issuerUrls: ['http://ca/ca.crt'],
      policies: ['anyPolicy', '1.2.3'],
      key: { name: 'Ed25519' },
      signature: 'Ed25519',
    })
    expect(described.extensions).toContainEqual({ name: 'nameConstraints', critical: true })
    expect(described.extensions).toContainEqual({ name: '1.2.3.4.5', critical: true })
    expect(make(everything)).toMatchObject({
      unknownCritical: ['1.2.3.4.5'],
      policyConstraints: { explicit: 2, inhibitMapping: 0 },
      inhibitAnyPolicy: 1,
    })
  })

  it.each(['rsa-2048', 'p-256', 'p-384', 'ed25519'] as const)(
    'node:crypto reads and verifies a %s certificate',
    (type) => {
      const signer = generateKey(type as KeyType, new Rng(9))
      for (const pss of type === 'rsa-2048' ? [false, true] : [false]) {
        const made = selfSign({ subject: 'web', names: ['DNS:web'], ...dates, pss }, signer, new Rng(1))
        const theirs = new X509Certificate(made.der)
        expect(theirs.verify(theirs.publicKey)).toBe(true)
        expect(theirs.subjectAltName).toBe('DNS:web')
        expect(BigInt(`0x${theirs.serialNumber}`)).toBe(made.serial)
        expect(theirs.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(made.fingerprint)
      }
    },
  )

  it('the same seed gives the same bytes', () => {
    const again = selfSign({ subject: 'web', ...dates, ...everything }, key, new Rng(2))
    expect(again.der).toEqual(make(everything).der)
    expect(selfSign({ subject: 'web', ...dates }, key, new Rng(3)).der).not.toEqual(make({}).der)
  })

  it('an empty subject makes the names critical', () => {
    const { extensions, subject } = make({ subject: EMPTY_NAME, names: ['DNS:web'] })
    expect(subject.text).toBe('')
    expect(extensions.find((x) => x.oid === '2.5.29.17')?.critical).toBe(true)
  })

  it('names of any text and validity of any second come back', () => {
    const second = fc.integer({ min: -631152000, max: 253402300799 })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), second, second, (cn, from, to) => {
        const made = make({ subject: name([['CN', cn]]), notBefore: from * 1000, notAfter: to * 1000 })
        const back = parseCertificate(made.der)
        expect(back.subject.rdns[0][0].text).toBe(cn)
        expect([back.notBefore, back.notAfter]).toEqual([from * 1000, to * 1000])
      }),
      { numRuns: 60 },
    )
  })
})

describe('strictness', () => {
  it('every truncation and every byte changed ends in a certificate or in Malformed', () => {
    const der = make({ names: ['DNS:web', 'IP:10.0.0.1'], extKeyUsage: ['serverAuth'] }).der
    const crl = issueCrl(
      { thisUpdate: 0, nextUpdate: 1000, revoked: [{ certificate: leaf, at: 0, reason: 'superseded' }] },
      ca,
      new Rng(1),
    )
    const answers = [{ certificate: leaf, status: { kind: 'revoked', at: 0, reason: 'keyCompromise' } as const }]
    const ocsp = issueOcspResponse({ producedAt: 0, nextUpdate: 9000, answers }, ca, new Rng(1))
    for (const [bytes, parse] of [
      [der, parseCertificate],
      [crl.der, parseCrl],
      [ocsp.der, parseOcspResponse],
    ] as const) {
      const attempt = (input: Uint8Array): boolean => {
        try {
          parse(input)
          return true
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed)
          expect((error as Malformed).offset).toBeLessThanOrEqual(input.length)
          return false
        }
      }
      for (let i = 0; i < bytes.length; i++) {
        expect(attempt(bytes.slice(0, i))).toBe(false)
        for (const bit of [0x01, 0x20, 0x80]) attempt(bytes.with(i, bytes[i] ^ bit))
      }
    }
  })

  it('random bytes are Malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const parse of [parseCertificate, parseCrl, parseOcspResponse]) {
          expect(() => parse(Uint8Array.of(0x30, bytes.length, ...bytes))).toThrow(Malformed)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('an extension given twice is refused with its place, a thousand names too', () => {
    const extra = { oid: '1.2.3', critical: false, value: Uint8Array.of(5, 0) }
    expect(() => make({ extensions: [extra, extra] })).toThrow(
      /extension\[3\].extnID at offset \d+: expected each extension once/,
    )
    const many = Array.from({ length: 1001 }, (_, i) => `DNS:n${i}`)
    expect(() => make({ names: many })).toThrow('at most 1000 names')
  })

  it('more than 64 KiB is not read', () => {
    expect(() => parseCertificate(new Uint8Array((1 << 16) + 1))).toThrow('at most 65536 bytes')
  })
})
