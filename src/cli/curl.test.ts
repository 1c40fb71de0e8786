import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { webCluster } from '../../test/support/web-cluster.ts'
import { scenarioPath } from '../host/shipped.ts'
import { endEntity, type Fault, present, rootCa } from '../pki/certificates.ts'
import { formatPem } from '../pki/load/pem.ts'
import { Rng } from '../util/rng.ts'
import { addCurl } from './curl.ts'

const folder = mkdtempSync(join(tmpdir(), 'podwire-curl-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

/** `podwire curl` as a user runs it, in the cluster of a scenario. */
async function curl(scenario: string, ...args: string[]): Promise<{ out: string; code: unknown }> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  addCurl(program)
  await program.parseAsync(['curl', '-f', scenarioPath(scenario), ...args], { from: 'user' })
  return { out, code: process.exitCode }
}

const fromClient = ['--from', 'client']

/** The same in a cluster that is given as text. */
async function curlIn(text: string, ...args: string[]): ReturnType<typeof curl> {
  const file = join(folder, 'cluster.yaml')
  writeFileSync(file, text)
  return curl(file, ...args)
}

/** Where each fault shows, and what is to be done. */
const FIXES: Readonly<Record<Fault, readonly [string, RegExp]>> = {
  expired: ['CERTIFICATE certificate_expired', /^reissue the certificate for web, /],
  'not-yet-valid': ['CERTIFICATE certificate_expired', /^set the clocks right/],
  'wrong-name': ['CERTIFICATE bad_certificate', /with web among its SANs \(it has other\.example\)/],
  'unknown-ca': ['CERTIFICATE unknown_ca', /^give Pod default\/client the CA CN=Example Root/],
  'missing-intermediate': ['CERTIFICATE unknown_ca', /^append the certificate of CN=Example CA/],
  'self-signed': ['CERTIFICATE unknown_ca', /issued by a CA that Pod default\/client trusts/],
  'not-a-ca': ['CERTIFICATE unknown_ca', /CA:TRUE/],
  'path-length': ['CERTIFICATE unknown_ca', /pathLenConstraint/],
  'wrong-purpose': ['CERTIFICATE unsupported_certificate', /extended key usage serverAuth/],
  'name-constraint': ['CERTIFICATE certificate_unknown', /name constraints permit/],
  'sha1-signature': ['CERTIFICATE bad_certificate', /SHA-256 or stronger/],
  'small-key': ['CERTIFICATE bad_certificate', /2048 bits RSA/],
  revoked: ['CERTIFICATE certificate_revoked', /for a new key/],
  'bad-signature': ['CERTIFICATE bad_certificate', /was altered/],
  'key-mismatch': ['SIGNATURE decrypt_error', /have the key of the certificate that it shows/],
}

describe('the report of a request', () => {
  it('has its sections in order, each read off the steps', async () => {
    const { out, code } = await curl('09-https-expired', ...fromClient, 'https://web/')
    expect(code).toBe(1)
    const heads = [
      'scenario 09-https-expired, seed 1',
      'FAILED  certificate expired 2 days ago   (curl: exit 60)',
      '  DNS ok > TCP ok > hello ok > CERTIFICATE certificate_expired > http never sent',
      'DNS   web.default.svc.cluster.local  A 10.96.0.80  AAAA none',
      '      client > 10.96.0.10 => kube-system/coredns 10.244.0.2:53',
      'TCP   10.96.0.80:443 => default/web 10.244.2.2:8443   MSS 1410',
      'TLS 1.3 ',
      ' 1  ClientHello ',
      '   -- from here on a tap reads nothing --',
      ' X  client stops here',
      ' 5  ALERT fatal 45 ',
      'Certificate path  (trust: CN=Example Root)',
      'ALERT         certificate_expired (45), sent by the client',
      'Rule          now 2026-03-01T09:00:00Z, notAfter 2026-02-27T09:00:00Z  (RFC 5280 6.1.3(a)(2))',
      'Both sides    client: asks for the name web',
      '              web: sent 2 certificates',
      'Object        Pod default/web, annotation podwire.dev/serve',
      'Still Ready?  yes: HTTPS probes do not verify certificates',
      'Fix           reissue',
      'Same on a real pod:',
      '  openssl s_client -connect web:443 -servername web -CAfile ca.crt -showcerts </dev/null | openssl x509',
      'OUTPUT',
      'PACKETS',
      'Next:  -k · --at 2026-02-13 ·',
    ]
    const lines = out.split('\n')
    const found = heads.map((head) => lines.findIndex((line) => line.startsWith(head)))
    expect(heads.filter((_, i) => found[i] < 0)).toEqual([])
    expect(found).toEqual(found.toSorted((a, b) => a - b))
  })

  it('of one that is answered names no fault', async () => {
    const { out, code } = await curl('first', ...fromClient, 'https://web/')
    expect(code).toBe(0)
    expect(out).toContain('  DNS ok > TCP ok > hello ok > certificate ok > http 200\n')
    for (const word of ['ALERT fatal', 'Fix ', 'Both sides', 'LOST', 'stops here']) expect(out).not.toContain(word)
  })

  it.each([
    [
      '55-wrong-name',
      'https://web.default.svc/',
      [],
      'CERTIFICATE bad_certificate',
      'Secret default/web-tls, tls.crt',
      'web.default.svc among its SANs (it has web)',
    ],
    [
      '56-missing-intermediate',
      'https://web/',
      [],
      'CERTIFICATE unknown_ca',
      'Pod default/web, annotation podwire.dev/serve',
      'append the certificate of CN=Example CA',
    ],
    [
      '57-unknown-ca',
      'https://web/',
      [],
      'CERTIFICATE unknown_ca',
      'Pod default/web, annotation podwire.dev/serve',
      'give Pod default/client the CA CN=Example Root',
    ],
    [
      '57-unknown-ca',
      'https://alone/',
      [],
      'CERTIFICATE unknown_ca',
      'Pod default/alone, annotation podwire.dev/serve',
      'issued by a CA that Pod default/client trusts',
    ],
    [
      '58-no-common-version',
      'https://new/',
      ['--tls-max', '1.2'],
      'HELLO protocol_version',
      'Pod default/new, annotation podwire.dev/serve: https:8443?minVersion=1.3',
      'let Pod default/new speak a version that the client offers',
    ],
    [
      '54-mtls',
      'https://web/',
      [],
      'CLIENT CERTIFICATE certificate_required',
      'Pod default/web, annotation podwire.dev/serve: https:8443?clientCa=cluster-ca',
      'give the client a certificate and key',
    ],
    [
      '54-mtls',
      'https://web/',
      ['--tls-max', '1.2'],
      'CLIENT CERTIFICATE handshake_failure',
      'Pod default/web, annotation podwire.dev/serve: https:8443?clientCa=cluster-ca',
      'give the client a certificate and key',
    ],
    [
      '52-hello-retry',
      'https://web/',
      ['--curves', 'X25519'],
      'HELLO handshake_failure',
      'Pod default/web, annotation podwire.dev/serve: https:8443?groups=secp384r1',
      'cipher suite and a group that the client offers',
    ],
  ])('%s %s %j', async (scenario, url, more, stage, object, fix) => {
    const { out, code } = await curl(scenario, ...fromClient, url, ...more)
    const flat = out.replace(/\n {14}/g, ' ')
    expect(code).toBe(1)
    expect(out.toLowerCase()).toContain(` > ${stage} > http `.toLowerCase())
    expect(out).toContain(` > ${stage} > `)
    expect(flat).toContain(`Object        ${object}`)
    expect(flat).toContain(fix)
    expect(flat).toMatch(/\nRule {10}.*\(RFC \d+ [^)]+\)?\)\nBoth sides {4}(client|\w+): /)
  })

  it('lays a failed ALPN out: what each end named, in which order, and who ended it', async () => {
    const serve = 'https:8443?alpn=h2+acme-tls/1'
    const { out, code } = await curlIn(webCluster({ serve }), ...fromClient, 'https://web/')
    expect(code).toBe(1)
    expect(out).toContain(`
ALPN         client offers  web supports  chosen
 http/1.1    1st            -             no: not supported
 h2          -              1st           no: not offered
 acme-tls/1  -              2nd           no: not offered
 none in common: web ends the handshake with no_application_protocol  (RFC 7301 3.2)

ALERT         no_application_protocol (120), sent by web
Rule          the server serves h2, acme-tls/1, the client offers http/1.1  (RFC 7301 3.2)
Object        Pod default/web, annotation podwire.dev/serve: ${serve}
`)
    expect(out.replace(/\n {14}/g, ' ')).toContain(
      'Fix           in the annotation podwire.dev/serve of Pod default/web say alpn=h2+acme-tls/1+http/1.1; or let the client offer h2 or acme-tls/1, or no ALPN at all',
    )
  })

  it('names what of a Service is missing in the SAN, and the commands that mend the Secret', async () => {
    const { out } = await curl('55-wrong-name', ...fromClient, 'https://web.default.svc/')
    const flat = out.replace(/\n {14}/g, ' ')
    expect(flat).toContain(
      'Of the names of Service default/web it lacks web.default, web.default.svc, web.default.svc.cluster.local',
    )
    expect(out).toContain('kubectl -n default get secret web-tls ')
    expect(out).toContain('kubectl -n default create secret tls web-tls ')
  })

  it.each(Object.entries(FIXES))('%s: the fix is about it, and about the object', async (fault, [stage, fix]) => {
    const serve = `https:8443?fault=${fault}`
    const { out, code } = await curlIn(webCluster({ serve }), ...fromClient, 'https://web/')
    const flat = out.replace(/\n {14}/g, ' ')
    expect(code).toBe(1)
    expect(flat).toContain(` > ${stage} `)
    expect(flat).toContain('Object        Pod default/web, annotation podwire.dev/serve')
    expect(/\nFix {11}(.*)/.exec(flat)?.[1]).toMatch(fix)
    expect(flat).toMatch(/\nBoth sides {4}client: .* web: /)
  })

  it('-k is no fault: what fails later is told for itself', async () => {
    const serve = 'https:8443?fault=expired&clientCa=cluster-ca'
    const { out } = await curlIn(webCluster({ serve }), ...fromClient, 'https://web/', '-k')
    expect(out).toContain('> CLIENT CERTIFICATE certificate_required > ')
    expect(out).toContain('Fix           give the client a certificate')
  })

  it('https to a port that speaks http, and http to one that speaks https', async () => {
    const wrong = await curl('first', ...fromClient, 'https://web:80/')
    expect(wrong.out).toContain('curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number')
    expect(wrong.out).toContain('Fix           ask for http:// instead')
    const other = await curl('first', ...fromClient, 'http://web:443/')
    expect(other.out).toContain('curl: (1) Received HTTP/0.9 when not allowed')
    expect(other.out).toContain('Rule          the peer speaks plain HTTP, not TLS')
    expect(other.out).toContain('Fix           ask for https:// instead')
  })

  it('tells why a server did not start, or hung up', async () => {
    const options = ['--from', 'external', '--resolve', 'other.example:443:192.168.56.11']
    const { out } = await curl('62-edge', ...options, 'https://other.example/')
    expect(out).toContain('TCP ok > HELLO no answer > http never sent')
    expect(out).toContain('node-1 says: no route for other.example')
  })

  it('tells which field of an Ingress made its controller send another certificate, and what would mend it', async () => {
    const options = ['--from', 'external', '--resolve', 'shop.example:443:192.168.56.11', 'https://shop.example/']
    const { out, code } = await curl('64-ingress-missing-secret', ...options)
    expect(code).toBe(1)
    expect(out).toContain('TCP ok > hello ok > CERTIFICATE unknown_ca > http never sent')
    expect(out).toMatch(
      /Both sides {4}laptop: asks for the name shop\.example.*\n.*\n +node-1: sent its default certificate: Ingress shop\/shop: spec\.tls\[0\]\.secretName names Secret\n +shop\/shop-tls, which is not there\n/,
    )
    expect(out).toContain('\nObject        Ingress shop/shop: spec.tls[0].secretName\n')
    expect(out).toContain('\nFix           copy Secret certificates/shop-tls to Secret shop/shop-tls')
    expect(out).toContain("\n              kubectl -n shop get ingress shop -o jsonpath='{.spec.tls}'\n")
    const json = JSON.parse((await curl('64-ingress-missing-secret', ...options, '-o', 'json')).out)
    expect(json.requests[0].tls.alert).toMatchObject({
      object: 'Ingress shop/shop: spec.tls[0].secretName',
      ingress: {
        why: 'secret-missing',
        ingress: 'shop/shop',
        secret: 'shop/shop-tls',
        elsewhere: 'certificates/shop-tls',
      },
    })
  })

  it('tells where an Ingress led a request, and by which Secret it was let in', async () => {
    const options = ['--from', 'client', '--resolve', 'shop.example:443:192.168.56.11', 'https://shop.example/cart']
    const { out } = await curl('63-ingress', ...options)
    expect(out).toMatch(
      /\nHTTP {2}Ingress default\/shop: spec\.rules\[0\]\.http\.paths\[1\] => Service default\/cart:http => 10\.244\.2\.\d+:8080\n/,
    )
    expect(out).toMatch(/\nObject {8}Secret default\/shop-tls, tls\.crt\nIngress {7}sent the certificate of Secret/)
  })

  it('tells why a server did not start: its key is that of another certificate', async () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const rng = new Rng(3)
    const [one, two] = ['one', 'two'].map(
      (fork) => present(null, { at: '2026-01-01T00:00:00Z', names: ['DNS:web'] }, rng.fork(fork)).identity,
    )
    const data = `{ tls.crt: ${base64(formatPem('CERTIFICATE', one.certificate.der))}, tls.key: ${base64(formatPem('PRIVATE KEY', two.key.pkcs8))} }`
    const secret = `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: { name: web-tls }\ndata: ${data}\n`
    const text = webCluster({ serve: 'https:8443?secret=web-tls', objects: [secret] })
    const { out } = await curlIn(text, ...fromClient, 'https://web/')
    expect(out).toContain('  DNS ok > TCP ECONNREFUSED > http never sent\n')
    expect(out).toContain('default/web says: cannot load Secret default/web-tls: the private key is not that of CN=web')
  })
})

