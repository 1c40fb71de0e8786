import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectTls, serveTls, systemRandom } from '../../src/host/tls.ts'
import type { TlsSocket } from '../../src/host/tls-socket.ts'
import type { ServerConfig } from '../../src/tls/config.ts'
import { SUITES, suiteNamed } from '../../src/tls/suite.ts'
import { Rng } from '../../src/util/rng.ts'
import { skip } from './requirements.ts'
import type { Cell, PeerName } from './tls/cells.ts'
import { makeMaterial, NAME } from './tls/material.ts'
import { absent, call, listen } from './tls/peers.ts'

const PEERS: readonly PeerName[] = ['openssl', 'gnutls', 'nss', 'node', 'node24', 'curl']
const SIZE = 16 * 1024 * 1024
const material = makeMaterial()
const upload = material.path('upload')
/** Lines of text: gnutls-cli reads its input by lines. */
let content = Buffer.alloc(0)
let digest = ''

beforeAll(() => {
  const line = Buffer.from(new Rng('bulk').bytes(3072)).toString('base64')
  expect(line.length).toBe(4096)
  content = Buffer.from(`${line.slice(0, 4095)}\n`.repeat(SIZE / 4096))
  for (let i = 0; i < content.length; i += 4096) content.write(String(i).padStart(10, '0'), i)
  writeFileSync(upload, content)
  digest = hashed(content)
})
afterAll(() => material.remove())

const hashed = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Takes 16 MiB and sends 16 MiB (not to gnutls-cli, which reads a few kilobytes a tick). Resolves to the digest of what came. */
async function exchange(tls: TlsSocket, peer: PeerName): Promise<string> {
  const http = peer === 'curl'
  // The command line programs write all before they read: both at once would fill both windows for ever.
  const duplex = peer === 'node' || peer === 'node24'
  const hash = createHash('sha256')
  let missing = SIZE
  let head = http
  const sending = duplex ? send(tls) : null
  for await (const chunk of tls) {
    let body = Buffer.from(chunk)
    if (head) {
      const end = body.indexOf('\r\n\r\n')
      body = body.subarray(end < 0 ? body.length : end + 4)
      head = end < 0
    }
    hash.update(body)
    missing -= body.length
    if (missing <= 0) break
  }
  if (http) {
    await tls.write(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\nConnection: close\r\n\r\n`))
  }
  if (peer !== 'gnutls') await (sending ?? send(tls))
  tls.close()
  return hash.digest('hex')
}

async function send(tls: TlsSocket): Promise<void> {
  for (let at = 0; at < SIZE; at += 1 << 16) await tls.write(content.subarray(at, at + (1 << 16)))
}

/** 16 MiB from gnutls-serv, by HTTP. */
async function download(cell: Cell, { suites, versions, groups }: ServerConfig): Promise<Buffer> {
  const { port, program } = await listen(cell, material, upload)
  try {
    const config = { random: systemRandom, judge: material.judge, serverName: NAME, suites, versions, groups }
    const tls = await connectTls(config, { host: '127.0.0.1', port })
    await tls.write(Buffer.from('GET / HTTP/1.0\r\n\r\n'))
    const chunks: Uint8Array[] = []
    for await (const chunk of tls) chunks.push(chunk)
    tls.close()
    const all = Buffer.concat(chunks)
    return all.subarray(all.indexOf('\r\n\r\n') + 4)
  } finally {
    program.kill()
  }
}

async function bulk(peer: PeerName, suite: string): Promise<void> {
  const { auth, version } = suiteNamed(suite)
  const base = { side: `${peer}/server`, resume: 'no', clientCertificate: 'no', alpn: 'no' } as const
  const cell: Cell = { ...base, suite, group: 'secp256r1', key: auth === 'rsa' ? 'rsa-2048' : 'p-256' }
  const config: ServerConfig = {
    random: systemRandom,
    suites: [suite],
    versions: [version],
    groups: ['secp256r1'],
    identities: [material.identity('server', cell.key)],
  }
  const received: Promise<string>[] = []
  const server = await serveTls(config, async (tls) => {
    const done = exchange(tls, peer)
    received.push(done)
    await done
  })
  const program = call(cell, material, server.port, 0, { upload, download: material.path('download') })
  try {
    expect(await program.end()).toBe(0)
    expect(await Promise.all(received)).toEqual([digest])
    const got = peer === 'gnutls' ? await download(cell, config) : readFileSync(material.path('download'))
    expect(got.length).toBe(SIZE)
    expect(hashed(got)).toBe(digest)
  } catch (error) {
    throw new Error(`${error}\n${program.output.slice(-1000)}`, { cause: error })
  } finally {
    program.kill()
    await server.close()
  }
}

describe('16 MiB both ways', () => {
  for (const peer of PEERS) {
    describe.skipIf(skip(absent(peer), `bulk TLS with ${peer}`))(`${peer}`, () => {
      test.each(SUITES.map(({ name }) => name))('%s', (suite) => bulk(peer, suite))
    })
  }
})
