import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { runCommand } from '../../test/support/command.ts'
import { present } from '../pki/issue/faults.ts'
import { formatPem } from '../pki/load/pem.ts'
import { Rng } from '../util/rng.ts'
import { addCurl } from './curl.ts'
import { addTlsInspect } from './tls-inspect.ts'

const dir = mkdtempSync(join(tmpdir(), 'podwire-inspect-'))
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

const run = (...args: string[]) => runCommand(addTlsInspect, ['tls', 'inspect', ...args])

describe('podwire tls inspect, a scenario', () => {
  it('explains what the client of the first one sees', async () => {
    const { out, code } = await run()
    expect(code).toBe(0)
    expect(out).toContain('OK  TLS 1.3 · TLS_AES_128_GCM_SHA256 · X25519MLKEM768 · ALPN http/1.1')
    expect(out).toMatch(/ClientHello +-+> {2}plain +\d+ bytes\n +SNI web\.default\.svc/)
    expect(out).toContain('CN=web is trusted as a server named web.default.svc')
    expect(out).not.toContain('HKDF')
  })

  it('-v adds negotiation, key schedule, transcript and records', async () => {
    const { out } = await run('-v')
    expect(out).toMatch(/Handshake Secret = HKDF-Extract\n +salt: derived +[0-9a-f]{64}\n +IKM: \(EC\)DHE/)
    expect(out.match(/transcript {2}sha256 after/g)).toHaveLength(6)
    expect(out).toMatch(/nonce +[0-9a-f]{24}\n +AAD +17030300..\n +inside +handshake: 36 bytes/)
    expect(out).toMatch(/chosen +TLS 1\.3: chosen by the server/)
  })

  it('says why a candidate lost, from the side that decided', async () => {
    const { out } = await run('--side', 'server', '-v')
    expect(out).toMatch(/rejected +TLS_AES_256_GCM_SHA384: /)
  })

  it('lets one of several be chosen, and explains an alert from both sides', async () => {
    const first = await run('09-https-expired')
    expect(first.code).toBe(1)
    expect(first.out).toContain('2 connections; --connection N')
    expect(first.out).toMatch(/ALERT +certificate_expired \(45\), sent by the client\nRule .*RFC 5280 6\.1\.3/)
    expect(first.out).toMatch(/\nBoth sides +client: .*\n +server: .*\nObject +Pod default\/web.*\nFix .*reissue/)
    const second = await run('09-https-expired', '--connection', '2')
    expect(second.code).toBe(0)
    await expect(run('09-https-expired', '--connection', '3')).rejects.toThrow('1 to 2')
    await expect(run('02-across-nodes')).rejects.toThrow('no TLS handshake happens')
  })

  it('prints JSON, and writes the key log for its owner only', async () => {
    const keylog = join(dir, 'keys.log')
    const { out } = await run('-o', 'json', '--keylog', keylog)
    const document = JSON.parse(out)
    expect(document).toMatchObject({ kind: 'Handshake', ok: true, connections: 1, connected: { version: 'TLS 1.3' } })
    expect(document.events.length).toBeGreaterThan(50)
    expect(readFileSync(keylog, 'utf8')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET /m)
    expect(statSync(keylog).mode & 0o777).toBe(0o600)
    await expect(run('--keylog', keylog)).rejects.toThrow('exists already')
  })
})

