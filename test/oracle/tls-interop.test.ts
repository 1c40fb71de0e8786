import { afterAll, describe, expect, test } from 'vitest'
import { connectTls, serveTls, systemRandom } from '../../src/host/tls.ts'
import type { TlsSocket } from '../../src/host/tls-socket.ts'
import type { ClientConfig, ServerConfig } from '../../src/tls/config.ts'
import type { Connected, Output } from '../../src/tls/output.ts'
import { SessionCache } from '../../src/tls/session/cache.ts'
import type { Session } from '../../src/tls/session/session.ts'
import { TicketSealer } from '../../src/tls/session/ticket.ts'
import { suiteNamed } from '../../src/tls/suite.ts'
import { text, utf8 } from '../../src/util/bytes.ts'
import { skip } from './requirements.ts'
import {
  type Cell,
  coveringCells,
  describeCell,
  leftOut,
  type PeerName,
  peerOf,
  roleOf,
  withoutPeer,
} from './tls/cells.ts'
import { makeMaterial, NAME } from './tls/material.ts'
import { groupsOf } from './tls/names.ts'
import { NSS_REQUEST } from './tls/nss.ts'
import { ALPN, absent, call, listen, resumesItself } from './tls/peers.ts'

const PEERS: readonly PeerName[] = ['openssl', 'gnutls', 'nss', 'node', 'node24', 'curl']
const material = makeMaterial()
afterAll(() => material.remove())
const cells = coveringCells()
const HTTP = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nolleh\n'

function common(cell: Cell) {
  const { suite, alpn } = cell
  const { name, version } = suiteNamed(suite)
  const protocols = alpn === 'yes' ? { alpn: ['h2', ALPN] } : {}
  return {
    random: systemRandom,
    judge: material.judge,
    suites: [name],
    versions: [version],
    groups: groupsOf(cell),
    ...protocols,
  }
}

function clientConfig(cell: Cell, session: Session | null): ClientConfig {
  const identities = cell.clientCertificate === 'yes' ? [material.identity('client', cell.key)] : []
  return { ...common(cell), serverName: NAME, identities, session }
}

function serverConfig(cell: Cell): ServerConfig {
  const clientAuth = cell.clientCertificate === 'yes' ? 'require' : 'none'
  const sessions = { tickets: new TicketSealer(systemRandom), cache: new SessionCache() }
  return { ...common(cell), identities: [material.identity('server', cell.key)], clientAuth, ...sessions }
}

/** A line there and a line back. */
async function converse(tls: TlsSocket, line = 'hello\n'): Promise<string> {
  await tls.write(utf8(line))
  let heard = ''
  for await (const chunk of tls) {
    heard += text(chunk)
    if (heard.endsWith('\n')) break
  }
  tls.close()
  return heard
}

function expectAgreed(cell: Cell, connected: Connected, resumed: boolean): void {
  const { version, exchange } = suiteNamed(cell.suite)
  const full = !resumed || version === 'TLS 1.3'
  expect(connected).toMatchObject({
    version,
    suite: cell.suite,
    resumed,
    group: full && exchange !== 'RSA' ? cell.group : null,
    alpn: cell.alpn === 'yes' ? ALPN : null,
  })
}

async function asClient(cell: Cell): Promise<void> {
  const { port, program } = await listen(cell, material)
  try {
    const sessions: Session[] = []
    const hears = (output: Output): void => {
      if (output.kind === 'session') sessions.push(output.session)
    }
    for (let visit = 0; visit < (cell.resume === 'yes' ? 2 : 1); visit++) {
      const session = sessions.at(-1) ?? null
      if (visit === 1) expect(session).not.toBe(null)
      const tls = await connectTls(clientConfig(cell, session), { host: '127.0.0.1', port, onOutput: hears })
      expectAgreed(cell, await tls.connected, visit === 1)
      if (peerOf(cell) === 'nss') expect(await converse(tls, NSS_REQUEST)).toMatch(/^HTTP\/1\.0 200 OK/)
      else expect((await converse(tls)).trim()).toBe(peerOf(cell) === 'gnutls' ? 'hello' : 'olleh')
    }
  } catch (error) {
    throw new Error(`${error}\n${program.output.slice(-1500)}`, { cause: error })
  } finally {
    program.kill()
  }
}

async function asServer(cell: Cell): Promise<void> {
  const seen: Connected[] = []
  const failures: Error[] = []
  let said = ''
  const serve = async (tls: TlsSocket, connected: Connected): Promise<void> => {
    seen.push(connected)
    for await (const chunk of tls) {
      // gnutls-cli closes its first connection of two without a word.
      const answer = peerOf(cell) === 'curl' ? HTTP : `${[...text(chunk).trim()].reverse().join('')}\n`
      await tls.write(utf8(answer))
      break
    }
    tls.close()
  }
  const server = await serveTls(serverConfig(cell), serve, { onFailure: (error) => failures.push(error) })
  const runs = cell.resume === 'yes' && !resumesItself(peerOf(cell)) ? 2 : 1
  for (let visit = 0; visit < runs; visit++) {
    const program = call(cell, material, server.port, visit)
    try {
      if (['openssl', 'gnutls', 'nss'].includes(peerOf(cell))) program.send('hello\n')
      await program.until(/olleh/)
      program.endInput()
      await program.end()
      said = program.output
    } catch (error) {
      throw new Error(`${error}\n${failures.join('\n')}\n${JSON.stringify(seen)}`, { cause: error })
    } finally {
      program.kill()
    }
  }
  await server.close()
  expect(seen.length, `${failures.join('\n')}\n${said.slice(-1500)}`).toBe(cell.resume === 'yes' ? 2 : 1)
  for (const [visit, connected] of seen.entries()) {
    expectAgreed(cell, connected, visit === 1)
    const wanted = cell.clientCertificate === 'yes' ? [material.identity('client', cell.key).chain[0]] : []
    expect(connected.peerChain.slice(0, 1)).toEqual(wanted)
    expect(connected.serverName).toBe(NAME)
  }
}

describe('TLS against others', () => {
  test('what no cell can try has a reason', () => {
    const reasons = [...leftOut()].map(([reason, pairs]) => `${pairs} pairs: ${reason}`)
    console.log(`${cells.length} cells; left out:\n${reasons.join('\n')}`)
    expect(reasons.length).toBeGreaterThan(0)
  })

  test('every pair has a peer here that can try it', () => {
    const hint = PEERS.flatMap((peer) => absent(peer) ?? []).join('; ')
    expect(
      withoutPeer(cells, (peer) => absent(peer) === null),
      hint,
    ).toEqual([])
  })

  for (const peer of PEERS) {
    const mine = cells.filter((cell) => peerOf(cell) === peer)
    describe.skipIf(skip(absent(peer), `TLS against ${peer}, ${mine.length} cells,`))(`${peer}`, () => {
      test.each(mine.map((cell) => [describeCell(cell), cell] as const))('%s', async (_name, cell) => {
        await (roleOf(cell) === 'client' ? asClient(cell) : asServer(cell))
      })
    })
  }
})