describe('client certificates', () => {
  const file = (name: string): string => join(folder, name)
  const rng = new Rng(7)
  const dates = { notBefore: '2025-06-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' }
  const ca = rootCa({ subject: 'other', key: 'p-256', ...dates }, rng.fork('ca'))
  for (const name of ['a', 'b']) {
    const { certificate, key } = endEntity({ subject: name, names: [`DNS:${name}`], ...dates }, ca, rng.fork(name))
    writeFileSync(file(`${name}.crt`), formatPem('CERTIFICATE', certificate.der))
    writeFileSync(file(`${name}.key`), formatPem('PRIVATE KEY', key.pkcs8))
  }
  const ask = (...args: string[]) => curl('54-mtls', ...fromClient, 'https://web/', ...args)

  it("come from the cluster's CA or a Secret", async () => {
    expect(await ask('--cert', 'cluster-ca')).toMatchObject({ code: 0 })
    const { out } = await ask('--cert', 'secret/server-only')
    expect(out).toContain('> CLIENT CERTIFICATE unsupported_certificate > HTTP no answer')
    expect(out).toContain('Object        Secret default/server-only, tls.crt')
    await expect(ask('--cert', 'secret/nope')).rejects.toThrow('no Secret default/nope')
  })

  it('come from files, and the server says why it does not want them', async () => {
    const { out, code } = await ask('--cert', file('a.crt'), '--key', file('a.key'))
    expect(code).toBe(1)
    expect(out).toContain('(curl: exit 56)')
    expect(out).toContain('> CLIENT CERTIFICATE unknown_ca > HTTP no answer')
    expect(out).toContain('as the server judges it')
  })

  it('58: the key is that of another, which curl sees when TCP is up and before it says hello', async () => {
    const { out, code } = await ask('--cert', file('a.crt'), '--key', file('b.key'))
    expect(code).toBe(1)
    expect(out).toContain(`FAILED  unable to set private key file: '${file('b.key')}' type PEM   (curl: exit 58)`)
    expect(out).toContain('  DNS ok > TCP ok > http never sent\n')
    expect(out).toMatch(/\nFix +give the key of /)
    expect(out).not.toContain('ClientHello')
  })

  it('are refused as input when they are none', async () => {
    await expect(ask('--cert', file('a.crt'), '--key', file('absent'))).rejects.toThrow('no such file')
    await expect(ask('--key', file('a.key'))).rejects.toThrow('without --cert')
    await expect(ask('--curves', 'P-521')).rejects.toThrow('no group P-521')
    await expect(ask('--at', 'tomorrow')).rejects.toThrow('expected RFC 3339')
  })
})

