import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { present } from '../../src/pki/issue/faults.ts'
import { formatPem } from '../../src/pki/load/pem.ts'
import { Rng } from '../../src/util/rng.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'podwire-'))

// The program as it ships: built once, run as a user runs it, with neither a terminal nor colours.
beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, '.build/bundle.mjs')])
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function podwire(args: readonly string[], input = ''): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/podwire.js'), ...args], {
    input,
    encoding: 'utf8',
    cwd: folder,
  })
  return { code: status, out: stdout, err: stderr }
}

const CLUSTER = `
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: Pod, metadata: { name: a, namespace: shop }, spec: { nodeName: node-1, containers: [{ name: a, image: i }] } }
- { apiVersion: v1, kind: Pod, metadata: { name: b, namespace: shop }, spec: { nodeName: node-2, containers: [{ name: b, image: i, ports: [{ containerPort: 8080 }] }] } }
`

describe('podwire tls verify', () => {
  const at = '2026-03-01T09:00:00Z'
  const { identity, roots } = present(null, { at, names: ['DNS:web'] }, new Rng(1))
  const pem = [identity.certificate, ...identity.chain].map(({ der }) => formatPem('CERTIFICATE', der)).join('')
  const args = ['tls', 'verify', '--roots', 'roots.der', '--name', 'web', '--at', at]

  it('reads a Secret from standard input', () => {
    writeFileSync(join(folder, 'roots.der'), roots[0].der)
    const data = { 'tls.crt': Buffer.from(pem).toString('base64') }
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: 'web-tls' }, data }
    const { code, out, err } = podwire([...args, '--chain', '-'], JSON.stringify(secret))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^OK {2}CN=web is trusted/)
  })

  it.skipIf(spawnSync('openssl', ['version']).status !== 0)('reads the password of a file from it', () => {
    writeFileSync(join(folder, 'roots.der'), roots[0].der)
    writeFileSync(join(folder, 'all.pem'), formatPem('PRIVATE KEY', identity.key.pkcs8) + pem)
    const made = ['pkcs12', '-export', '-in', 'all.pem', '-out', 'web.p12', '-passout', 'pass:moon']
    execFileSync('openssl', made, { cwd: folder })
    const verify = [...args, '--chain', 'web.p12', '--password', 'stdin']
    expect(podwire(verify, 'moon\n')).toMatchObject({ code: 0, err: '' })
    expect(podwire(verify, 'sun\n')).toMatchObject({ code: 2, out: '' })
  })
})

