import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as nodeSign } from 'node:crypto'
import { p256, p384 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../util/bytes.ts'
import { Rng } from '../util/rng.ts'
import type { Hash } from './algorithm.ts'
import { signEcdsa } from './ecdsa.ts'
import { generateKey, type KeyType } from './generate.ts'
import { ecPrivateKey, ed25519PrivateKey, parsePkcs1, parsePkcs8, parseSec1 } from './private-key.ts'
import { parsePublicKey, publicKeyName } from './public-key.ts'
import { type SignatureScheme, schemeFits, schemesOf } from './scheme.ts'
import { emulatedSigner, nativeSigner } from './signer.ts'
import { verify, verifyWith } from './verify.ts'

const TYPES: readonly KeyType[] = ['rsa-1024', 'rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'ed25519']
const SHIPPED: readonly KeyType[] = ['rsa-2048', 'p-256', 'p-384', 'ed25519']
const message = utf8('sample')

const P256 = fromHex('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721')
const P384 = fromHex('6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5')

describe('RFC 6979', () => {
  const rs = (der: Uint8Array): string => {
    const text = toHex(der)
    const length = 2 * der[3]
    const integer = (hex: string): string => hex.replace(/^00/, '').toUpperCase()
    return `${integer(text.slice(8, 8 + length))} ${integer(text.slice(12 + length))}`
  }
  const vectors: readonly ['P-256' | 'P-384', Hash, string, string][] = [
    [
      'P-256',
      'sha1',
      'sample',
      '61340C88C3AAEBEB4F6D667F672CA9759A6CCAA9FA8811313039EE4A35471D32 6D7F147DAC089441BB2E2FE8F7A3FA264B9C475098FDCF6E00D7C996E1B8B7EB',
    ],
    [
      'P-256',
      'sha256',
      'sample',
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716 F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    ],
    [
      'P-256',
      'sha256',
      'test',
      'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367 019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
    ],
    [
      'P-384',
      'sha384',
      'sample',
      '94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46 99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8',
    ],
  ]
  it.each(vectors)('A.2: %s with %s, message "%s"', (curve, hash, text, expected) => {
    expect(rs(signEcdsa(curve, hash, curve === 'P-256' ? P256 : P384, utf8(text)))).toBe(expected)
  })
})

it('deterministic ECDSA is what Noble computes, of any message', () => {
  for (const [curve, hash, noble] of [
    ['P-256', 'sha256', p256],
    ['P-384', 'sha384', p384],
  ] as const) {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 72, maxLength: 72 }), fc.uint8Array(), (seed, text) => {
        const scalar = noble.utils.randomSecretKey(seed.subarray(0, noble === p256 ? 48 : 72))
        expect(signEcdsa(curve, hash, scalar, text)).toEqual(noble.sign(text, scalar, { format: 'der', lowS: false }))
      }),
      { numRuns: 40 },
    )
  }
})

describe('RFC 8032', () => {
  it.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('7.1: seed %s', (seed, point, text, expected) => {
    const key = ed25519PrivateKey(fromHex(seed))
    expect(key.public.kind === 'ed25519' && toHex(key.public.point)).toBe(point)
    expect(toHex(emulatedSigner(key, new Rng(1)).sign('ed25519', fromHex(text)))).toBe(expected)
  })
})