describe('podwire tls inspect, PEM files', () => {
  const at = '2026-03-01T09:00:00Z'
  const { identity, roots } = present(null, { at, names: ['DNS:web'] }, new Rng(1))
  const path = (name: string): string => join(dir, name)
  const pem = [identity.certificate, ...identity.chain].map(({ der }) => formatPem('CERTIFICATE', der)).join('')
  writeFileSync(path('tls.crt'), pem)
  writeFileSync(path('tls.key'), formatPem('PRIVATE KEY', identity.key.pkcs8))
  writeFileSync(path('ca.crt'), formatPem('CERTIFICATE', roots[0].der))
  const files = ['--cert', path('tls.crt'), '--key', path('tls.key'), '--roots', path('ca.crt')]

  it.each(['1.2', '1.3'])('TLS %s between both ends in memory', async (version) => {
    const { out, code } = await run(...files, '--at', at, '--tls-max', version)
    expect({ out, code }).toMatchObject({ code: 0, out: expect.stringContaining(`OK  TLS ${version}`) })
  })

  describe('in one file', () => {
    const keyPem = formatPem('PRIVATE KEY', identity.key.pkcs8)
    const locked = createPrivateKey(keyPem).export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'moon',
    })
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const secret = (name: string, data: object) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name }, data })
    const data = { 'tls.crt': base64(pem), 'tls.key': base64(keyPem) }
    writeFileSync(path('both.pem'), keyPem + pem)
    writeFileSync(path('locked.pem'), pem + locked)
    writeFileSync(path('secret.yaml'), secret('web-tls', data))
    writeFileSync(path('stripped.yaml'), secret('web-tls', { ...data, 'tls.key': '' }))
    const own = ['--roots', path('ca.crt'), '--at', at]

    it.each([
      ['PEM', ['both.pem']],
      ['PEM with a locked key', ['locked.pem', '--password', 'pass:moon']],
      ['a Secret', ['secret.yaml']],
    ])('%s', async (_form, [file, ...args]) => {
      const { out, code } = await run('--cert', path(file), ...own, ...args)
      expect({ out, code }).toMatchObject({ code: 0, out: expect.stringContaining('OK  TLS 1.3') })
    })

    it('without a key, or with one that cannot be opened', async () => {
      const refused = (file: string, ...args: string[]) => expect(run('--cert', path(file), ...own, ...args)).rejects
      await refused('stripped.yaml').toThrow('holds no private key, expected --key FILE')
      await refused('locked.pem').toThrow('holds no private key')
      await refused('locked.pem', '--password', 'pass:sun').toThrow('the password that it was encrypted with')
      expect((await run('--cert', path('stripped.yaml'), '--key', path('tls.key'), ...own)).code).toBe(0)
      writeFileSync(path('locked.key'), locked)
      const apart = ['--cert', path('tls.crt'), '--key', path('locked.key'), ...own]
      expect((await run(...apart, '--password', 'pass:moon')).code).toBe(0)
      await expect(run(...apart)).rejects.toThrow('expected a password, got none')
    })
  })

  it('fails as a real handshake would', async () => {
    const { out, code } = await run(...files, '--at', '2027-01-01')
    expect({ out, code }).toMatchObject({ code: 1, out: expect.stringContaining('certificate_expired (45)') })
    await expect(run('--cert', path('tls.crt'))).rejects.toThrow('tls.crt holds no private key, expected --key FILE')
    await expect(run('--key', path('tls.key'))).rejects.toThrow('--key without --cert')
  })
})

describe('podwire tls inspect, a capture', () => {
  it('reads it with the key log, names the request and the answer', async () => {
    const [pcap, keys] = [join(dir, 'web.pcapng'), join(dir, 'web.log')]
    const program = new Command().exitOverride()
    addCurl(program)
    vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
    const args = ['--from', 'client', 'https://web.default.svc/', '--pcap', pcap, '--keylog', keys]
    await program.parseAsync(['curl', ...args], { from: 'user' })
    vi.restoreAllMocks()
    const { out, code } = await run('--pcap', pcap, '-v')
    expect(code).toBe(0)
    expect(out).toContain('"GET / HTTP/1.1"  "HTTP/1.1 200 OK"')
    expect(out).toMatch(/verified {2}Finished of the server/)
    expect(out).toMatch(/inside +application_data: \d+ bytes \+ 0 padding \+ 17/)
    expect((await run('--pcap', pcap, '--keylog', keys)).code).toBe(0)
    writeFileSync(join(dir, 'no.pcap'), 'hello, I am no capture')
    await expect(run('--pcap', join(dir, 'no.pcap'))).rejects.toThrow('capture.magic')
    await expect(run('--pcap', join(dir, 'absent.pcap'))).rejects.toThrow('no such file')
  })
})
