import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeCertificate } from '../../src/pki/describe.ts'
import { endEntity, rootCa } from '../../src/pki/issue/authority.ts'
import { clusterPki } from '../../src/pki/issue/cluster.ts'
import { issueCrl } from '../../src/pki/issue/crl.ts'
import { issueOcspResponse } from '../../src/pki/issue/ocsp.ts'
import { loadCertificates, loadPrivateKey } from '../../src/pki/load/load.ts'
import { formatPem } from '../../src/pki/load/pem.ts'
import { loadPkcs12 } from '../../src/pki/load/pkcs12.ts'
import { isoSeconds } from '../../src/pki/moment.ts'
import { judge } from '../../src/pki/path/judge.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import { name } from '../../src/pki/x509/name.ts'
import type { CertificateErrorCode } from '../../src/trace/steps/cert.ts'
import { parseAddress } from '../../src/util/address.ts'
import { Malformed } from '../../src/util/malformed.ts'
import { Rng } from '../../src/util/rng.ts'
import { faultShapes } from '../pki/paths.ts'
import { AT, type Shape } from '../pki/shape.ts'
import { allShapes } from '../pki/shapes.ts'
import { has, skip } from './requirements.ts'

const absent = ['openssl', 'certtool'].filter((tool) => !has(tool))
const skipped = skip(absent.length === 0 ? null : `not installed: ${absent.join(', ')}`, 'the oracle of certificates')