describe.each(TYPES)('a %s key from a seed', (type) => {
  const key = generateKey(type, new Rng(7))
  const emulated = emulatedSigner(key, new Rng('salts'))

  it.each(schemesOf(key.public))('%s: both signers verify, and not over other bytes', (scheme) => {
    for (const signer of [emulated, nativeSigner(key)]) {
      const signature = signer.sign(scheme, message)
      expect(verify(scheme, key.public, message, signature)).toBe(true)
      expect(verify(scheme, key.public, utf8('Sample'), signature)).toBe(false)
      signature[signature.length >> 1] ^= 1
      expect(verify(scheme, key.public, message, signature)).toBe(false)
    }
  })

  it('is the same key and signature again from the same seed', () => {
    const again = generateKey(type, new Rng(7))
    expect(again.pkcs8).toEqual(key.pkcs8)
    for (const scheme of emulated.schemes) {
      const [a, b] = [key, again].map((k) => emulatedSigner(k, new Rng('salts')).sign(scheme, message))
      expect(a).toEqual(b)
    }
  })

  it('is what node:crypto makes of the PKCS#8', () => {
    const handle = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(handle).export({ type: 'spki', format: 'der' })
    expect(new Uint8Array(spki)).toEqual(key.public.spki)
    expect(parsePublicKey(spki)).toEqual(key.public)
    expect(parsePkcs8(handle.export({ type: 'pkcs8', format: 'der' })).public).toEqual(key.public)
  })
})

describe('forms of private keys', () => {
  const exported = (type: KeyType, form: 'sec1' | 'pkcs1') => {
    const key = generateKey(type, new Rng(1))
    const handle = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' })
    return { key, der: handle.export({ type: form, format: 'der' }) }
  }

  it('SEC1 and PKCS#1 give the key that PKCS#8 gave', () => {
    const ec = exported('p-384', 'sec1')
    expect(parseSec1(ec.der)).toEqual(ec.key)
    const rsa = exported('rsa-2048', 'pkcs1')
    expect(parsePkcs1(rsa.der)).toEqual(rsa.key)
  })

  it('a scalar that is not the point beside it is refused, with its place', () => {
    const { der } = exported('p-256', 'sec1')
    const wrong = Uint8Array.from(der)
    wrong[10] ^= 1
    expect(() => parseSec1(wrong)).toThrow(
      /^sec1\.publicKey\.point at offset \d+: expected the public key of this scalar/,
    )
  })
})

describe('schemes', () => {
  const key = ecPrivateKey('P-256', P256)

  it('a curve is bound to its hash in TLS 1.3, not in TLS 1.2 or certificates', () => {
    const scheme: SignatureScheme = 'ecdsa_secp384r1_sha384'
    expect(schemeFits(scheme, key.public)).toBe(false)
    const signature = emulatedSigner(key, new Rng(1)).sign(scheme, message)
    expect(verify(scheme, key.public, message, signature)).toBe(false)
    expect(verify(scheme, key.public, message, signature, { curveBound: false })).toBe(true)
    expect(verifyWith({ kind: 'ecdsa', hash: 'sha384' }, key.public, message, signature)).toBe(true)
  })

  it('no key signs with a scheme of another kind', () => {
    for (const type of SHIPPED) {
      const signer = nativeSigner(generateKey(type, new Rng(2)))
      const scheme = type === 'ed25519' ? 'rsa_pkcs1_sha256' : 'ed25519'
      expect(() => signer.sign(scheme, message)).toThrow(RangeError)
    }
  })

  it('keys that say RSASSA-PSS sign with PSS alone', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const key = parsePublicKey(publicKey.export({ type: 'spki', format: 'der' }))
    expect(schemesOf(key)).toEqual(['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'])
    const signature = nodeSign('sha384', message, { key: privateKey, saltLength: 48 })
    expect(verify('rsa_pss_pss_sha384', key, message, signature)).toBe(true)
    expect(verify('rsa_pss_pss_sha256', key, message, signature)).toBe(false)
    expect(verify('rsa_pss_rsae_sha384', key, message, signature)).toBe(false)
  })

  it('1024 bits have no room for PSS with SHA-512', () => {
    expect(schemesOf(generateKey('rsa-1024', new Rng(1)).public)).not.toContain('rsa_pss_rsae_sha512')
  })

  it('names keys as people do', () => {
    expect(TYPES.map((type) => publicKeyName(generateKey(type, new Rng(1)).public))).toEqual([
      'RSA 1024',
      'RSA 2048',
      'RSA 3072',
      'ECDSA P-256',
      'ECDSA P-384',
      'Ed25519',
    ])
  })
})
