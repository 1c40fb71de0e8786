import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../support/program.ts'
import { has, skip } from './requirements.ts'
import { makeMaterial, NAME } from './tls/material.ts'
import { opensslServer, Program } from './tls/process.ts'

// `podwire tls serve` and `tls connect` against curl and OpenSSL.
const missing = ['openssl', 'curl'].find((tool) => !has(tool))
const material = makeMaterial()
afterAll(() => material.remove())

const noTcpdump = ['openssl', 'tcpdump'].find((tool) => !has(tool))

describe.skipIf(skip(noTcpdump === undefined ? null : `${noTcpdump} is not installed`, 'tls inspect of real captures'))(
  'podwire tls inspect',
  () => {
    it.each([
      ['-tls1_2', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
      ['-tls1_2', 'ECDHE-ECDSA-AES128-SHA', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
      ['-tls1_3', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'],
    ])('reads what tcpdump saw of s_client and s_server, %s %s', async (version, cipher, name) => {
      const [pcap, keys] = [material.path(`${cipher}.pcap`), material.path(`${cipher}.log`)]
      const [cert, key] = (['cert', 'key'] as const).map((what) => material.file('server', 'p-256', what))
      const suites = version === '-tls1_3' ? ['-ciphersuites', cipher] : ['-cipher', cipher]
      const files = ['-cert', cert, '-cert_chain', cert, '-key', key]
      const { port, program: server } = await opensslServer([...files, '-rev'])
      const dump = new Program('tcpdump', ['-i', 'lo', '-U', '--immediate-mode', '-w', pcap, `tcp port ${port}`])
      try {
        await dump.until(/listening on/)
        const about = [
          '-connect',
          `127.0.0.1:${port}`,
          '-servername',
          NAME,
          '-keylogfile',
          keys,
          '-quiet',
          '-no_ign_eof',
        ]
        const client = new Program('openssl', ['s_client', ...about, version, ...suites])
        client.send('said in secret\n')
        await client.until(/terces ni dias/)
        client.endInput()
        await client.end()
        await expect.poll(() => inspect(pcap, keys).stdout.includes('"terces ni dias"'), { timeout: 20_000 }).toBe(true)
        const { status, stdout } = inspect(pcap, keys, '--roots', material.roots)
        expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining(name) })
        expect(stdout).toContain('"said in secret"')
        expect(stdout).toContain(`is trusted as a server named ${NAME}`)
      } finally {
        dump.kill()
        server.kill()
      }
    })

    buildProgram('tls-inspect')
    const program = join(import.meta.dirname, '../../node_modules/.cache/tls-inspect/podwire.js')
    const inspect = (pcap: string, keys: string, ...args: string[]) =>
      spawnSync(process.execPath, [program, 'tls', 'inspect', '--pcap', pcap, '--keylog', keys, ...args], {
        encoding: 'utf8',
      })
  },
)

describe.skipIf(skip(missing === undefined ? null : `${missing} is not installed`, 'tls connect and serve'))(
  'podwire tls',
  () => {
    buildProgram('tls-oracle')
    const program = join(import.meta.dirname, '../../node_modules/.cache/tls-oracle/podwire.js')
    const podwire = (...args: string[]): Program => new Program(process.execPath, [program, ...args])

    describe.each(['p-256', 'rsa-2048', 'ed25519'] as const)('with a certificate of %s', (type) => {
      const [cert, key] = (['cert', 'key'] as const).map((what) => material.file('server', type, what))
      const [clientCert, clientKey] = (['cert', 'key'] as const).map((what) => material.file('client', type, what))

      it('serve answers curl and s_client', async () => {
        const server = podwire(
          'tls',
          'serve',
          '--cert',
          cert,
          '--key',
          key,
          '--port',
          '0',
          '--client-ca',
          material.roots,
        )
        try {
          const [, port] = await server.until(/serving https:\/\/127\.0\.0\.1:(\d+)\/ .*\n/)
          const curl = (...args: string[]) =>
            spawnSync(
              'curl',
              [
                '-sS',
                '--resolve',
                `${NAME}:${port}:127.0.0.1`,
                '--cacert',
                material.roots,
                ...args,
                `https://${NAME}:${port}/page`,
              ],
              { encoding: 'utf8', timeout: 20_000 },
            )
          const own = ['--cert', clientCert, '--key', clientKey]
          for (const version of ['1.2', '1.3']) {
            const { status, stdout, stderr } = curl(...own, '--tls-max', version)
            expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
            expect(stdout).toContain(`OK  TLS ${version}`)
            expect(stdout).toContain('GET /page')
          }
          expect(curl().status).not.toBe(0)
          const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', NAME, '-CAfile', material.roots]
          const client = new Program('openssl', [
            ...args,
            '-cert',
            clientCert,
            '-cert_chain',
            clientCert,
            '-key',
            clientKey,
            '-quiet',
          ])
          client.send('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n')
          await client.until(/HTTP\/1.1 200 OK[\s\S]*OK {2}TLS 1.3/)
          client.kill()
          server.interrupt()
          expect(await server.end()).toBe(0)
          expect(server.output).toContain('4 connections, 1 failed')
        } finally {
          server.kill()
        }
      })

      it('connect explains s_server', async () => {
        const files = ['-cert', cert, '-cert_chain', cert, '-key', key, '-Verify', '2', '-CAfile', material.roots]
        const { port, program: server } = await opensslServer([...files, '-verify_return_error'])
        try {
          const connect = async (...args: string[]) => {
            const client = podwire(
              'tls',
              'connect',
              `127.0.0.1:${port}`,
              '--roots',
              material.roots,
              '--name',
              NAME,
              ...args,
            )
            return { code: await client.end(), output: client.output }
          }
          const own = ['--cert', clientCert, '--key', clientKey]
          for (const version of ['1.2', '1.3']) {
            const said = await connect(...own, '--tls-max', version)
            expect(said).toMatchObject({ code: 0, output: expect.stringMatching(`^OK  TLS ${version}`) })
          }
          for (const version of ['1.2', '1.3'])
            expect(await connect('--tls-max', version)).toMatchObject({
              code: 1,
              output: expect.stringContaining('by the server'),
            })
        } finally {
          server.kill()
        }
      })
    })
  },
)
