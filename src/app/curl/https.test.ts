import { describe, expect, it } from 'vitest'
import { askWeb, emulateWeb } from '../../../test/support/web-cluster.ts'
import { isKind } from '../../explain/record.ts'
import type { ClientOptions } from '../../scenario/cluster-tls.ts'

// What curl 7.88 with OpenSSL 3.0 prints; test/oracle/curl.test.ts asks the real one.
function verbose(serve: string, client: Partial<ClientOptions> = {}, emulation = emulateWeb({ serve })): string[] {
  const before = emulation.recorder.steps.length
  askWeb(emulation, 'https://web/', { ...client, curl: { verbose: true, head: true } })
  return emulation.recorder.steps
    .slice(before)
    .flatMap((step) => (isKind(step, 'output') && step.event.program === 'curl' ? [step.event.line] : []))
}

const head = [
  '*   Trying 10.96.0.80:443...',
  '* Connected to web (10.96.0.80) port 443 (#0)',
  '* ALPN: offers http/1.1',
]
const files = ['*  CAfile: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt', '*  CApath: /etc/ssl/certs']
const certificate = [
  '* Server certificate:',
  '*  subject: CN=web',
  '*  start date: Dec 31 00:00:00 2025 GMT',
  '*  expire date: Apr  1 00:00:00 2026 GMT',
]
const request = [
  '* using HTTP/1.1',
  '> HEAD / HTTP/1.1',
  '> Host: web',
  '> User-Agent: curl/7.88.1',
  '> Accept: */*',
  '> ',
]

describe('curl -v over https', () => {
  it('TLS 1.3', () => {
    const lines = verbose('https:8443')
    expect(lines.slice(0, lines.indexOf('> ') + 1)).toEqual([
      ...head,
      '* TLSv1.3 (OUT), TLS handshake, Client hello (1):',
      ...files,
      '* TLSv1.3 (IN), TLS handshake, Server hello (2):',
      '* TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1):',
      '* TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8):',
      '* TLSv1.3 (IN), TLS handshake, Certificate (11):',
      '* TLSv1.3 (IN), TLS handshake, CERT verify (15):',
      '* TLSv1.3 (IN), TLS handshake, Finished (20):',
      '* TLSv1.3 (OUT), TLS handshake, Finished (20):',
      '* SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256',
      '* ALPN: server accepted http/1.1',
      ...certificate,
      '*  subjectAltName: host "web" matched cert\'s "web"',
      '*  issuer: CN=kubernetes',
      '*  SSL certificate verify ok.',
      ...request,
    ])
  })

  it('TLS 1.2, with the suite as OpenSSL calls it', () => {
    const lines = verbose('https:8443?tickets=off', { versions: ['TLS 1.2'] })
    expect(lines.slice(3, lines.indexOf('* ALPN: server accepted http/1.1'))).toEqual([
      '* TLSv1.2 (OUT), TLS handshake, Client hello (1):',
      ...files,
      '* TLSv1.2 (IN), TLS handshake, Server hello (2):',
      '* TLSv1.2 (IN), TLS handshake, Certificate (11):',
      '* TLSv1.2 (IN), TLS handshake, Server key exchange (12):',
      '* TLSv1.2 (IN), TLS handshake, Server finished (14):',
      '* TLSv1.2 (OUT), TLS handshake, Client key exchange (16):',
      '* TLSv1.2 (OUT), TLS change cipher, Change cipher spec (1):',
      '* TLSv1.2 (OUT), TLS handshake, Finished (20):',
      '* TLSv1.2 (IN), TLS handshake, Finished (20):',
      '* SSL connection using TLSv1.2 / ECDHE-ECDSA-AES128-GCM-SHA256',
    ])
  })

  it('a server that chooses TLS 1.2 of both: the ServerHello still counts as 1.3, as curl learns of it after', () => {
    const lines = verbose('https:8443?maxVersion=1.2')
    expect(lines.filter((line) => line.includes('TLSv1.3'))).toEqual([
      '* TLSv1.3 (OUT), TLS handshake, Client hello (1):',
      '* TLSv1.3 (IN), TLS handshake, Server hello (2):',
    ])
    expect(lines).toContain('* TLSv1.2 (IN), TLS handshake, Certificate (11):')
  })

  it('-k tells what is wrong and goes on', () => {
    const lines = verbose('https:8443?fault=expired', { insecure: true })
    expect(lines).toContain(
      '*  SSL certificate verify result: unable to get local issuer certificate (20), continuing anyway.',
    )
    expect(lines).toContain('< HTTP/1.1 200 OK')
  })

  it('a session that is resumed shows no certificate', () => {
    const emulation = emulateWeb({ serve: 'https:8443' })
    const sessions = emulation.tls.sessions('jar')
    verbose('', { sessions }, emulation)
    const lines = verbose('', { sessions }, emulation)
    expect(lines).toContain('* SSL reusing session ID')
    expect(lines.filter((line) => /Certificate|CERT verify|Server certificate/.test(line))).toEqual([])
  })

  it('a session of TLS 1.2 is resumed again and again, one that led to a fatal alert is not', () => {
    const emulation = emulateWeb({ serve: 'https:8443?maxVersion=1.2' })
    const sessions = emulation.tls.sessions('jar')
    const reuses = (more: object = {}): boolean =>
      verbose('', { sessions, ...more }, emulation).includes('* SSL reusing session ID')
    expect([reuses(), reuses(), reuses()]).toEqual([false, true, true])
    expect(reuses({ alpn: ['h2'] })).toBe(false)
    expect([sessions.size, reuses()]).toEqual([0, false])
  })

  it('HelloRetryRequest is a second hello', () => {
    const lines = verbose('https:8443?groups=secp384r1', { groups: ['x25519', 'secp384r1'], keyShares: ['x25519'] })
    const hellos = lines
      .filter((line) => /hello \(\d\)/.test(line))
      .map((line) => /(Client|Server) hello/.exec(line)?.[0])
    expect(hellos).toEqual(['Client hello', 'Server hello', 'Client hello', 'Server hello'])
  })

  it.each([
    [
      'fault=expired',
      '* TLSv1.3 (OUT), TLS alert, certificate expired (557):',
      '* SSL certificate problem: certificate has expired',
      60,
    ],
    [
      'fault=unknown-ca',
      '* TLSv1.3 (OUT), TLS alert, unknown CA (560):',
      '* SSL certificate problem: unable to get local issuer certificate',
      60,
    ],
    [
      'groups=secp384r1',
      '* TLSv1.3 (IN), TLS alert, handshake failure (552):',
      '* OpenSSL/3.0.19: error:0A000410:SSL routines::sslv3 alert handshake failure',
      35,
    ],
    [
      'clientCa=cluster-ca',
      '* TLSv1.3 (IN), TLS alert, unknown (628):',
      '* OpenSSL SSL_read: OpenSSL/3.0.19: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0',
      56,
    ],
  ])('%s ends in its alert, the cause, and the error on stderr', (parameter, alert, cause, code) => {
    const lines = verbose(`https:8443?${parameter}`, { groups: ['x25519'] })
    const at = lines.indexOf(alert)
    expect(lines.slice(at)).toEqual([alert, cause, '* Closing connection 0', `curl: (${code}) ${cause.slice(2)}`])
  })
})
