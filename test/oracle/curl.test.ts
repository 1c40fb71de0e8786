import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { curl } from '../../src/app/curl/curl.ts'
import type { CurlOptions } from '../../src/app/curl/options.ts'
import { AppLab } from '../../src/app/testing/lab.ts'
import { isKind } from '../../src/explain/record.ts'
import { type Certificate, endEntity, type Identity, present, rootCa } from '../../src/pki/certificates.ts'
import type { Fault } from '../../src/pki/issue/faults.ts'
import { emulatedSigner } from '../../src/pki/keys.ts'
import { formatPem } from '../../src/pki/load/pem.ts'
import type { ClientOptions } from '../../src/scenario/cluster-tls.ts'
import { type Process, sleep } from '../../src/sim/process.ts'
import { identityOf } from '../../src/tls/trust.ts'
import { Rng } from '../../src/util/rng.ts'
import { askWeb, emulateWeb } from '../support/web-cluster.ts'
import { has, skip } from './requirements.ts'
import { freePort, Program } from './tls/process.ts'

// Our curl in a pod against the real curl 7.88 on the loopback interface: the same certificates, the same faults, a server of
// OpenSSL's on one side and ours on the other. Exit codes, error messages and what -v says of TLS are the real ones.
const missing = ['openssl', 'curl'].find((tool) => !has(tool))
const folder = mkdtempSync(join(tmpdir(), 'podwire-curl-oracle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = (name: string): string => join(folder, name)

const now = Date.now()
const DAY = 86_400_000
const dates = { notBefore: now - DAY, notAfter: now + 30 * DAY }
const rng = new Rng(88)
const clientCa = rootCa({ subject: 'clients', key: 'p-256', ...dates }, rng.fork('clients'))
const [alice, bob] = ['alice', 'bob'].map((subject) =>
  endEntity({ subject, names: [`DNS:${subject}`], extKeyUsage: ['clientAuth'], ...dates }, clientCa, rng.fork(subject)),
)

const pem = (certificates: readonly Certificate[]): string =>
  certificates.map(({ der }) => formatPem('CERTIFICATE', der)).join('')

function write(file: string, { certificate, chain, key }: Identity): void {
  writeFileSync(`${file}.crt`, pem([certificate, ...chain]))
  writeFileSync(`${file}.key`, formatPem('PRIVATE KEY', key.pkcs8))
}
write(path('alice'), alice)
write(path('bob'), bob)
writeFileSync(path('clients.crt'), pem([clientCa.certificate]))

interface Cell {
  readonly name: string
  /** Why -v differs, on purpose: code and message are the same all the same. The test fails when it ceases to differ. */
  readonly differs?: string
  readonly fault?: Fault | null
  /** The name asked for, where it is not `web`. */
  readonly host?: string
  /** Of openssl s_server, and of podwire.dev/serve. */
  readonly server?: readonly string[]
  readonly serve?: string
  /** Of curl, and of ours. */
  readonly args?: readonly string[]
  readonly client?: Partial<ClientOptions>
}

const NAMES = 'curl compares names when the handshake is over, our clients within it, as Go does (docs/fidelity.md)'

const CELLS: readonly Cell[] = [
  { name: 'TLS 1.3' },
  { name: 'TLS 1.2', args: ['--tls-max', '1.2'], client: { versions: ['TLS 1.2'] } },
  { name: 'an expired certificate', fault: 'expired' },
  {
    name: 'a certificate that is not valid yet',
    fault: 'not-yet-valid',
    differs: 'OpenSSL says bad_certificate; RFC 8446 6.2 has certificate_expired for "expired or not currently valid"',
  },
  { name: 'another name', host: 'shop', differs: NAMES },
  {
    name: 'another name, TLS 1.2',
    host: 'shop',
    args: ['--tls-max', '1.2'],
    differs: NAMES,
    client: { versions: ['TLS 1.2'] },
  },
  { name: 'a missing intermediate', fault: 'missing-intermediate' },
  { name: 'an unknown CA', fault: 'unknown-ca' },
  { name: 'a self-signed certificate', fault: 'self-signed' },
  { name: 'an expired certificate and -k', fault: 'expired', args: ['-k'], client: { insecure: true } },
  {
    name: 'no version in common',
    server: ['-tls1_3'],
    serve: 'minVersion=1.3',
    args: ['--tls-max', '1.2'],
    client: { versions: ['TLS 1.2'] },
  },
  { name: 'no protocol in common', server: ['-alpn', 'h2'], serve: 'alpn=h2' },
  {
    name: 'no group in common',
    server: ['-groups', 'P-384'],
    serve: 'groups=secp384r1',
    args: ['--curves', 'X25519'],
    client: { groups: ['x25519'] },
  },
  {
    name: 'a client certificate',
    ...mutual(),
    args: [...pair('alice', 'alice')],
    client: { identities: [identity(alice)] },
  },
  { name: 'no client certificate', ...mutual() },
  {
    name: 'no client certificate, TLS 1.2',
    ...mutual(),
    args: ['--tls-max', '1.2'],
    client: { versions: ['TLS 1.2'] },
  },
  {
    name: 'a key that is not that of the certificate',
    args: [...pair('alice', 'bob')],
    client: { wrongKey: path('bob.key') },
  },
]

function mutual(): Pick<Cell, 'server' | 'serve'> {
  return {
    server: ['-Verify', '1', '-verify_return_error', '-CAfile', path('clients.crt'), '-alpn', 'http/1.1'],
    serve: 'clientCa=configmap/clients',
  }
}

function pair(cert: string, key: string): string[] {
  return ['--cert', path(`${cert}.crt`), '--key', path(`${key}.key`)]
}

function identity({ certificate, chain, key }: Identity) {
  return identityOf({ certificate, chain }, emulatedSigner(key, rng.fork('signatures')))
}

/**
 * Lines of -v that are about this network, this file or this day, and those that curl's progress puts between. Of TLS: when
 * s_server hangs up, and where the client's change_cipher_spec stands, which RFC 8446 D.4 leaves open (ours sends it with the
 * ServerHello read, OpenSSL with its Finished).
 */
const NOISE = [
  /^\* TLSv1\.[23] \(IN\), TLS alert, close notify/,
  /^\* TLSv1\.3 \(OUT\), TLS change cipher/,
  /^\* (TLS 1\.3 )?[Cc]ipher selection/,
  /^[{}<>] ?/,
  /^\* {3}Trying|^\* (Added|Hostname|Connected|Connection|Closing|using HTTP|HTTP 1.0|old SSL|Mark)/,
  /^\* {2}(CAfile|CApath|start date|expire date)/,
]

/** OpenSSL's client wants 256 bits first, ours 128. */
const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256']

interface Said {
  readonly code: number | null
  /** What it says when it fails. */
  readonly error: string | null
  /** What -v says of TLS. */
  readonly tls: readonly string[]
}

function saidOf(code: number | null, lines: readonly string[]): Said {
  const error = lines.find((line) => line.startsWith('curl: (')) ?? null
  const tls = lines.filter((line) => line.startsWith('*') && !NOISE.some((noise) => noise.test(line)))
  return { code, error: error === null ? null : neutral(error), tls: tls.map(neutral) }
}

/** The port differs, and so does the address of what refuses. */
const neutral = (line: string): string => line.replace(/:\d{4,5}\b/, ':PORT').trimEnd()

async function real({ host = 'web', args = [], server = ['-alpn', 'http/1.1'] }: Cell, files: string): Promise<Said> {
  const port = await freePort()
  const chain = ['-cert', `${files}.crt`, '-cert_chain', `${files}.crt`, '-key', `${files}.key`]
  const peer = new Program('openssl', [
    's_server',
    '-accept',
    `127.0.0.1:${port}`,
    '-www',
    '-no_cache',
    ...chain,
    ...server,
  ])
  try {
    await peer.until(/ACCEPT/)
    const suites = ['--tls13-ciphers', SUITES[0], '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256']
    const common = [
      ...suites,
      '-sSv',
      '--http1.1',
      '--resolve',
      `${host}:${port}:127.0.0.1`,
      '--cacert',
      `${files}.roots`,
    ]
    const program = new Program('curl', [...common, '-o', '/dev/null', ...args, `https://${host}:${port}/`])
    const code = await program.end()
    return saidOf(code, program.output.split(/\r?\n/))
  } finally {
    peer.kill()
  }
}

function ours(
  { host = 'web', serve = '', client = {} }: Cell,
  { identity: own, roots }: ReturnType<typeof present>,
): Said {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const chain = base64(pem([own.certificate, ...own.chain]))
  const key = base64(formatPem('PRIVATE KEY', own.key.pkcs8))
  const emulation = emulateWeb({
    // curl asks for no tickets of TLS 1.2.
    serve: `https:8443?secret=web-tls${client.versions?.[0] === 'TLS 1.2' ? '&tickets=off' : ''}${serve === '' ? '' : `&${serve}`}`,
    spec: `cluster: { epoch: '${new Date(now).toISOString()}' }`,
    objects: [
      `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: { name: web-tls }\ndata: { tls.crt: ${chain}, tls.key: ${key} }\n`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: clients }\ndata: { ca.crt: ${JSON.stringify(pem([clientCa.certificate]))} }\n`,
    ],
  })
  const [address] = emulation.services.all.find(({ meta }) => meta.name === 'web')!.clusterIPs
  const curl = { verbose: true, resolve: new Map([[`${host}:443`, [address]]]) }
  // What curl had until ML-KEM came.
  const groups = ['x25519', 'secp256r1', 'secp384r1']
  const { code } = askWeb(emulation, `https://${host}/`, { groups, roots, suites: SUITES, ...client, curl })
  const lines = emulation.recorder.steps.flatMap((step) =>
    isKind(step, 'output') && step.event.program === 'curl' ? [step.event.line] : [],
  )
  return saidOf(code, lines)
}

describe.skipIf(skip(missing === undefined ? null : `${missing} is not installed`, 'curl against the real one'))(
  'curl and the real curl',
  () => {
    it.each(CELLS.map((cell) => [cell.name, cell] as const))('%s', async (name, cell) => {
      const presented = present(cell.fault ?? null, { at: now, names: ['DNS:web'] }, rng.fork(name))
      const files = path(name.replace(/\W+/g, '-'))
      write(files, presented.identity)
      writeFileSync(`${files}.roots`, pem(presented.roots.length > 0 ? presented.roots : [clientCa.certificate]))
      const theirs = await real(cell, files)
      const { tls, ...said } = ours(cell, presented)
      expect({ ...said, tls: cell.differs === undefined ? tls : theirs.tls }).toEqual(theirs)
      if (cell.differs !== undefined) expect(tls).not.toEqual(theirs.tls)
    })
  },
)

/** What a server does with a request: what it writes, and how it ends. */
interface Answer {
  readonly name: string
  readonly url?: string
  readonly says?: string
  readonly ends?: 'closes' | 'resets' | 'waits'
  readonly args?: readonly string[]
  readonly options?: CurlOptions
}

const ANSWERS: readonly Answer[] = [
  { name: '0: an answer', says: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  { name: '1: a scheme it does not know', url: 'nonsense://HOST/' },
  { name: '1: no HTTP', says: 'SSH-2.0-x\r\n' },
  { name: '3: no host', url: 'http:///' },
  { name: '6: a name that nobody has', url: 'http://nobody.invalid/' },
  { name: '7: a closed port', url: 'http://HOST:9/' },
  { name: '18: a body that is cut short', says: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc' },
  { name: '18: chunks that are cut short', says: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab' },
  {
    name: '22: -f and 404',
    says: 'HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno',
    args: ['-f'],
    options: { fail: true },
  },
  { name: '0: 404 without -f', says: 'HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno' },
  {
    name: '28: a body that stops',
    says: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc',
    ends: 'waits',
    args: ['-m', '1'],
    options: { maxTime: 1e9 },
  },
  { name: '28: silence', ends: 'waits', args: ['-m', '1'], options: { maxTime: 1e9 } },
  { name: '52: nothing at all' },
  { name: '56: a reset', ends: 'resets' },
]

/** The host, the port and the milliseconds are each network's own. */
const plainly = (host: string, line: string): string =>
  line
    .replaceAll(host, 'HOST')
    .replace(/port \d+/, 'port PORT')
    .replace(/\d+ (ms|milliseconds)/, 'N $1')

async function realAnswer({
  url,
  says = '',
  ends = 'closes',
  args = [],
}: Answer): Promise<readonly [number | null, string]> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      if (ends === 'resets') socket.resetAndDestroy()
      else if (ends === 'waits') socket.write(says)
      else socket.end(says)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const asked = (url ?? `http://HOST:${port}/`).replace('HOST', '127.0.0.1')
  const program = new Program('curl', ['-sS', '-o', '/dev/null', ...args, asked])
  const code = await program.end()
  server.close()
  return [code, plainly('127.0.0.1', program.output.trim())]
}

function ourAnswer({ url, says = '', ends = 'closes', options = {} }: Answer): readonly [number | null, string] {
  const net = new AppLab()
  const server = net.process(2, 1, 'server')
  server.sockets.listen('any', 81, (stream) => {
    server.fork(
      (function* (): Process {
        yield* stream.read(4096)
        yield* sleep(1e6)
        if (ends === 'resets') stream.abort()
        else if (says !== '') yield* stream.write(Buffer.from(says))
        if (ends === 'closes') stream.close()
        if (ends === 'waits') yield* sleep(60e9)
      })(),
      'answer',
    )
  })
  const host = '10.244.2.2'
  const asked = (url ?? 'http://HOST:81/').replace('HOST', host)
  const { code, output } = net.run(net.process(1, 1, 'curl'), curl(asked, options))
  return [code, plainly(host, output.filter((line) => line.startsWith('curl: ')).join('\n'))]
}

describe.skipIf(skip(missing === undefined ? null : `${missing} is not installed`, 'curl against the real one'))(
  'exit codes and errors of HTTP',
  () => {
    it.each(ANSWERS.map((answer) => [answer.name, answer] as const))('%s', async (name, answer) => {
      const theirs = await realAnswer(answer)
      expect(theirs[0]).toBe(Number.parseInt(name, 10))
      expect(ourAnswer(answer)).toEqual(theirs)
    })
  },
)
