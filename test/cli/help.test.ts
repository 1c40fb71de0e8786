import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { present } from '../../src/pki/issue/faults.ts'
import { formatPem } from '../../src/pki/load/pem.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import { Rng } from '../../src/util/rng.ts'
import { buildProgram } from '../support/program.ts'

// Every example that --help shows is run as it stands there, in a folder that holds the files it names.
const run = buildProgram('help')
const folder = mkdtempSync(join(tmpdir(), 'podwire-help-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A cluster with what the examples ask for. */
const CLUSTER = `
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: Node, metadata: { name: node-1 }, spec: { podCIDR: 10.244.1.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.56.11 }] } }
- { apiVersion: v1, kind: Node, metadata: { name: node-2 }, spec: { podCIDR: 10.244.2.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.56.12 }] } }
- { apiVersion: v1, kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.244.3.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.56.13 }] } }
${[
  ['default', 'a', 'node-1'],
  ['default', 'b', 'node-2'],
  ['shop', 'cart', 'node-1'],
  ['shop', 'catalog', 'node-2'],
]
  .map(
    ([namespace, name, node]) =>
      `- { apiVersion: v1, kind: Pod, metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name} } }, spec: { nodeName: ${node}, containers: [{ name: c, image: i, ports: [{ containerPort: 8080 }] }] } }`,
  )
  .join('\n')}
- { apiVersion: apps/v1, kind: Deployment, metadata: { name: api, namespace: shop }, spec: { selector: { matchLabels: { app: api } }, template: { metadata: { labels: { app: api } }, spec: { containers: [{ name: c, image: i }] } } } }
- { apiVersion: v1, kind: Service, metadata: { name: catalog, namespace: shop }, spec: { type: NodePort, clusterIP: 10.96.0.80, selector: { app: catalog }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] } }
`
const SCENARIO = `
apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: mine }
spec:
  title: Mine
  steps:
    - at: 10s
      ping: { from: shop/cart, to: shop/catalog }
      expect: { received: 1 }
---${CLUSTER}`

const { identity, roots } = present(
  null,
  { at: '2026-03-01T09:00:00Z', names: ['DNS:web', 'DNS:web.default.svc'] },
  new Rng(1),
)
const pem = (list: readonly Certificate[]): string => list.map((c) => formatPem('CERTIFICATE', c.der)).join('')

const FILES: Readonly<Record<string, string>> = {
  'cluster.yaml': CLUSTER,
  'my-scenario.yaml': SCENARIO,
  'tests/mine.yaml': SCENARIO,
  'ca.crt': pem(roots),
  'tls.crt': pem([identity.certificate, ...identity.chain]),
  'tls.key': formatPem('PRIVATE KEY', identity.key.pkcs8),
  'secret.yaml': `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: web-tls, namespace: default }
data:
  tls.crt: ${Buffer.from(pem([identity.certificate, ...identity.chain])).toString('base64')}
  tls.key: ${Buffer.from(formatPem('PRIVATE KEY', identity.key.pkcs8)).toString('base64')}
`,
  'password.txt': 'moon\n',
}
/** What stands in for the rest of a machine: kubectl prints the cluster, and what needs root or a package does nothing. */
const COMMANDS: Readonly<Record<string, string>> = {
  podwire: `exec '${process.execPath}' '${join(import.meta.dirname, '../../node_modules/.cache/help/podwire.js')}' "$@"`,
  kubectl: 'case "$*" in *secret*) exec cat secret.yaml;; *) exec cat cluster.yaml;; esac',
  sudo: 'cat >/dev/null',
  tshark: 'exit 0',
}
mkdirSync(join(folder, 'bin'))
for (const [name, body] of Object.entries(COMMANDS)) {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(folder, 'bin', name), 0o755)
}

/** A folder for the examples of one command, which may read what the one before wrote. */
function prepare(command: string): string {
  const home = join(folder, command.replaceAll(' ', '-') || 'podwire')
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  const pair = ['-in', 'tls.crt', '-inkey', 'tls.key', '-passout', 'file:password.txt']
  execFileSync('openssl', ['pkcs12', '-export', ...pair, '-out', 'web.p12'], { cwd: home })
  mkdirSync(join(home, '.config/fish/completions'), { recursive: true })
  return home
}

/** Every command there is, by what --help lists; the program itself is ''. */
function commands(path = ''): string[] {
  const { out } = run([...path.split(' ').filter(Boolean), '--help'])
  const listed = /\nCommands:\n((?: .*\n)+)/.exec(out)?.[1] ?? ''
  const names = [...listed.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name).filter((name) => name !== 'help')
  return [path, ...names.flatMap((name) => commands(`${path} ${name}`.trim()))]
}

function examplesOf(command: string): string[] {
  const { out } = run([...command.split(' ').filter(Boolean), '--help'])
  const lines = /\nExamples:\n((?: {2}.*\n)+)/.exec(out)?.[1].split('\n') ?? []
  return lines.map((line) => line.replace(/ {2,}\(.*\)$/, '').trim()).filter((line) => line !== '')
}

/** They serve until they are stopped, or talk to a machine that is not there: their own tests run them. */
const NETWORKED = /podwire tls (serve|connect)\b/
const all = commands().map((command) => [command, examplesOf(command)] as const)

describe.each(all)('podwire %s --help', (command, examples) => {
  const home = prepare(command)

  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(0)
    if (command !== '') expect(examples.join('\n')).toContain(`podwire ${command}`)
  })

  it.each(examples.filter((example) => !NETWORKED.test(example)).map((example) => [example]))('%s', (example) => {
    const { status, stderr, stdout } = spawnSync('bash', ['-o', 'pipefail', '-c', example], {
      cwd: home,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: home },
    })
    expect({ stderr, stdout: stdout.slice(0, 300), worked: status === 0 || status === 1 }).toMatchObject({
      worked: true,
      stderr: expect.not.stringMatching(/(^|\n)(podwire|\S+:\d+:\d+): (?!warning|note)/),
    })
  })
})
