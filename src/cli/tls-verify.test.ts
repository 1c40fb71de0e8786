import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { runCommand } from '../../test/support/command.ts'
import { endEntity, rootCa } from '../pki/issue/authority.ts'
import { type Fault, present } from '../pki/issue/faults.ts'
import { issueOcspResponse } from '../pki/issue/ocsp.ts'
import { loadCertificates } from '../pki/load/load.ts'
import { formatPem } from '../pki/load/pem.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { InputError } from '../util/diagnostics.ts'
import { Rng } from '../util/rng.ts'
import { addTlsVerify } from './tls-verify.ts'

const dir = mkdtempSync(join(tmpdir(), 'podwire-verify-'))
const [ca, chain, crl] = ['ca.crt', 'tls.crt', 'ca.crl'].map((name) => join(dir, name))
const at = '2026-03-01T09:00:00Z'

afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
})

function write(fault: Fault | null): void {
  const { identity, roots, crls } = present(fault, { at, names: ['DNS:web', 'IP:10.96.0.80'] }, new Rng(1))
  const pem = (list: readonly Certificate[]): string => list.map((c) => formatPem('CERTIFICATE', c.der)).join('')
  writeFileSync(ca, pem(roots))
  writeFileSync(chain, pem([identity.certificate, ...identity.chain]))
  writeFileSync(crl, crls.map((one) => formatPem('X509 CRL', one.der)).join(''))
}

const run = (...args: string[]) => runCommand(addTlsVerify, ['tls', 'verify', '--roots', ca, '--chain', chain, ...args])

const openssl = spawnSync('openssl', ['version']).status === 0

const secret = (name: string, data: string, type = 'kubernetes.io/tls'): string =>
  `{ apiVersion: v1, kind: Secret, type: ${type}, metadata: { name: ${name} }, data: ${data} }`

/** A PKCS#12 file of the chain and its key. */
function exportPkcs12(...args: string[]): void {
  const { identity, roots } = present(null, { at, names: ['DNS:web'] }, new Rng(1))
  const [key, certificates] = ['k.pem', 'c.pem'].map((name) => join(dir, name))
  const pem = (list: readonly Certificate[]): string => list.map((c) => formatPem('CERTIFICATE', c.der)).join('')
  writeFileSync(key, formatPem('PRIVATE KEY', identity.key.pkcs8))
  writeFileSync(certificates, pem([identity.certificate, ...identity.chain]))
  writeFileSync(ca, pem(roots))
  execFileSync('openssl', ['pkcs12', '-export', '-inkey', key, '-in', certificates, '-out', chain, ...args])
}

