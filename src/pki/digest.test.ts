import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../util/bytes.ts'
import { digest, hmac } from './digest.ts'

const HASHES = ['sha1', 'sha256', 'sha384', 'sha512'] as const

// RFC 4231 4.2, 4.3, 4.7 (a key longer than a block).
it.each([
  [
    '0b'.repeat(20),
    'Hi There',
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
  ],
  [
    toHex(utf8('Jefe')),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  ],
  [
    'aa'.repeat(131),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
  ],
])('gives the HMACs of RFC 4231', (key, data, sha256, sha384) => {
  expect(toHex(hmac('sha256', fromHex(key), utf8(data)))).toBe(sha256)
  expect(toHex(hmac('sha384', fromHex(key), utf8(data)))).toBe(sha384)
})

it('is what objects of node:crypto give, for keys and data of any length', () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
  fc.assert(
    fc.property(fc.constantFrom(...HASHES), bytes(200), bytes(1200), (hash, key, data) => {
      expect(toHex(digest(hash, data))).toBe(createHash(hash).update(data).digest('hex'))
      expect(toHex(hmac(hash, key, data))).toBe(createHmac(hash, key).update(data).digest('hex'))
    }),
  )
})
