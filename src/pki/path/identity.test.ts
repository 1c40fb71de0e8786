import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dnsMatches, referenceId } from './identity.ts'

describe('RFC 9525 6.1: what may be asked for', () => {
  it.each([
    ['web', { kind: 'dns', value: 'web', labels: ['web'] }],
    ['Web.Default.SVC.', { kind: 'dns', value: 'web.default.svc', labels: ['web', 'default', 'svc'] }],
    ['bücher.example', { kind: 'dns', value: 'xn--bcher-kva.example', labels: ['xn--bcher-kva', 'example'] }],
    ['_dns.example', { kind: 'dns', value: '_dns.example', labels: ['_dns', 'example'] }],
    ['spiffe://cluster.local/ns/a/sa/b', { kind: 'uri', value: 'spiffe://cluster.local/ns/a/sa/b' }],
  ])('%s', (text, reference) => {
    expect(referenceId(text)).toEqual(reference)
  })

  it('addresses, in brackets too', () => {
    expect(referenceId('10.96.0.1')).toMatchObject({ kind: 'ip' })
    expect(referenceId('[fd00::1]')).toEqual(referenceId('FD00:0::1'))
  })

  it.each([
    '',
    '.',
    'a..b',
    '-a.example',
    'a-.example',
    'a b',
    'web:443',
    '*.example',
    '10.0.0.256',
    '1.2.3',
    `${'a'.repeat(64)}.example`,
  ])('%j is no name', (text) => {
    expect(referenceId(text)).toBe(null)
  })

  it('a name of more than 253 characters is none', () => {
    expect(referenceId(Array(64).fill('aaa').join('.'))).toBe(null)
    expect(referenceId(Array(63).fill('aaa').join('.'))).not.toBe(null)
  })
})

describe('RFC 9525 6.3', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/)
  it('a name matches itself in any case, and its wildcard, and no other depth', () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 5 }), label, (labels, other) => {
        const [, ...rest] = labels
        expect(dnsMatches(labels.join('.').toUpperCase(), labels)).toBe(true)
        expect(dnsMatches(['*', ...rest].join('.'), labels)).toBe(true)
        expect(dnsMatches(['*', ...labels].join('.'), labels)).toBe(false)
        expect(dnsMatches(['*', ...rest].join('.'), [other, ...labels])).toBe(false)
        expect(dnsMatches(labels.join('.'), [...labels, other])).toBe(false)
      }),
    )
  })

  it.each(['*', '*.*', 'w*.example', '*b.example', '**.example', '', '.', 'web.*'])(
    '%j matches nothing',
    (presented) => {
      expect(dnsMatches(presented, ['web', 'example'])).toBe(false)
      expect(dnsMatches(presented, ['web'])).toBe(false)
    },
  )
})
