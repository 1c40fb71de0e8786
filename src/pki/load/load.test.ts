import { createPrivateKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../util/bytes.ts'
import { InputError } from '../../util/diagnostics.ts'
import { Malformed } from '../../util/malformed.ts'
import { Rng } from '../../util/rng.ts'
import { generateKey } from '../generate.ts'
import { present } from '../issue/faults.ts'
import { loadCertificates, loadPrivateKey } from './load.ts'
import { formatPem, parsePem } from './pem.ts'
import { loadTlsSecret } from './secret.ts'

const { identity } = present(null, { at: '2026-03-01T00:00:00Z', names: ['DNS:web'] }, new Rng(1))
const chain = [identity.certificate, ...identity.chain]
const pem = chain.map((c) => formatPem('CERTIFICATE', c.der)).join('')
const keyPem = formatPem('PRIVATE KEY', identity.key.pkcs8)

describe('PEM', () => {
  it('comes back, with text between the blocks and any line ends', () => {
    const text = `subject=web\n${pem.replaceAll('\n', '\r\n')}# end\n`
    expect(loadCertificates(utf8(text)).map((c) => c.subject.text)).toEqual(['CN=web', 'CN=Example CA'])
    expect(loadCertificates(chain[0].der)[0].fingerprint).toBe(chain[0].fingerprint)
  })

  it.each([
    ['-----BEGIN CERTIFICATE-----\nMIIB\n', 'expected -----END CERTIFICATE-----, got the end of the file'],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END X509 CRL-----\n', 'got "-----END X509 CRL-----"'],
    ['-----BEGIN CERTIFICATE-----\nMI*B\n-----END CERTIFICATE-----\n', 'at offset 30: expected base64, got "*"'],
    ['-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n', 'whole groups of 4'],
    ['-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n', 'old form'],
  ])('%j is refused', (text, why) => {
    expect(() => parsePem(utf8(text))).toThrow(why)
  })

  it('says in which block a certificate is broken', () => {
    const broken = pem.replace(/MII/, 'MIJ')
    expect(() => loadCertificates(utf8(broken))).toThrow(
      /^certificate.* at offset \d+: .*\(in the CERTIFICATE at byte 0 of the file\)$/,
    )
    expect(() => loadCertificates(utf8(keyPem))).toThrow('expected a certificate, got PRIVATE KEY')
  })

  it('random text ends in blocks or Malformed', () => {
    const line = fc.constantFrom(
      '-----BEGIN A-----',
      '-----END A-----',
      '-----END B-----',
      'AAAA',
      '=',
      '',
      'x: y',
      '*',
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          parsePem(utf8(lines.join('\n')))
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed)
        }
      }),
    )
  })
})

describe('private keys', () => {
  it.each(['p-256', 'p-384', 'rsa-2048', 'ed25519'] as const)('%s in every form', (type) => {
    const key = generateKey(type, new Rng(4))
    const handle = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' })
    const classic = type === 'ed25519' ? 'pkcs8' : type === 'rsa-2048' ? 'pkcs1' : 'sec1'
    const locked = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' } as const
    const forms = [
      key.pkcs8,
      handle.export({ format: 'der', type: classic }),
      utf8(handle.export({ format: 'pem', type: classic }).toString()),
    ]
    for (const form of forms) expect(loadPrivateKey(form)).toEqual(key)
    const encrypted = utf8(handle.export(locked).toString())
    expect(loadPrivateKey(encrypted, 'secret')).toEqual(key)
    expect(() => loadPrivateKey(encrypted)).toThrow('expected a password, got none')
    expect(() => loadPrivateKey(encrypted, 'wrong')).toThrow('the password that it was encrypted with')
  })

  it('what openssl ecparam writes: parameters first', () => {
    const parameters = formatPem('EC PARAMETERS', Uint8Array.of(6, 8, 42, 134, 72, 206, 61, 3, 1, 7))
    expect(loadPrivateKey(utf8(parameters + keyPem))).toEqual(identity.key)
    expect(() => loadPrivateKey(utf8(pem))).toThrow('expected a private key, got CERTIFICATE, CERTIFICATE')
  })
})

describe('kubernetes.io/tls', () => {
  const data = { 'tls.crt': utf8(pem), 'tls.key': utf8(keyPem) }
  it('gives an identity', () => {
    const { identity: loaded, problem } = loadTlsSecret(data, 'Secret default/web-tls')
    expect(loaded).toEqual(identity)
    expect(problem).toBe(null)
  })

  it('names the key of the Secret that is wrong', () => {
    const load = (part: Partial<typeof data>) => () => loadTlsSecret(part, 'Secret default/web-tls')
    expect(load({ 'tls.crt': data['tls.crt'] })).toThrow('Secret default/web-tls has no key tls.key')
    expect(load({ ...data, 'tls.crt': utf8('hello') })).toThrow(
      /^podwire: Secret default\/web-tls, key tls.crt: pem.file at offset 0: expected a certificate in PEM or DER/,
    )
    expect(load({ ...data, 'tls.crt': utf8('hello') })).toThrow(InputError)
  })

  it('tells when the key is another one', () => {
    const other = utf8(formatPem('PRIVATE KEY', generateKey('rsa-2048', new Rng(1)).pkcs8))
    const { problem } = loadTlsSecret({ ...data, 'tls.key': other }, 'Secret default/web-tls')
    expect(problem).toMatchObject({
      code: 'key-mismatch',
      detail: expect.stringContaining('ECDSA P-256, the private key is RSA 2048'),
    })
  })
})
