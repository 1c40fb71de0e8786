import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { type Fault, present } from '../pki/issue/faults.ts'
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
  process.exitCode = undefined
})

function write(fault: Fault | null): void {
  const { identity, roots, crls } = present(fault, { at, names: ['DNS:web', 'IP:10.96.0.80'] }, new Rng(1))
  const pem = (list: readonly Certificate[]): string => list.map((c) => formatPem('CERTIFICATE', c.der)).join('')
  writeFileSync(ca, pem(roots))
  writeFileSync(chain, pem([identity.certificate, ...identity.chain]))
  writeFileSync(crl, crls.map((one) => formatPem('X509 CRL', one.der)).join(''))
}

async function run(...args: string[]): Promise<{ out: string; code: unknown }> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  addTlsVerify(program)
  await program.parseAsync(['tls', 'verify', '--roots', ca, '--chain', chain, ...args], { from: 'user' })
  return { out, code: process.exitCode }
}

describe('podwire tls verify', () => {
  it('exits with 0 for a chain that is trusted, and says what shows the same', async () => {
    write(null)
    const { out, code } = await run('--name', '10.96.0.80', '--at', at)
    expect(code).toBe(0)
    expect(out).toContain('OK  CN=web is trusted as a server named 10.96.0.80')
    expect(out).toContain(`-purpose sslserver -attime ${Date.parse(at) / 1000} -verify_ip 10.96.0.80 ${chain}`)
  })

  it('takes the chain from a Secret', async () => {
    write(null)
    const pem = readFileSync(chain)
    const secret = (data: string): string =>
      `kind: Service\n---\napiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: { name: web-tls }\ndata: ${data}\n`
    writeFileSync(chain, secret(`{ tls.crt: ${pem.toString('base64')} }`))
    const { out, code } = await run('--name', 'web', '--at', at)
    expect(code).toBe(0)
    expect(out).not.toContain('openssl verify')
    writeFileSync(chain, secret('{ tls.pem: "" }'))
    await expect(run('--at', at)).rejects.toThrow('expected a key tls.crt')
  })

  it.skipIf(spawnSync('openssl', ['version']).status !== 0)('takes the chain from PKCS#12', async () => {
    const { identity, roots } = present(null, { at, names: ['DNS:web'] }, new Rng(1))
    const files = ['k.pem', 'c.pem'].map((name) => join(dir, name))
    writeFileSync(files[0], formatPem('PRIVATE KEY', identity.key.pkcs8))
    writeFileSync(
      files[1],
      [identity.certificate, ...identity.chain].map((c) => formatPem('CERTIFICATE', c.der)).join(''),
    )
    writeFileSync(ca, roots.map((c) => formatPem('CERTIFICATE', c.der)).join(''))
    execFileSync('openssl', [
      'pkcs12',
      '-export',
      '-inkey',
      files[0],
      '-in',
      files[1],
      '-out',
      chain,
      '-passout',
      'pass:moon',
    ])
    expect((await run('--name', 'web', '--at', at, '--password', 'moon')).code).toBe(0)
    await expect(run('--at', at)).rejects.toThrow('pkcs12')
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