describe('podwire tls verify', () => {
  it('exits with 0 for a chain that is trusted, and says what shows the same', async () => {
    write(null)
    const { out, code } = await run('--name', '10.96.0.80', '--at', at)
    expect(code).toBe(0)
    expect(out).toContain('OK  CN=web is trusted as a server named 10.96.0.80')
    expect(out).toContain(`-purpose sslserver -attime ${Date.parse(at) / 1000} -verify_ip 10.96.0.80 ${chain}`)
  })

  describe('takes the chain from a Secret', () => {
    const crt = (): string => readFileSync(chain).toString('base64')
    const service = '{ apiVersion: v1, kind: Service, metadata: { name: web } }'

    it.each([
      ['among other documents', (data: string) => `${service}\n---\n${secret('web-tls', data)}`],
      ['in a List', (data: string) => `apiVersion: v1\nkind: List\nitems:\n- ${service}\n- ${secret('web-tls', data)}`],
      [
        'in JSON',
        (data: string) =>
          JSON.stringify({ apiVersion: 'v1', items: [parse(secret('web-tls', data))], kind: 'List' }, null, 2),
      ],
      [
        'as stringData',
        (data: string) =>
          stringify({
            ...parse(secret('web-tls', '{}')),
            stringData: { 'tls.crt': Buffer.from(parse(data)['tls.crt'], 'base64').toString() },
          }),
      ],
    ])('%s', async (_how, manifest) => {
      write(null)
      writeFileSync(chain, manifest(`{ tls.crt: ${crt()} }`))
      const { out, code } = await run('--name', 'web', '--at', at)
      expect({ out, code }).toMatchObject({ code: 0, out: expect.not.stringContaining('openssl verify') })
    })

    it('and wants to know which, where there are several', async () => {
      write(null)
      const data = `{ tls.crt: ${crt()} }`
      writeFileSync(chain, [secret('web-tls', data), secret('api-tls', data)].join('\n---\n'))
      await expect(run('--at', at)).rejects.toThrow(
        'holds 2 Secrets of type kubernetes.io/tls, expected --secret with one of',
      )
      expect(await run('--at', at, '--secret', 'api-tls')).toMatchObject({
        code: 0,
        out: expect.stringContaining('The chain is that of Secret default/api-tls.'),
      })
      expect((await run('--at', at, '--secret', 'default/web-tls')).code).toBe(0)
      await expect(run('--at', at, '--secret', 'db-tls')).rejects.toThrow('one of default/web-tls, default/api-tls')
    })

    it('and says where in the manifest something is wrong', async () => {
      write(null)
      const good = crt()
      const refuses = async (manifest: string, ...says: string[]): Promise<void> => {
        writeFileSync(chain, manifest)
        const error = await run('--at', at).catch((e: unknown) => e)
        expect(error).toBeInstanceOf(InputError)
        for (const what of says) expect(String(error)).toContain(what)
      }
      await refuses(secret('web-tls', '{ tls.pem: "" }'), `${chain}:1:`, 'Secret default/web-tls has no key tls.crt')
      await refuses(`kind: Secret\ntype: kubernetes.io/tls\ndata: { tls.crt: ${good}`, `${chain}:3:`, 'YAML')
      await refuses(`kind: Secret\ntype: kubernetes.io/tls\ndata:\n  tls.crt: "@@"`, `${chain}:4:12`, 'illegal base64')
      const hello = Buffer.from('hello').toString('base64')
      await refuses(`\n${secret('web-tls', `{ tls.crt: ${hello} }`)}`, `${chain}:2:`, 'key tls.crt', 'in PEM or DER')
      await refuses(secret('web-tls', '{}', 'Opaque'), 'holds no Secret of type kubernetes.io/tls: Secret Opaque')
    })

    it('and compares the key that lies beside it', async () => {
      write('key-mismatch')
      const { identity } = present('key-mismatch', { at, names: ['DNS:web'] }, new Rng(1))
      const key = Buffer.from(formatPem('PRIVATE KEY', identity.key.pkcs8)).toString('base64')
      writeFileSync(chain, secret('web-tls', `{ tls.crt: ${crt()}, tls.key: ${key} }`))
      const { out, code } = await run('--at', at)
      expect(code).toBe(1)
      expect(out).toMatch(
        /^FAILED {2}private key of another certificate: .*\n(.*\n)* \[0\] the private key is not that of/,
      )
    })
  })

  describe.skipIf(!openssl)('takes the chain from PKCS#12', () => {
    it('with the password from where openssl would take it', async () => {
      exportPkcs12('-passout', 'pass:moon')
      const file = join(dir, 'password.txt')
      writeFileSync(file, 'moon\nand more\n')
      vi.stubEnv('P12_PASSWORD', 'moon')
      for (const source of ['pass:moon', `file:${file}`, 'env:P12_PASSWORD'])
        expect((await run('--name', 'web', '--at', at, '--password', source)).code).toBe(0)
      await expect(run('--at', at)).rejects.toThrow(`${chain}: pkcs12`)
      await expect(run('--at', at, '--password', 'pass:sun')).rejects.toThrow('pkcs12')
      await expect(run('--at', at, '--password', 'env:NO_SUCH_PASSWORD')).rejects.toThrow('no environment variable')
      const error = await run('--at', at, '--password', 'moon').catch((e: unknown) => e)
      expect(String(error)).toContain('expected env:NAME, file:PATH, stdin, or pass:PASSWORD')
      expect(String(error)).not.toContain('moon')
    })

    it('without a password, and of the old ciphers', async () => {
      exportPkcs12('-passout', 'pass:')
      expect((await run('--name', 'web', '--at', at)).code).toBe(0)
      exportPkcs12('-legacy', '-passout', 'pass:moon')
      expect((await run('--name', 'web', '--at', at, '--password', 'pass:moon')).code).toBe(0)
    })
  })

  it('takes DER: a leaf alone, roots, what is known, a CRL, an OCSP response', async () => {
    write('revoked')
    const { identity, roots, crls, known } = present('revoked', { at, names: ['DNS:web'] }, new Rng(1))
    const file = (name: string, der: Uint8Array): string => {
      writeFileSync(join(dir, name), der)
      return join(dir, name)
    }
    const [authority] = identity.chain
    writeFileSync(chain, identity.certificate.der)
    const missing = await run('--at', at, '--known', file('ca.der', authority.der))
    expect(missing.out).toContain('FAILED  intermediate certificate not sent')
    const anchored = ['--at', at, '--roots', file('authority.der', authority.der)]
    expect((await run(...anchored)).code).toBe(0)
    expect((await run(...anchored, '--crl', file('crl.der', crls[0].der))).out).toContain('FAILED  certificate revoked')
    writeFileSync(ca, roots[0].der)
    expect(
      (await run('--at', at, '--known', known[1].subject.text === authority.subject.text ? join(dir, 'ca.der') : ca))
        .out,
    ).toContain('not sent')
  })

  it.each([
    ['good', 0, 'the OCSP responder says good'],
    ['revoked', 1, 'FAILED  certificate revoked: revoked at 2026-02-27T09:00:00Z (keyCompromise)'],
    ['unknown', 1, 'FAILED  the responder does not know the certificate'],
    ['stale', 1, 'FAILED  revocation data cannot be relied on: the OCSP response was to be renewed'],
  ] as const)('heeds an OCSP response that says %s', async (kind, code, says) => {
    const rng = new Rng(3)
    const common = { key: 'p-256', notBefore: '2026-01-01', notAfter: '2026-12-31' } as const
    const authority = rootCa({ ...common, subject: 'Root', keyIndex: 0 }, rng)
    const { certificate } = endEntity({ ...common, subject: 'web', keyIndex: 1, names: ['DNS:web'] }, authority, rng)
    const statuses = {
      good: { kind: 'good' },
      stale: { kind: 'good' },
      unknown: { kind: 'unknown' },
      revoked: { kind: 'revoked', at: Date.parse('2026-02-27T09:00:00Z'), reason: 'keyCompromise' },
    } as const
    const times = { producedAt: '2026-02-28', nextUpdate: kind === 'stale' ? '2026-02-28T12:00:00Z' : '2026-03-07' }
    const response = issueOcspResponse({ answers: [{ certificate, status: statuses[kind] }], ...times }, authority, rng)
    writeFileSync(ca, authority.certificate.der)
    writeFileSync(chain, certificate.der)
    const ocsp = join(dir, 'ocsp.der')
    writeFileSync(ocsp, response.der)
    const result = await run('--name', 'web', '--at', at, '--ocsp', ocsp)
    expect(result).toMatchObject({ code, out: expect.stringContaining(says) })
    // There is no openssl verify that would show the same.
    expect(result.out).not.toContain('openssl')
  })

  it.skipIf(!openssl)('prints an openssl command that says the same, of PEM and of DER', async () => {
    for (const fault of [null, 'expired', 'revoked', 'wrong-purpose', 'unknown-ca'] as const) {
      write(fault)
      const roots = join(dir, 'roots.der')
      writeFileSync(roots, loadCertificates(readFileSync(ca))[0].der)
      const args = ['--roots', roots, ...(fault === 'revoked' ? ['--crl', crl] : [])]
      const { out, code } = await run('--name', 'web', '--at', at, ...args)
      const { status, stderr } = spawnSync('sh', ['-c', /openssl verify .*/.exec(out)![0]], { encoding: 'utf8' })
      expect({ fault, code: status === 0 ? 0 : 1, stderr }).toMatchObject({ fault, code })
    }
  })

  it('exits with 1 for one that is not', async () => {
    write('revoked')
    expect((await run('--at', at)).code).toBe(0)
    const { out, code } = await run('--at', at, '--crl', crl, '-o', 'json')
    expect(code).toBe(1)
    const document = JSON.parse(out.slice(out.indexOf('{')))
    expect(document).toMatchObject({ apiVersion: 'podwire.dev/v1alpha1', kind: 'CertificateVerdict', ok: false })
    expect(document.errors).toEqual([expect.objectContaining({ code: 'revoked', depth: 0 })])
    expect(document.search.length).toBeGreaterThan(10)
  })

  it('judges for the purpose and the day that were asked', async () => {
    write(null)
    expect((await run('--purpose', 'client', '--at', at)).out).toContain('FAILED  certificate is not for this purpose')
    expect((await run('--at', '2027-01-01')).out).toContain('FAILED  certificate expired: now 2027-01-01T00:00:00Z')
    expect((await run()).out).toMatch(/judged at 20\d\d-/)
    await expect(run('--at', 'tomorrow')).rejects.toThrow('expected RFC 3339')
  })

  it('names the file and the line of what it cannot read', async () => {
    write(null)
    writeFileSync(chain, 'subject=web\n-----BEGIN CERTIFICATE-----\nMIIB\n')
    await expect(run()).rejects.toThrow(`${chain}:4:1: pem.CERTIFICATE`)
    writeFileSync(chain, 'subject=web\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n')
    await expect(run()).rejects.toThrow(
      `${chain}:2:1: certificate.tbsCertificate at offset 2: expected sequence, got the end`,
    )
    rmSync(chain)
    await expect(run()).rejects.toThrow(`${chain}: no such file`)
    await expect(run()).rejects.toThrow(InputError)
  })
})
