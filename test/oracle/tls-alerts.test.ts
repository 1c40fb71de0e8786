import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { connectTls, serveTls, systemRandom } from '../../src/host/tls.ts'
import type { TlsFailure } from '../../src/host/tls-failure.ts'
import { FAULTS, type Fault, present } from '../../src/pki/issue/faults.ts'
import { nativeSigner } from '../../src/pki/keys.ts'
import { formatPem } from '../../src/pki/load/pem.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import type { AlertName } from '../../src/tls/alert.ts'
import type { ClientConfig } from '../../src/tls/config.ts'
import { identityOf, trusting } from '../../src/tls/trust.ts'
import { Rng } from '../../src/util/rng.ts'
import { has, skip } from './requirements.ts'
import { opensslServer, Program } from './tls/process.ts'

// What is wrong with a certificate ends in an alert: ours beside OpenSSL's, which is shown the same chains. (gnutls-cli always says
// bad_certificate.)
const dir = mkdtempSync(join(tmpdir(), 'podwire-alerts-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const NAME = 'web.podwire.test'
const faults = Object.keys(FAULTS) as Fault[]
const pem = (all: readonly Certificate[]): string => all.map(({ der }) => formatPem('CERTIFICATE', der)).join('')

/** Where OpenSSL sends another alert than we do, and the words of RFC 8446 6.2 by which ours is the one. */
const DIFFERS: Readonly<Partial<Record<Fault, readonly [theirs: AlertName, ours: AlertName, why: string]>>> = {
  'not-yet-valid': ['bad_certificate', 'certificate_expired', 'has expired or is not currently valid'],
  'bad-signature': ['decrypt_error', 'bad_certificate', 'contained signatures that did not verify correctly'],
}

function shown(fault: Fault | null, purpose: 'server' | 'client' = 'server') {
  const about = { at: Date.now(), names: [`DNS:${NAME}`], purpose }
  const made = present(fault, about, new Rng(`alerts ${fault} ${purpose}`))
  const [roots, crls] = ['roots', 'crls'].map((what) => join(dir, `${fault}-${purpose}-${what}`))
  writeFileSync(roots, pem(made.roots))
  writeFileSync(crls, made.crls.map(({ der }) => formatPem('X509 CRL', der)).join(''))
  return { ...made, files: { roots, crls: made.crls.length === 0 ? null : crls } }
}

function opensslClient(port: number, { roots, crls }: ReturnType<typeof shown>['files']): Program {
  const lists = crls === null ? [] : ['-crl_check', '-CRL', crls]
  const strict = ['-verify', '5', '-verify_return_error', '-verify_hostname', NAME, '-cipher', 'DEFAULT:@SECLEVEL=2']
  const to = ['-connect', `127.0.0.1:${port}`, '-servername', NAME, '-CAfile', roots]
  return new Program('openssl', ['s_client', ...to, ...strict, ...lists])
}

/** The alert that our server hears, or (for us) that our client sends. */
async function alertFrom(who: 'openssl' | 'podwire', fault: Fault): Promise<AlertName | null> {
  const { identity, roots, crls, files } = shown(fault)
  const failures: TlsFailure[] = []
  const config = { random: systemRandom, identities: [identityOf(identity, nativeSigner(identity.key))] }
  const server = await serveTls(config, async (tls) => tls.close(), {
    onFailure: (error) => failures.push(error as TlsFailure),
  })
  try {
    if (who === 'podwire') {
      const client = { random: systemRandom, serverName: NAME, judge: trusting({ roots, crls }) }
      return await connectTls(client, { host: '127.0.0.1', port: server.port })
        .then((tls) => tls.connected)
        .then(
          () => null,
          (error: TlsFailure) => error.fault.alert,
        )
    }
    const program = opensslClient(server.port, files)
    program.endInput()
    await program.end()
    return failures[0]?.fault.alert ?? null
  } finally {
    await server.close()
  }
}

/** What becomes of our client, which shows such a chain to OpenSSL's server or to ours, in TLS 1.2: there the alert comes in the handshake. */
async function alertTo(who: 'openssl' | 'podwire', fault: Fault): Promise<AlertName | null> {
  const own = shown(null)
  const { identity, roots, crls, files } = shown(fault, 'client')
  const config: ClientConfig = {
    random: systemRandom,
    versions: ['TLS 1.2'],
    serverName: NAME,
    judge: trusting({ roots: own.roots }),
    identities: [identityOf(identity, nativeSigner(identity.key))],
  }
  const meet = (port: number): Promise<AlertName | null> =>
    connectTls(config, { host: '127.0.0.1', port })
      .then((tls) => tls.connected)
      .then(
        () => null,
        (error: TlsFailure) => error.fault.alert,
      )
  if (who === 'podwire') {
    const identities = [identityOf(own.identity, nativeSigner(own.identity.key))]
    const server = {
      random: systemRandom,
      identities,
      clientAuth: 'require',
      judge: trusting({ roots, crls }),
    } as const
    const { port, close } = await serveTls(server, async (tls) => tls.close(), { onFailure: () => {} })
    return meet(port).finally(close)
  }
  const [cert, key] = ['own.cert', 'own.key'].map((name) => join(dir, name))
  writeFileSync(cert, pem([own.identity.certificate, ...own.identity.chain]))
  writeFileSync(key, formatPem('PRIVATE KEY', own.identity.key.pkcs8))
  const lists = files.crls === null ? [] : ['-crl_check', '-CRL', files.crls]
  const strict = ['-Verify', '5', '-verify_return_error', '-CAfile', files.roots, '-cipher', 'DEFAULT:@SECLEVEL=2']
  const { port, program } = await opensslServer(['-cert', cert, '-cert_chain', cert, '-key', key, ...strict, ...lists])
  return meet(port).finally(() => program.kill())
}

describe.skipIf(skip(has('openssl') ? null : 'openssl is not installed', 'alerts on certificates'))('OpenSSL', () => {
  test.each(faults)('sends the same alert on %s', async (fault) => {
    const [ours, theirs] = [await alertFrom('podwire', fault), await alertFrom('openssl', fault)]
    const argued = DIFFERS[fault]
    if (argued !== undefined) expect([theirs, ours]).toEqual(argued.slice(0, 2))
    else expect(ours).toBe(theirs)
    expect(ours).not.toBe(null)
  })

  test.each(faults.filter((fault) => fault !== 'wrong-name'))('on %s of a client too', async (fault) => {
    const [ours, theirs] = [await alertTo('podwire', fault), await alertTo('openssl', fault)]
    const argued = DIFFERS[fault]
    if (argued !== undefined) expect([theirs, ours]).toEqual(argued.slice(0, 2))
    else expect(ours).toBe(theirs)
    expect(ours).not.toBe(null)
  })
})