describe('--after', () => {
  it('asks in the cluster that the scenario left: an MTU black hole, by record and hop, and the way round it', async () => {
    const spec = 'steps: [{ setMtu: { node: node-2, device: eth0, mtu: 1400 } }]'
    const text = webCluster({ serve: 'https:8443', spec })
    const args = [...fromClient, 'https://web/', '--after', 'end', '-m', '5']
    const { out, code } = await curlIn(text, ...args)
    expect(code).toBe(1)
    expect(out).toContain('  DNS ok > TCP ok > HELLO no answer > http never sent\n')
    expect(out).toContain('FAILED  the ClientHello of client was lost at hop 10, node-1 eth0: larger than the mtu')
    expect(out).toContain('LOST          record 1 of client: ClientHello, 1471 bytes in 2 TCP segments')
    expect(out).toMatch(
      /bytes 1-1398 +len 1450 +packet \d+ dropped, and \d times again\n +at hop 10, node-1 eth0, where it is 1500 bytes\n +larger than the mtu.*node-2 has mtu 1400\n/,
    )
    expect(out).toMatch(/bytes 1399-1471 +len 125 +packet \d+ arrived\n +the SYN, packet \d+, len 60, passed/)
    expect(out).toContain("let the pods' MTU fit the smallest link on the way: 1350 or less")
    expect(out).toContain('On a real node-1:  ip link; tracepath')
    const { out: json } = await curlIn(text, ...args, '-o', 'json')
    const [{ tls }] = JSON.parse(json).requests
    expect(tls).toMatchObject({ failed: 'hello', alert: null, lost: { record: 1, by: 'client', arrived: false } })
    expect(tls.lost.segments[0].packets[0].lost).toMatchObject({
      hop: 10,
      node: 'node-1',
      device: 'eth0',
      reason: 'too-big',
    })
    expect(await curlIn(text, ...args, '--curves', 'X25519')).toMatchObject({ code: 0 })
    // Before, all is well.
    expect(await curlIn(text, ...fromClient, 'https://web/')).toMatchObject({ code: 0 })
  })

  it('a moment of a scenario that ships', async () => {
    const stale = [...fromClient, 'https://stale/', '--after']
    expect(await curl('60-rotation', ...stale, '90s')).toMatchObject({ code: 0 })
    expect((await curl('60-rotation', ...stale, 'end')).out).toContain('> CERTIFICATE certificate_expired >')
    await expect(curl('60-rotation', ...stale, 'soon')).rejects.toThrow('expected a time')
  })
})

