import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { connectTls, serveTls, systemRandom } from '../../src/host/tls.ts'
import type { TlsFailure } from '../../src/host/tls-failure.ts'
import type { TlsSocket } from '../../src/host/tls-socket.ts'
import type { ClientConfig, ServerConfig } from '../../src/tls/config.ts'
import type { CertificateJudge } from '../../src/tls/judge.ts'
import type { Connected, Output } from '../../src/tls/output.ts'
import { SessionCache } from '../../src/tls/session/cache.ts'
import { ReplayGuard } from '../../src/tls/session/replay.ts'
import type { Session } from '../../src/tls/session/session.ts'
import { TicketSealer } from '../../src/tls/session/ticket.ts'
import { text, utf8 } from '../../src/util/bytes.ts'
import { has, skip } from './requirements.ts'
import type { Cell } from './tls/cells.ts'
import { makeMaterial, NAME } from './tls/material.ts'
import { listen } from './tls/peers.ts'
import { opensslServer, Program } from './tls/process.ts'

const material = makeMaterial()
afterAll(() => material.remove())

const clientConfig = (more: Partial<ClientConfig> = {}): ClientConfig => ({
  random: systemRandom,
  judge: material.judge,
  serverName: NAME,
  ...more,
})
const serverConfig = (more: Partial<ServerConfig> = {}): ServerConfig => ({
  random: systemRandom,
  identities: [material.identity('server', 'p-256')],
  ...more,
})

async function withServer<T>(args: readonly string[], use: (port: number, program: Program) => Promise<T>): Promise<T> {
  const [cert, key] = (['cert', 'key'] as const).map((what) => material.file('server', 'p-256', what))
  const { port, program } = await opensslServer(['-cert', cert, '-cert_chain', cert, '-key', key, ...args])
  try {
    return await use(port, program)
  } finally {
    program.kill()
  }
}

/** Our server, and what its connections said; `use` drives s_client. */
async function withClient(
  config: ServerConfig,
  use: (run: (...args: string[]) => Program) => Promise<void>,
): Promise<{ readonly seen: Connected[]; readonly lines: string[]; readonly failures: TlsFailure[] }> {
  const [seen, lines, failures]: [Connected[], string[], TlsFailure[]] = [[], [], []]
  const serve = async (tls: TlsSocket, connected: Connected): Promise<void> => {
    seen.push(connected)
    for await (const chunk of tls) {
      lines.push(text(chunk).trim())
      await tls.write(utf8('heard\n'))
      break
    }
    tls.close()
  }
  const server = await serveTls(config, serve, { onFailure: (error) => failures.push(error as TlsFailure) })
  const programs: Program[] = []
  const base = ['s_client', '-connect', `127.0.0.1:${server.port}`, '-servername', NAME, '-CAfile', material.roots]
  try {
    await use((...args) => {
      const program = new Program('openssl', [...base, ...args])
      programs.push(program)
      return program
    })
  } finally {
    for (const program of programs) program.kill()
    await server.close()
  }
  return { seen, lines, failures }
}

async function converse(tls: TlsSocket, line: string): Promise<string> {
  await tls.write(utf8(`${line}\n`))
  let heard = ''
  for await (const chunk of tls) {
    heard += text(chunk)
    if (heard.endsWith('\n')) break
  }
  return heard.trim()
}