describe('podwire trace', () => {
  it('prints the verdict first and exits 0 when the answer came back', () => {
    const { code, out, err } = podwire(['trace', '--from', 'client', '--to', 'pod/default/web-2'])
    expect(err).toBe('')
    expect(out.split('\n').slice(0, 3)).toEqual([
      'scenario first, seed 5 · flannel vxlan · kube-proxy iptables',
      '',
      'DELIVERED  default/web-2 on node-2, 10.244.2.2:8080   reply OK',
    ])
    expect(code).toBe(0)
  })

  it('takes a dump from standard input', () => {
    const { code, out } = podwire(
      ['trace', '-f', '-', '--from', 'shop/a', '--to', 'shop/b', '--proto', 'icmp'],
      CLUSTER,
    )
    expect(out).toContain('DELIVERED  shop/b on node-2, 10.244.2.2')
    expect(code).toBe(0)
  })

  it('exits 1 when nobody listens, and says so', () => {
    const { code, out } = podwire(['trace', '-f', '-', '--from', 'shop/a', '--to', 'shop/b:9'], CLUSTER)
    expect(out).toContain('REFUSED')
    expect(code).toBe(1)
  })

  it('prints the JSON document of the contract', () => {
    const { out } = podwire(['trace', '--from', 'client', '--to', 'pod/default/web-2', '-o', 'json'])
    const document = JSON.parse(out)
    expect(document).toMatchObject({ apiVersion: 'podwire.dev/v1alpha1', kind: 'Trace', verdict: 'delivered' })
    expect(document.delivered).toEqual({
      kind: 'pod',
      namespace: 'default',
      name: 'web-2',
      node: 'node-2',
      address: '10.244.2.2',
      port: 8080,
    })
    const actions = new Set(document.forward.hops.map((hop: { action: string }) => hop.action))
    expect([...actions].sort()).toEqual(['arp', 'bridge', 'decap', 'deliver', 'encap', 'receive', 'route', 'transmit'])
    for (const hop of [...document.forward.hops, ...document.reply.hops]) {
      expect(Object.keys(hop)).toEqual(
        expect.arrayContaining(['n', 'at', 'packet', 'node', 'netns', 'device', 'direction', 'action', 'frame', 'why']),
      )
    }
  })

  it('is deterministic', () => {
    const args = ['trace', '--from', 'client', '--to', 'pod/default/web-2', '-o', 'json', '--seed', '7']
    expect(podwire(args).out).toBe(podwire(args).out)
  })

  it.each([
    [['--from', 'nobody', '--to', 'client'], 'nobody'],
    [['--from', 'client', '--to', 'svc/'], 'svc/'],
    [['--from', 'client', '--to', 'client', '--proto', 'sctp'], 'sctp'],
    [['--from', 'client', '--to', 'client', '--dport', '70000'], '70000'],
    [['-f', 'missing.yaml', '--from', 'a', '--to', 'b'], 'missing.yaml'],
    [['--from', 'client'], '--to'],
  ])('exits 2 on %j and names what is wrong', (args, named) => {
    const { code, out, err } = podwire(['trace', ...args])
    expect(err).toContain(named)
    expect(out).toBe('')
    expect(code).toBe(2)
  })

  it('points at the line and column of bad input', () => {
    const file = join(folder, 'bad.yaml')
    writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { nodeName: 3 }\n')
    const { code, err } = podwire(['trace', '-f', 'bad.yaml', '--from', 'x', '--to', 'x'])
    expect(err).toMatch(/^bad\.yaml:4:\d+: /)
    expect(code).toBe(2)
  })

  it('writes a capture once, and never over a file', () => {
    const args = ['trace', '--from', 'client', '--to', 'pod/default/web-2', '--pcap', 'one.pcapng', '--capture', 'all']
    expect(podwire(args).code).toBe(0)
    const { size } = statSync(join(folder, 'one.pcapng'))
    expect(readFileSync(join(folder, 'one.pcapng')).readUInt32LE(0)).toBe(0x0a0d0d0a)
    const again = podwire(args)
    expect(again.code).toBe(2)
    expect(again.err).toContain('exists already')
    expect(statSync(join(folder, 'one.pcapng')).size).toBe(size)
    expect(podwire([...args, '--force']).code).toBe(0)
  })

  it('names devices that come near a wrong one', () => {
    const { code, err } = podwire([
      'trace',
      '--from',
      'client',
      '--to',
      'pod/default/web-2',
      '--pcap',
      'two.pcapng',
      '--capture',
      'node-1:cni1',
    ])
    expect(err).toContain('node-1:cni0')
    expect(code).toBe(2)
    expect(existsSync(join(folder, 'two.pcapng'))).toBe(false)
  })
})