describe('what Next proposes', () => {
  it('--at a moment when the certificate was valid is the way through', async () => {
    const { out } = await curl('09-https-expired', ...fromClient, 'https://web/')
    const at = /--at (\S+)/.exec(out)![1]
    expect(await curl('09-https-expired', ...fromClient, 'https://web/', '--at', at)).toMatchObject({ code: 0 })
    expect(await curl('09-https-expired', ...fromClient, 'https://web/', '-k')).toMatchObject({ code: 0 })
  })

  it('--curves X25519 sends a hello of one segment', async () => {
    const { out, code } = await curl('first', ...fromClient, 'https://web/', '--curves', 'X25519', '-o', 'json')
    const [{ tls }] = JSON.parse(out).requests
    expect([code, tls.group, tls.records[0].segments.length]).toEqual([0, 'x25519', 1])
  })
})

describe('-o json', () => {
  it('says what the text says', async () => {
    const { out } = await curl('55-wrong-name', ...fromClient, 'https://web.default.svc/', '-o', 'json')
    const [{ exit, dns, tcp, tls }] = JSON.parse(out).requests
    expect(exit).toBe(60)
    expect(dns).toMatchObject({ server: '10.96.0.10', by: { name: 'kube-system/coredns' } })
    expect(dns.questions).toHaveLength(6)
    expect(tcp).toEqual({
      to: '10.96.0.80:443',
      by: { name: 'default/web', address: '10.244.2.2:8443' },
      mss: 1410,
      problem: null,
    })
    expect(tls).toMatchObject({
      server: 'default/web',
      passed: ['hello'],
      failed: 'certificate',
      certificate: { ok: false, errors: [{ code: 'name-mismatch' }] },
      object: { object: 'Secret default/web-tls', key: 'tls.crt', names: ['web'] },
      alert: { alert: 'bad_certificate', by: 'client', rfc: 'RFC 9525 6.3', object: 'Secret default/web-tls, tls.crt' },
      lost: null,
    })
    expect(tls.alert.commands).toHaveLength(2)
    expect(tls.records[0]).toMatchObject({ record: 1, by: 'client', messages: ['ClientHello'], arrived: true })
  })
})