describe.skipIf(skip(has('openssl') ? null : 'openssl is not installed', 'TLS features'))('with OpenSSL', () => {
  test('our client answers its HelloRetryRequest', async () => {
    await withServer(['-rev', '-tls1_3', '-groups', 'P-256'], async (port) => {
      const config = clientConfig({ groups: ['x25519', 'secp256r1'], keyShares: ['x25519'] })
      const tls = await connectTls(config, { host: '127.0.0.1', port })
      expect(await tls.connected).toMatchObject({ retried: true, group: 'secp256r1' })
      expect(await converse(tls, 'retry')).toBe('yrter')
      tls.close()
    })
  })

  test('its client answers our HelloRetryRequest, cookie and all', async () => {
    const { seen } = await withClient(serverConfig({ groups: ['secp384r1'], cookie: true }), async (run) => {
      const program = run('-quiet', '-groups', 'X25519:P-384')
      program.send('hello\n')
      await program.until(/heard/)
    })
    expect(seen).toMatchObject([{ retried: true, group: 'secp384r1' }])
  })

  test('early data to its server', async () => {
    await withServer(['-early_data', '-max_early_data', '1000', '-tls1_3'], async (port, program) => {
      const sessions: Session[] = []
      const onOutput = (output: Output): void => {
        if (output.kind === 'session') sessions.push(output.session)
      }
      const first = await connectTls(clientConfig(), { host: '127.0.0.1', port, onOutput })
      await first.write(utf8('first\n'))
      await program.until(/first/)
      expect(sessions[0].maxEarlyData).toBe(1000)
      first.close()
      await program.until(/DONE/)
      first.destroy()
      const config = clientConfig({ session: sessions[0], earlyData: true })
      const second = await connectTls(config, { host: '127.0.0.1', port, early: utf8('so early\n') })
      expect(await second.connected).toMatchObject({ resumed: true, earlyData: 'accepted' })
      await program.until(/Early data received/)
      await program.until(/so early/)
      second.close()
    })
  })

  test('early data from its client, and its replay refused', async () => {
    const tickets = new TicketSealer(systemRandom)
    const config = serverConfig({ tickets, maxEarlyData: 1000, replay: new ReplayGuard() })
    writeFileSync(material.path('early'), 'so early\n')
    const session = material.path('early-session')
    const { seen, lines } = await withClient(config, async (run) => {
      const first = run('-quiet', '-tls1_3', '-sess_out', session)
      first.send('first\n')
      await first.until(/heard/)
      await first.end()
      const second = run('-quiet', '-tls1_3', '-sess_in', session, '-early_data', material.path('early'))
      await second.until(/heard/)
    })
    expect(seen).toMatchObject([{ resumed: false }, { resumed: true, earlyData: 'accepted' }])
    expect(lines).toEqual(['first', 'so early'])
  })

  test('KeyUpdate from us, asking for one back', async () => {
    await withServer(['-rev', '-tls1_3'], async (port) => {
      const tls = await connectTls(clientConfig(), { host: '127.0.0.1', port })
      tls.updateKeys(true)
      expect(await converse(tls, 'new keys')).toBe('syek wen')
      tls.updateKeys(false)
      expect(await converse(tls, 'newer')).toBe('rewen')
      tls.close()
    })
  })

  test('KeyUpdate from its client, asking for one back', async () => {
    const { lines } = await withClient(serverConfig(), async (run) => {
      const program = run('-tls1_3')
      await program.until(/Verify return code: 0|read R BLOCK|---\n$/)
      program.send('K\n')
      await program.until(/KEYUPDATE/)
      program.send('after\n')
      await program.until(/heard/)
    })
    expect(lines).toEqual(['after'])
  })

  test.each(['-tls1', '-tls1_1'])('its client with %s is refused, and told so', async (version) => {
    const { failures } = await withClient(serverConfig(), async (run) => {
      const program = run('-quiet', version, '-cipher', 'ALL:@SECLEVEL=0')
      await program.until(/alert protocol version/)
    })
    expect(failures).toMatchObject([{ by: 'server', fault: { alert: 'protocol_version', rfc: 'RFC 8996 4' } }])
  })

  test('its server that speaks TLS 1.1 alone', async () => {
    await withServer(['-rev', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], async (port) => {
      const outcome = connectTls(clientConfig(), { host: '127.0.0.1', port })
      await expect(outcome).rejects.toMatchObject({ by: 'server', fault: { alert: 'protocol_version' } })
    })
  })

  test('TLS 1.2 sessions by id, from its client and from its server', async () => {
    const config = serverConfig({ versions: ['TLS 1.2'], cache: new SessionCache() })
    const session = material.path('id-session')
    const { seen } = await withClient(config, async (run) => {
      for (const how of ['-sess_out', '-sess_in']) {
        const program = run('-quiet', '-no_ticket', '-tls1_2', how, session)
        program.send('hello\n')
        await program.until(/heard/)
        await program.end()
      }
    })
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, true])
    await withServer(['-rev', '-tls1_2', '-no_ticket'], async (port) => {
      const sessions: Session[] = []
      for (let visit = 0; visit < 2; visit++) {
        const onOutput = (output: Output): void => {
          if (output.kind === 'session') sessions.push(output.session)
        }
        const config = clientConfig({ session: sessions[0] ?? null })
        const tls = await connectTls(config, { host: '127.0.0.1', port, onOutput })
        expect((await tls.connected).resumed).toBe(visit === 1)
        expect(await converse(tls, 'by id')).toBe('di yb')
        tls.close()
      }
      expect(sessions[0]).toMatchObject({ ticket: new Uint8Array(0), sessionId: expect.anything() })
    })
  })

  test.each(['TLS 1.3', 'TLS 1.2'] as const)(
    'records padded by its server and by ours, and GREASE, %s',
    async (version) => {
      const flag = version === 'TLS 1.3' ? '-tls1_3' : '-tls1_2'
      await withServer(['-rev', flag, '-record_padding', '512'], async (port) => {
        const tls = await connectTls(clientConfig({ grease: true, paddingUnit: 64 }), { host: '127.0.0.1', port })
        expect((await tls.connected).version).toBe(version)
        expect(await converse(tls, 'padded')).toBe('deddap')
        tls.close()
      })
      const { lines } = await withClient(serverConfig({ paddingUnit: 1000 }), async (run) => {
        const program = run('-quiet', flag, '-record_padding', '300')
        program.send('padded\n')
        await program.until(/heard/)
      })
      expect(lines).toEqual(['padded'])
    },
  )

  test.each(['-tls1_3', '-tls1_2'])('a stapled OCSP response, both ways, %s', async (version) => {
    const { ocsp, file } = material.staple('p-256')
    await withServer(['-rev', version, '-status_file', file], async (port) => {
      let stapled: Uint8Array | null = null
      const watching: CertificateJudge = {
        judge(presented) {
          stapled = presented.ocsp
          return material.judge.judge(presented)
        },
      }
      const tls = await connectTls(clientConfig({ judge: watching, ocsp: true }), { host: '127.0.0.1', port })
      expect(await converse(tls, 'good')).toBe('doog')
      expect(stapled).toEqual(ocsp)
      tls.close()
    })
    const identities = [{ ...material.identity('server', 'p-256'), ocsp }]
    await withClient(serverConfig({ identities }), async (run) => {
      const program = run(version, '-status')
      await program.until(/OCSP Response Status: successful[\s\S]*Cert Status: good/)
    })
  })

  test('a name that is not in its certificate', async () => {
    await withServer(['-rev'], async (port, program) => {
      const outcome = connectTls(clientConfig({ serverName: 'other.podwire.test' }), { host: '127.0.0.1', port })
      await expect(outcome).rejects.toMatchObject({ by: 'client', fault: { alert: 'bad_certificate' } })
      await program.until(/alert bad certificate/)
    })
  })
})