describe('podwire curl', () => {
  it('shows every packet of a request and what curl printed', () => {
    const { code, out } = podwire(['curl', '--from', 'client', '-H', 'X-Trace: 1', 'http://10.244.2.2:8080/cart'])
    expect(out).toContain('OK  HTTP 200   (curl: exit 0)\n  TCP ok > http 200')
    expect(out).toMatch(/0\.000 {2}-> {2}SYN 10\.244\.1\.2:\d+ > 10\.244\.2\.2:8080 +len 60 +default\/web-2/)
    expect(out).toContain('Request: GET /cart')
    expect(out).toContain('x-trace: 1')
    expect(code).toBe(0)
  })

  it('fails as curl does', () => {
    const { code, out } = podwire(['curl', '--from', 'client', 'http://10.244.2.2:81/', '-o', 'json'])
    expect(code).toBe(1)
    const [request] = JSON.parse(out).requests
    expect(request).toMatchObject({
      exit: 7,
      status: null,
      stages: [{ stage: 'tcp', outcome: 'ECONNREFUSED', ok: false }],
    })
  })

  it('refuses a header that is none', () => {
    expect(podwire(['curl', '--from', 'client', '-H', 'nonsense', 'http://10.244.2.2:8080/']).code).toBe(2)
  })
})

describe('podwire run', () => {
  it('exits 1 when an expectation does not hold, and points at it', () => {
    const file = join(folder, 'fails.yaml')
    writeFileSync(
      file,
      `apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: fails }\nspec:\n  title: Fails\n  steps:\n    - ping: { from: shop/a, to: shop/b }\n      expect: { received: 0 }\n---${CLUSTER}`,
    )
    const { code, out, err } = podwire(['run', 'fails.yaml'])
    expect(out).toContain('FAILED  1 expectation did not hold')
    expect(err).toMatch(/^fails\.yaml:7:\d+: received is 1, expected 0/)
    expect(code).toBe(1)
    const xml = podwire(['run', 'fails.yaml', '-o', 'junit'])
    expect(xml.out).toContain('<failure message="received is 1, expected 0"/>')
    expect(xml.code).toBe(1)
  })

  it('suggests a scenario that ships', () => {
    const { code, err } = podwire(['run', '02-acros-nodes'])
    expect(err).toContain('02-across-nodes')
    expect(code).toBe(2)
  })
})

describe('podwire', () => {
  it('prints the report where there is no terminal', () => {
    const { code, out } = podwire(['02-across-nodes'])
    expect(out).toContain('02-across-nodes: Across nodes, through VXLAN')
    expect(out).not.toContain('\u001b')
    expect(code).toBe(0)
  })

  it('lists what ships', () => {
    const { code, out } = podwire(['scenarios'])
    expect(out.split('\n')[0]).toMatch(/^first {2,}\S/)
    expect(code).toBe(0)
  })

  it('prints completion scripts that bash accepts', () => {
    const { out } = podwire(['completion', 'bash'])
    expect(() => execFileSync('bash', ['-n'], { input: out })).not.toThrow()
    expect(out).toContain("'trace') words=")
  })

  it.each([
    [['tra'], ['trace']],
    [
      ['trace', '--pro'],
      ['--proto', '--proxy-mode'],
    ],
    [
      ['trace', '--proto', ''],
      ['tcp', 'udp', 'icmp'],
    ],
    [
      ['run', '-o', ''],
      ['text', 'json', 'junit'],
    ],
    [['run', '02'], ['02-across-nodes']],
    [['export', 'ne'], ['netns']],
    [['run', '01-pod-to-pod', '02'], ['02-across-nodes']],
  ])('completes %j in bash', (words, expected) => {
    const line = ['podwire', ...words].map((word) => `'${word}'`).join(' ')
    const shell = [
      `podwire() { '${process.execPath}' '${join(ROOT, 'dist/podwire.js')}' "$@"; }`,
      'source <(podwire completion bash)',
      `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _podwire; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]
    const { stdout, stderr } = spawnSync('bash', ['-c', shell.join('\n')], { encoding: 'utf8', cwd: folder })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n').sort()).toEqual([...expected].sort())
  })

  it('ends quietly when its reader goes away', () => {
    const command = `"${process.execPath}" "${join(ROOT, 'dist/podwire.js')}" run 22-mtu-black-hole | head -1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n').at(-1)).toBe('0')
  })

  it('exits 2 on a command that does not exist', () => {
    expect(podwire(['trcae', '--from', 'a']).code).toBe(2)
  })
})
