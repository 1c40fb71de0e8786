import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { makeMaterial, NAME } from '../oracle/tls/material.ts'
import { freePort, Program } from '../oracle/tls/process.ts'
import { buildProgram } from '../support/program.ts'

// The program as it ships, against Node's own TLS on the loopback interface.
buildProgram('tls')
const program = join(import.meta.dirname, '../../node_modules/.cache/tls/podwire.js')
const podwire = (...args: string[]): Program => new Program(process.execPath, [program, ...args])
const material = makeMaterial()
const [cert, key] = (['cert', 'key'] as const).map((what) => material.file('server', 'p-256', what))
const [clientCert, clientKey] = (['cert', 'key'] as const).map((what) => material.file('client', 'p-256', what))
const folder = mkdtempSync(join(tmpdir(), 'podwire-tls-cli-'))
afterAll(() => {
  material.remove()
  rmSync(folder, { recursive: true })
})

async function serving(
  args: readonly string[],
  use: (port: number) => Promise<void>,
  identity: readonly string[] = ['--cert', cert, '--key', key],
): Promise<string> {
  const server = podwire('tls', 'serve', ...identity, '--port', '0', ...args)
  try {
    const [, port] = await server.until(/serving https:\/\/127\.0\.0\.1:(\d+)\/ .*\n/)
    await use(Number(port))
    server.interrupt()
    expect(await server.end()).toBe(0)
    return server.output
  } finally {
    server.kill()
  }
}

async function connect(port: number, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const client = podwire('tls', 'connect', `127.0.0.1:${port}`, '--roots', material.roots, '--name', NAME, ...args)
  return { code: await client.end(), output: client.output }
}

function fetch(port: number, more: object = {}): Promise<{ status?: number; body: string }> {
  const options = { host: '127.0.0.1', port, servername: NAME, ca: readFileSync(material.roots), agent: false, ...more }
  return new Promise((resolve, reject) => {
    const request = get({ ...options, checkServerIdentity: () => undefined }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode, body }))
    })
    request.on('error', reject)
  })
}

describe('podwire tls serve', () => {
  it('takes certificate and key from a Secret', async () => {
    const [crt, own] = [cert, key].map((file) => readFileSync(file).toString('base64'))
    const secret = join(folder, 'secret.yaml')
    const data = `{ tls.crt: ${crt}, tls.key: ${own} }`
    writeFileSync(
      secret,
      `{ apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: { name: t }, data: ${data} }`,
    )
    await serving([], async (port) => expect((await connect(port)).code).toBe(0), ['--cert', secret])
  })

  it("answers Node's GET with a page on the handshake, and ends at SIGINT", async () => {
    const output = await serving([], async (port) => {
      const { status, body } = await fetch(port)
      expect(status).toBe(200)
      expect(body).toMatch(/ClientHello[\s\S]*ServerHello[\s\S]*Finished/)
      expect(body).toContain('OK  TLS 1.3')
      expect((await fetch(port, { maxVersion: 'TLSv1.2' })).body).toContain('OK  TLS 1.2')
      expect((await fetch(port, { method: 'POST' })).status).toBe(405)
    })
    expect(output).toContain('3 connections, 0 failed')
  })

  it('demands a client certificate of --client-ca', async () => {
    const output = await serving(['--client-ca', material.roots, '-o', 'json'], async (port) => {
      await expect(fetch(port)).rejects.toThrow()
      const identity = { cert: readFileSync(clientCert), key: readFileSync(clientKey) }
      expect((await fetch(port, identity)).body).toContain(`CN=${NAME}`)
    })
    const documents = output.split('\n').filter((line) => line.startsWith('{'))
    expect(documents.map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'Handshake', role: 'server', ok: false, alert: { alert: 'certificate_required', by: 'server' } },
      { kind: 'Handshake', role: 'server', ok: true, certificate: { ok: true } },
    ])
  })

  it('says what is wrong with its files', async () => {
    const server = podwire('tls', 'serve', '--cert', cert, '--key', clientKey, '--port', '1')
    expect(await server.end()).toBe(2)
    expect(server.output).toContain('the private key is not that of')
  })
})

