import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askWeb, emulateWeb } from '../../../test/support/web-cluster.ts'
import { isKind } from '../../explain/record.ts'
import type { ClientOptions } from '../cluster-tls.ts'
import type { Emulation } from '../emulation.ts'

/** A certificate as an administrator makes one: openssl's, not ours. */
let folder = ''
const pem = (file: string): string => readFileSync(join(folder, file), 'utf8')
const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}
function certificate(name: string, san: string): void {
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  writeFileSync(join(folder, 'ext'), `subjectAltName=${san}\nextendedKeyUsage=serverAuth,clientAuth\n`)
  openssl('req', ...ec, '-keyout', `${name}.key`, '-out', 'csr', '-subj', `/CN=${name}`)
  const dates = ['-days', '3650', '-CAcreateserial', '-extfile', 'ext', '-out', `${name}.crt`]
  openssl('x509', '-req', '-in', 'csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', ...dates)
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'podwire-secrets-'))
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=company', '-days', '3650')
  certificate('web', 'DNS:web,DNS:shop.example')
  certificate('other', 'DNS:other.example')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const secret = (name: string, crt = `${name}.crt`, key = `${name}.key`): string => `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: ${name}-tls }
data: { tls.crt: ${base64(pem(crt))}, tls.key: ${base64(pem(key))} }
`
const bundle = (kind: string): string => `
apiVersion: v1
kind: ${kind}
metadata: { name: company-ca }
${kind === 'Secret' ? `data: { ca.crt: ${base64(pem('ca.crt'))} }` : `data: { ca.crt: ${JSON.stringify(pem('ca.crt'))} }`}
---`
/** Tomorrow, when all of them are valid. */
const spec = `cluster: { epoch: '${new Date(Date.now() + 86_400_000).toISOString()}' }`
const emulate = (serve: string, ...objects: string[]): Emulation => emulateWeb({ serve, spec, objects })

function ask(
  emulation: Emulation,
  url = 'https://web/',
  options: Partial<ClientOptions> & { roots?: never } = {},
  roots = 'configmap/company-ca',
) {
  const { clusterIPs } = emulation.services.all.find(({ meta }) => meta.name === 'web')!
  const curl = { resolve: new Map([['shop.example:443', [clusterIPs[0]]]]) }
  return askWeb(emulation, url, { ...options, roots: emulation.tls.roots(roots, 'default'), curl })
}