const dir = mkdtempSync(join(tmpdir(), 'podwire-pki-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const file = (name: string): string => join(dir, name)
const pem = (certificates: readonly Certificate[]): string =>
  certificates.map((c) => formatPem('CERTIFICATE', c.der)).join('')

/** X509_V_ERR_* (include/openssl/x509_vfy.h.in) and the codes of ours that say the same. */
const CODES: Readonly<Record<number, readonly CertificateErrorCode[]>> = {
  3: ['revocation-unusable'],
  7: ['bad-signature'],
  8: ['revocation-unusable'],
  9: ['not-yet-valid'],
  10: ['expired'],
  11: ['revocation-unusable'],
  12: ['revocation-unusable'],
  18: ['self-signed'],
  19: ['unknown-ca'],
  20: ['unknown-ca', 'bad-signature', 'missing-intermediate'],
  21: ['unknown-ca', 'bad-signature', 'missing-intermediate'],
  23: ['revoked'],
  25: ['path-length'],
  26: ['wrong-purpose', 'key-usage'],
  32: ['key-usage'],
  34: ['unknown-critical-extension'],
  35: ['revocation-unusable'],
  43: ['policy'],
  47: ['name-constraint'],
  48: ['name-constraint'],
  51: ['name-constraint'],
  52: ['name-constraint'],
  53: ['name-constraint'],
  62: ['name-mismatch'],
  64: ['name-mismatch'],
  66: ['weak-key'],
  67: ['weak-key'],
  68: ['weak-signature'],
  79: ['not-a-ca'],
  92: ['key-usage'],
}

/** Where the two differ, by shape, and the heading in docs/fidelity.md that argues it. Anything else fails. */
const ARGUED: Readonly<Record<string, string>> = {
  'cross-signed: the other root': 'One issuer is tried',
  'cross-signed: only the expired copy leads on': 'One issuer is tried',
  'two of a name, no key ids, the wrong one first': 'One issuer is tried',
  'a wrong authority key id': 'Key identifiers decide',
  'leaf for any purpose': 'anyExtendedKeyUsage',
  'the last valid second': 'The last second',
  'web.example asked of CN=web.example alone': 'Common names',
  'web.example asked of IP:10.0.0.1': 'Common names',
  'permitted DNS:example.com excluded: web.example.org': 'Common names',
  'permitted excluded DNS:a.example.com: DNS:*.example.com': 'Wildcards over excluded names',
  'web.example.com asked of DNS:w*.example.com': 'Parts of a label',
  'web.example asked of DNS:*.example': 'Wildcards below one label',
}

interface Answer {
  readonly ok: boolean
  readonly codes: readonly number[]
  readonly text: string
}

/** Policy on strength is ours and level 2's; any trusted certificate ends a path, as RFC 5280 6.1.1(d) has it. */
function opensslVerify(
  { chain, roots, at, purpose, name, crls, policyCheck }: Shape,
  extra: readonly string[] = [],
): Answer {
  writeFileSync(file('leaf.pem'), pem(chain.slice(0, 1)))
  writeFileSync(file('chain.pem'), pem(chain.slice(1)))
  writeFileSync(file('roots.pem'), pem(roots))
  const args = [
    'verify',
    '-CAfile',
    file('roots.pem'),
    '-no-CApath',
    '-no-CAstore',
    '-partial_chain',
    '-auth_level',
    '2',
  ]
  args.push('-attime', String(at / 1000), '-purpose', purpose === 'server' ? 'sslserver' : 'sslclient', ...extra)
  if (chain.length > 1) args.push('-untrusted', file('chain.pem'))
  if (name !== undefined) args.push(parseAddress(name) === null ? '-verify_hostname' : '-verify_ip', name)
  if (crls !== undefined) {
    writeFileSync(file('crls.pem'), crls.map((crl) => formatPem('X509 CRL', crl.der)).join(''))
    args.push('-crl_check', '-CRLfile', file('crls.pem'))
  }
  // RFC 5280 6.1.1(c): any-policy is in the initial set, which openssl takes for empty unless told.
  if (policyCheck) args.push('-policy_check', '-policy', '2.5.29.32.0')
  const { status, stdout, stderr } = spawnSync('openssl', [...args, file('leaf.pem')], { encoding: 'utf8' })
  const text = stdout + stderr
  const codes = [...text.matchAll(/^error (\d+) at \d+ depth lookup/gm)].map((match) => Number(match[1]))
  return { ok: status === 0, codes, text }
}

describe.skipIf(skipped)('openssl verify', () => {
  const shapes = allShapes()

  it.each(shapes.map((shape) => [shape.label, shape] as const))('%s', (label, shape) => {
    const theirs = opensslVerify(shape)
    const { verdict } = judge(shape)
    const ours = verdict.errors.map((error) => error.code)
    const same =
      verdict.ok === theirs.ok && (theirs.ok || theirs.codes.some((code) => CODES[code]?.some((c) => ours.includes(c))))
    const said = `ours: ${ours.join(', ') || 'ok'}; openssl: ${theirs.text}`
    if (label in ARGUED) expect(same, `argued as a difference, and there is none; ${said}`).toBe(false)
    else expect(same, said).toBe(true)
  })

  it('at least 100 chains, and every difference is argued', () => {
    expect(new Set(shapes.map((shape) => shape.label)).size).toBe(shapes.length)
    expect(shapes.length).toBeGreaterThanOrEqual(100)
    const labels = shapes.map((shape) => shape.label)
    const text = readFileSync(new URL('../../docs/fidelity.md', import.meta.url), 'utf8')
    for (const [label, heading] of Object.entries(ARGUED)) {
      expect(labels).toContain(label)
      expect(text).toContain(heading)
    }
  })
})

describe.skipIf(skipped)('openssl verify -x509_strict', () => {
  // What its strict mode asks of CAs (RFC 5280 4.2.1): critical basicConstraints, keyUsage, key identifiers.
  const sound = faultShapes().filter((shape) => shape.codes.length === 0)
  it.each(sound.map((shape) => [shape.label, shape] as const))('%s', (_, shape) => {
    expect(opensslVerify(shape, ['-x509_strict']).text).toBe(`${file('leaf.pem')}: OK\n`)
  })

  const pki = clusterPki({ at: '2026-01-01T00:00:00Z' }, new Rng(7))
  const issued = [
    [pki.apiServer, pki.ca, 'server', 'kubernetes.default.svc'],
    [pki.kubelets.get('node-1')!, pki.ca, 'client', undefined],
    [pki.frontProxyClient, pki.frontProxyCa, 'client', undefined],
    [pki.ingress, pki.ingressRoot, 'server', 'shop.example.com'],
  ] as const
  it.each(issued)('cluster: %#', ({ certificate, chain }, root, purpose, name) => {
    const at = Date.parse('2026-01-02T00:00:00Z')
    const shape = { label: '', chain: [certificate, ...chain], roots: [root.certificate], at, purpose, name, codes: [] }
    expect(opensslVerify(shape, ['-x509_strict']).text).toContain(': OK')
    expect(judge(shape).verdict.errors).toEqual([])
  })
})

/** Everything on stdout and stderr; fails unless the tool exits with 0. */
function run(tool: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: 'utf8' })
  expect(error).toBe(undefined)
  expect(status, `${tool} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout + stderr
}

describe.skipIf(skipped).each(['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'ed25519'] as const)(
  'tools read what we issue: %s',
  (key) => {
    const dates = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2051-01-01T00:00:00Z', key }
    const ca = rootCa(
      {
        subject: 'ca',
        nameConstraints: { permitted: ['DNS:web', 'IP:10.0.0.0/8', 'IP:fd00::/8'] },
        ...dates,
        keyIndex: 0,
      },
      new Rng(1),
    )
    const names = [
      'DNS:web',
      'IP:10.96.0.1',
      'IP:fd00::1',
      'URI:spiffe://cluster.local/ns/default/sa/web',
      'email:a@web',
    ]
    const more = {
      crlUrls: ['http://ca/crl'],
      ocspUrls: ['http://ca/ocsp'],
      extKeyUsage: ['serverAuth', 'clientAuth'],
      policies: ['1.2.3'],
    }
    const leaf = endEntity(
      {
        subject: name([
          ['C', 'DE'],
          ['O', 'Éxample, Inc.'],
          ['CN', 'web'],
        ]),
        names,
        ...more,
        ...dates,
        keyIndex: 1,
      },
      ca,
      new Rng(2),
    )
    const revoked = [{ certificate: leaf.certificate, at: '2026-02-01T00:00:00Z', reason: 'keyCompromise' as const }]
    const crl = issueCrl(
      { thisUpdate: '2026-02-02T00:00:00Z', nextUpdate: '2050-06-01T00:00:00Z', revoked, number: 7 },
      ca,
      new Rng(3),
    )
    const write = (): void => {
      writeFileSync(file('ca.pem'), pem([ca.certificate]))
      writeFileSync(file('web.pem'), pem([leaf.certificate]))
      writeFileSync(file('web.der'), leaf.certificate.der)
      writeFileSync(file('web.key'), formatPem('PRIVATE KEY', leaf.key.pkcs8))
      writeFileSync(file('crl.pem'), formatPem('X509 CRL', crl.der))
    }

    it('openssl x509, asn1parse, pkey, crl', () => {
      write()
      const text = run(
        'openssl',
        'x509',
        '-in',
        file('web.pem'),
        '-noout',
        '-text',
        '-nameopt',
        'RFC2253,utf8,-esc_msb',
      )
      expect(text).toContain(`Subject: ${leaf.certificate.subject.text}`)
      expect(text).toContain(
        'DNS:web, IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://cluster.local/ns/default/sa/web',
      )
      expect(text).toContain('Not After : Jan  1 00:00:00 2051 GMT')
      expect(run('openssl', 'x509', '-in', file('ca.pem'), '-noout', '-text')).toContain('IP:10.0.0.0/255.0.0.0')
      expect(run('openssl', 'asn1parse', '-in', file('web.der'), '-inform', 'DER')).not.toMatch(/error|BAD/i)
      const described = describeCertificate(leaf.certificate)
      expect(text).toContain(described.subjectKeyId?.toUpperCase())
      const spki = run('openssl', 'pkey', '-in', file('web.key'), '-pubout')
      expect(spki).toBe(run('openssl', 'x509', '-in', file('web.pem'), '-noout', '-pubkey'))
      expect(run('openssl', 'pkey', '-in', file('web.key'), '-check', '-noout')).toContain('valid')
      const list = run('openssl', 'crl', '-in', file('crl.pem'), '-noout', '-text', '-CAfile', file('ca.pem'))
      expect(list).toContain('verify OK')
      expect(list).toContain('Key Compromise')
      expect(list).toMatch(/X509v3 CRL Number:\s+7/)
    })

    it.each(['issuer', 'delegate'] as const)('openssl ocsp: signed by the %s', (by) => {
      write()
      const delegate = endEntity(
        { subject: 'ocsp', extKeyUsage: ['ocspSigning'], ...dates, keyIndex: 2 },
        ca,
        new Rng(4),
      )
      const statuses = [
        { kind: 'good' },
        { kind: 'unknown' },
        { kind: 'revoked', at: Date.UTC(2026, 1, 1), reason: 'superseded' },
      ] as const
      for (const status of statuses) {
        const answers = [{ certificate: leaf.certificate, status }]
        const times = { producedAt: '2026-02-01T00:00:00Z', nextUpdate: '2050-01-01T00:00:00Z' }
        const response = issueOcspResponse(
          { answers, ...times, ...(by === 'issuer' ? {} : { responder: delegate }) },
          ca,
          new Rng(5),
        )
        writeFileSync(file('ocsp.der'), response.der)
        const asked = ['-issuer', file('ca.pem'), '-cert', file('web.pem'), '-CAfile', file('ca.pem'), '-no_nonce']
        const text = run('openssl', 'ocsp', '-respin', file('ocsp.der'), ...asked)
        expect(text).toContain('Response verify OK')
        expect(text).toContain(`web.pem: ${status.kind}`)
        const { verdict } = judge({
          chain: [leaf.certificate],
          roots: [ca.certificate],
          at: AT,
          purpose: 'server',
          ocsp: [response],
        })
        const code = { good: [], unknown: ['revocation-unknown'], revoked: ['revoked'] }[status.kind]
        expect(verdict.errors.map((error) => error.code)).toEqual(code)
      }
    })

    it('certtool reads and verifies', () => {
      write()
      const text = run('certtool', '--certificate-info', '--infile', file('web.pem'))
      expect(text).toContain('URI: spiffe://cluster.local/ns/default/sa/web')
      expect(text).toContain('IPAddress: 10.96.0.1')
      expect(run('certtool', '--crl-info', '--infile', file('crl.pem'))).toContain('Revoked certificates (1)')
      const plain = rootCa({ subject: 'plain', ...dates, keyIndex: 3 }, new Rng(8))
      const under = endEntity(
        { subject: 'web', names: ['DNS:web'], extKeyUsage: ['serverAuth'], ...dates, keyIndex: 4 },
        plain,
        new Rng(9),
      )
      writeFileSync(file('plain.pem'), pem([plain.certificate]))
      writeFileSync(file('under.pem'), pem([under.certificate]))
      const verified = run(
        'certtool',
        '--verify',
        '--verify-hostname',
        'web',
        '--load-ca-certificate',
        file('plain.pem'),
        '--infile',
        file('under.pem'),
      )
      expect(verified).toContain('Verified. The certificate is trusted.')
    })

    it('PKCS#12 that openssl makes comes back', () => {
      write()
      for (const legacy of [false, true]) {
        const old = legacy ? ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'] : []
        const files = [
          '-inkey',
          file('web.key'),
          '-in',
          file('web.pem'),
          '-certfile',
          file('ca.pem'),
          '-out',
          file('web.p12'),
        ]
        run('openssl', 'pkcs12', '-export', ...files, '-passout', 'pass:secret', ...old)
        const store = loadPkcs12(readFileSync(file('web.p12')), 'secret')
        expect(store.key).toEqual(leaf.key)
        expect(store.certificates.map((c) => c.fingerprint)).toEqual([
          leaf.certificate.fingerprint,
          ca.certificate.fingerprint,
        ])
        expect(() => loadPkcs12(readFileSync(file('web.p12')), 'wrong')).toThrow(Malformed)
      }
    })
  },
)

describe.skipIf(skipped)('what others make', () => {
  it('keys of openssl in every form are read', () => {
    const makes = [
      ['ecparam', '-name', 'prime256v1', '-genkey'],
      ['ecparam', '-name', 'secp384r1', '-genkey', '-noout'],
      ['genpkey', '-algorithm', 'ed25519'],
      ['genrsa', '-traditional'],
      ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ]
    for (const make of makes) {
      run('openssl', ...make, '-out', file('key.pem'))
      const spki = run('openssl', 'pkey', '-in', file('key.pem'), '-pubout')
      expect(formatPem('PUBLIC KEY', loadPrivateKey(readFileSync(file('key.pem'))).public.spki)).toBe(spki)
    }
  })

  const bundle = '/etc/ssl/certs/ca-certificates.crt'
  it.skipIf(!existsSync(bundle))('every root of the system is read as openssl names it', () => {
    const roots = loadCertificates(readFileSync(bundle))
    expect(roots.length).toBeGreaterThan(50)
    for (const root of roots.slice(0, 40)) {
      writeFileSync(file('root.der'), root.der)
      const text = run(
        'openssl',
        'x509',
        '-inform',
        'DER',
        '-in',
        file('root.der'),
        '-noout',
        '-serial',
        '-enddate',
        '-dateopt',
        'iso_8601',
      )
      expect(BigInt(`0x${/^serial=([0-9A-F]+)$/m.exec(text)?.[1]}`)).toBe(root.serial)
      expect(text).toContain(`notAfter=${isoSeconds(root.notAfter).replace('T', ' ')}`)
    }
  })
})