describe.skipIf(skip(has('gnutls-serv') ? null : 'gnutls-bin is not installed', 'record_size_limit'))(
  'with GnuTLS',
  () => {
    test.each(['TLS 1.3', 'TLS 1.2'] as const)(
      'it keeps to our record_size_limit, and we to its, %s',
      async (version) => {
        const cell: Cell = {
          side: 'gnutls/client',
          suite: version === 'TLS 1.3' ? 'TLS_AES_128_GCM_SHA256' : 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
          group: 'secp256r1',
          key: 'p-256',
          resume: 'no',
          clientCertificate: 'no',
          alpn: 'no',
        }
        const { port, program } = await listen(cell, material)
        try {
          const sizes: number[] = []
          const onOutput = (output: Output): void => {
            if (output.kind === 'step' && output.event.kind === 'tls-record' && output.event.direction === 'received')
              if (output.event.protection !== null)
                sizes.push(output.event.protection.content + output.event.protection.padding)
          }
          const config = clientConfig({ versions: [version], recordSizeLimit: 600, trace: 'told' })
          const tls = await connectTls(config, { host: '127.0.0.1', port, onOutput })
          const line = 'a long line '.repeat(200)
          expect(await converse(tls, line)).toBe(line.trim())
          expect(Math.max(...sizes)).toBeLessThanOrEqual(600)
          expect(sizes.filter((size) => size >= 599).length).toBeGreaterThan(2)
          tls.close()
        } finally {
          program.kill()
        }
      },
    )
  },
)
