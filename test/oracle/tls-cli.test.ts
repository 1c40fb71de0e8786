import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../support/program.ts'
import { has, skip } from './requirements.ts'
import { makeMaterial, NAME } from './tls/material.ts'
import { freePort, Program } from './tls/process.ts'

// `podwire tls serve` and `tls connect` against curl and OpenSSL.
const missing = ['openssl', 'curl'].find((tool) => !has(tool))
const material = makeMaterial()
afterAll(() => material.remove())

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
        const port = await freePort()
        const server = podwire(
          'tls',
          'serve',
          '--cert',
          cert,
          '--key',
          key,
          '--port',
          String(port),
          '--client-ca',
          material.roots,
        )
        try {
          await server.until(/serving .*\n/)
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
        const port = await freePort()
        const files = ['-cert', cert, '-cert_chain', cert, '-key', key, '-Verify', '2', '-CAfile', material.roots]
        const server = new Program('openssl', [
          's_server',
          '-accept',
          `127.0.0.1:${port}`,
          ...files,
          '-verify_return_error',
        ])
        try {
          await server.until(/ACCEPT/)
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