describe('Secrets and ConfigMaps of the input', () => {
  it('serve and are trusted: tls.crt and tls.key of one, ca.crt of another', () => {
    for (const kind of ['ConfigMap', 'Secret']) {
      const emulation = emulate('https:8443?secret=web-tls', secret('web'), bundle(kind))
      expect(ask(emulation, 'https://web/', {}, `${kind.toLowerCase()}/company-ca`)).toMatchObject({
        code: 0,
        status: 200,
      })
      const judged = emulation.recorder.steps.find((step) => isKind(step, 'cert-judge'))
      const leaf = judged !== undefined && isKind(judged, 'cert-judge') ? judged.event.leaf.fingerprint : ''
      expect(emulation.tls.origins.of(leaf)).toMatchObject({
        object: 'Secret default/web-tls',
        key: 'tls.crt',
        names: ['web', 'shop.example'],
      })
    }
  })

  it('are judged as any other: another CA, another name', () => {
    const emulation = emulate('https:8443?secret=web-tls', secret('web'), bundle('ConfigMap'))
    expect(ask(emulation, 'https://web/', {}, 'cluster-ca').message).toContain('unable to get local issuer certificate')
    expect(ask(emulation, 'https://web.default/').message).toContain(
      "no alternative certificate subject name matches target host name 'web.default'",
    )
  })

  it('several of them are chosen among by SNI', () => {
    const serve = 'https:8443?secret=other-tls&secret=web-tls'
    const emulation = emulate(serve, secret('web'), secret('other'), bundle('ConfigMap'))
    expect(ask(emulation, 'https://web/').code).toBe(0)
    expect(ask(emulation, 'https://shop.example/').code).toBe(0)
    // Nobody has this name: the first serves, and the client refuses it.
    expect(ask(emulation, 'https://web.default/').code).toBe(60)
  })

  it('a key that is not the certificate’s keeps the server from starting, and it says so', () => {
    const emulation = emulate('https:8443?secret=web-tls', secret('web', 'web.crt', 'other.key'), bundle('ConfigMap'))
    expect(ask(emulation)).toMatchObject({ code: 7 })
    const said = emulation.recorder.steps.flatMap((step) => (isKind(step, 'output') ? [step.event.line] : []))
    expect(said.join('\n')).toContain('cannot load Secret default/web-tls: the private key is not that of CN=web')
  })

  it('mTLS: a certificate of the Secret gets in, none does not', () => {
    const serve = 'https:8443?secret=web-tls&clientCa=configmap/company-ca'
    const emulation = emulate(serve, secret('web'), secret('other'), bundle('ConfigMap'))
    expect(ask(emulation)).toMatchObject({
      code: 56,
      tls: { version: 'TLS 1.3', alert: 'certificate_required', alertBy: 'server' },
    })
    expect(ask(emulation, 'https://web/', { versions: ['TLS 1.2'] })).toMatchObject({ code: 35 })
    const own = emulation.tls.clientIdentity('secret/other-tls', 'default', 'client', 0, null)
    expect(ask(emulation, 'https://web/', own)).toMatchObject({ code: 0, status: 200 })
    const stranger = emulation.tls.clientIdentity('cluster-ca', 'default', 'client', 0, null)
    expect(ask(emulation, 'https://web/', stranger)).toMatchObject({
      code: 56,
      tls: { alert: 'unknown_ca' },
    })
  })

  it('a client’s key that is not its certificate’s stops curl before it says hello', () => {
    const emulation = emulate('https:8443', secret('web', 'web.crt', 'other.key'))
    const own = emulation.tls.clientIdentity('secret/web-tls', 'default', 'client', 0, null)
    expect(own).toEqual({ wrongKey: 'tls.key' })
    expect(askWeb(emulation, 'https://web/', own)).toMatchObject({
      code: 58,
      message: "unable to set private key file: 'tls.key' type PEM",
      tls: null,
    })
    expect(emulation.recorder.steps.some((step) => isKind(step, 'tls-message'))).toBe(false)
  })

  it('what is missing or wrong is said where it stands', () => {
    expect(() => ask(emulate('https:8443?secret=web-tl', secret('web'), bundle('ConfigMap')))).toThrow(
      /no Secret default\/web-tl .*one of default\/web-tls/,
    )
    expect(() => emulate('https:8443?secrets=web-tls')).toThrow('parameter "secrets" is not known')
    expect(() => emulate('https:8443?maxVersion=1.1')).toThrow('maxVersion=1.1: expected 1.2 or 1.3')
    expect(() => emulate('edge:443')).toThrow('an edge needs a route')
    const bare =
      'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: { name: s }\ndata: { tls.crt: "!" }\n'
    expect(() => emulate('https:8443', bare)).toThrow(/illegal base64 data.*\n.*data\[tls.key\]: Required value/s)
  })
})

describe('sessions between curls', () => {
  it('resume, bring early data, and a server of another key falls back to a full handshake', () => {
    const emulation = emulate('https:8443?earlyData=16384')
    const sessions = emulation.tls.sessions('jar')
    const run = (earlyData = false) => ask(emulation, 'https://web/', { sessions, earlyData }, 'cluster-ca').tls
    expect(run()).toMatchObject({ resumed: false })
    expect(run()).toMatchObject({ resumed: true, earlyData: 'none' })
    expect(run(true)).toMatchObject({ resumed: true, earlyData: 'accepted' })
  })
})