describe('podwire tls connect', () => {
  it('explains a handshake with our own server, key log and all', async () => {
    const keylog = join(folder, 'keys.log')
    const output = await serving(['--keylog', join(folder, 'served.log')], async (port) => {
      const { code, output: said } = await connect(port, '--keylog', keylog, '--alpn', 'h2,http/1.1', '-v')
      expect({ code, said }).toMatchObject({ code: 0 })
      expect(said).toMatch(/^OK {2}TLS 1.3 .+ TLS_AES_128_GCM_SHA256 .+ X25519MLKEM768 .+ ALPN http\/1.1/)
      expect(said).toContain('Handshake Secret = HKDF-Extract')
      expect(said).toMatch(/= Handshake Secret +\(32 secret bytes/)
      const secret = (): string => /^SERVER_TRAFFIC_SECRET_0 \w+ (\w+)$/m.exec(readFileSync(keylog, 'utf8'))![1]
      expect(said).not.toContain(secret())
      const told = await connect(port, '--keylog', keylog, '--force', '-v', '--secrets')
      expect(told).toMatchObject({ code: 0, output: expect.stringContaining(secret()) })
      const again = await connect(port, '--keylog', keylog)
      expect(again).toMatchObject({ code: 2, output: expect.stringContaining('exists already') })
      writeFileSync(keylog, '', { mode: 0o644 })
      expect((await connect(port, '--keylog', keylog, '--force')).code).toBe(0)
    })
    expect(output).toContain('3 connections, 0 failed')
    for (const file of [keylog, join(folder, 'served.log')]) {
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(readFileSync(file, 'utf8')).toMatch(/^SERVER_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64}$/m)
    }
  })

  it.each([
    ['closes', (socket: Socket) => socket.end(), 'the server closed the connection in the middle of the handshake'],
    [
      'resets',
      (socket: Socket) => socket.resetAndDestroy(),
      'broke off in the middle of the handshake: read ECONNRESET',
    ],
  ])('says so when the server %s after the ClientHello', async (_what, end, says) => {
    const server = createTcpServer((socket) => socket.once('data', () => end(socket)))
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    )
    try {
      expect(await connect(port)).toMatchObject({ code: 1, output: expect.stringContaining(says) })
    } finally {
      server.close()
    }
  })

  it.each([
    ['another name', ['--name', 'nope.test'], 'bad_certificate', 'client'],
    ['a client certificate forgotten', [], 'certificate_required', 'server'],
  ])('fails with %s, as JSON', async (_what, args, alert, by) => {
    await serving(by === 'server' ? ['--client-ca', material.roots] : [], async (port) => {
      const { code, output } = await connect(port, ...args, '-o', 'json')
      expect(code).toBe(1)
      expect(JSON.parse(output)).toMatchObject({
        apiVersion: 'podwire.dev/v1alpha1',
        kind: 'Handshake',
        ok: false,
        alert: { alert, by, fix: expect.any(String) },
      })
    })
  })

  it("speaks to Node's server, with a certificate of its own, TLS 1.2 at most", async () => {
    const read = (file: string): Buffer => readFileSync(file)
    const server = createServer({ cert: read(cert), key: read(key), ca: read(material.roots), requestCert: true })
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    )
    try {
      const own = ['--cert', clientCert, '--key', clientKey]
      for (const [max, version] of [
        ['1.2', 'TLS 1.2'],
        ['1.3', 'TLS 1.3'],
      ]) {
        const { code, output } = await connect(port, ...own, '--tls-max', max)
        expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(`^OK  ${version}`) })
      }
      const refused = await connect(port, '--tls-max', '1.3')
      expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('sent by the server') })
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('fails where nobody listens, and where no TLS is spoken', async () => {
    expect(await connect(await freePort())).toMatchObject({ code: 1, output: expect.stringContaining('ECONNREFUSED') })
    const other = podwire('tls', 'connect', 'nowhere')
    expect(await other.end()).toBe(2)
  })
})
