import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { buildProgram } from '../support/program.ts'

// The documents that users' scripts read: every field, its type, and closed enumerations. A field that is not written here
// fails the test too: whoever adds one adds it to the contract.
const run = buildProgram('contract')

const mac = z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
const address = z.union([z.ipv4(), z.ipv6()])
const portNumber = z.int().min(0).max(65_535)
const ethernet = z.strictObject({ source: mac, destination: mac, type: z.int() })
const ip = z.strictObject({
  version: z.union([z.literal(4), z.literal(6)]),
  source: address,
  destination: address,
  protocol: z.int().min(0).max(255),
  ttl: z.int().min(0).max(255),
  tos: z.int().min(0).max(255),
  length: z.int(),
  id: z.int().optional(),
  dontFragment: z.boolean().optional(),
  fragment: z.strictObject({ offset: z.int(), more: z.boolean() }).optional(),
})
const frame = z.strictObject({
  length: z.int(),
  eth: ethernet,
  ip: ip.optional(),
  tcp: z
    .strictObject({
      sourcePort: portNumber,
      destinationPort: portNumber,
      flags: z.string(),
      sequence: z.int().min(0),
      acknowledgment: z.int().min(0),
    })
    .optional(),
  udp: z.strictObject({ sourcePort: portNumber, destinationPort: portNumber, length: z.int() }).optional(),
  icmp: z
    .strictObject({
      type: z.int(),
      code: z.int(),
      id: z.int().optional(),
      sequence: z.int().optional(),
      mtu: z.int().optional(),
      quoted: ip.pick({ source: true, destination: true, protocol: true, ttl: true, length: true }).optional(),
    })
    .optional(),
  arp: z
    .strictObject({
      operation: z.enum(['request', 'reply']),
      senderMac: mac,
      senderIp: address,
      targetMac: mac,
      targetIp: address,
    })
    .optional(),
  outer: z
    .strictObject({
      length: z.int(),
      eth: ethernet,
      ip,
      udp: z.strictObject({ sourcePort: portNumber, destinationPort: portNumber }),
      vni: z.int(),
    })
    .optional(),
})
const ACTIONS = [
  ...['transmit', 'receive', 'bridge', 'route', 'dnat', 'snat', 'masquerade', 'encap', 'decap'],
  ...['arp', 'deliver', 'reject', 'drop', 'icmp-error'],
]
const hop = z.strictObject({
  n: z.int().min(1),
  at: z.int().min(0),
  packet: z.int().min(1),
  step: z.int().min(1),
  node: z.string().min(1),
  netns: z.string().regex(/^(host|[^/]+\/[^/]+)$/),
  device: z.string(),
  direction: z.enum(['in', 'out', 'local']),
  action: z.enum(ACTIONS),
  frame: frame.nullable(),
  what: z.string(),
  why: z.string(),
  rule: z.string().nullable(),
  context: z.array(z.string()),
  drop: z.string().optional(),
})
const hops = z.strictObject({ hops: z.array(hop) })
const VERDICTS = ['delivered', 'refused', 'rejected', 'dropped', 'unanswered'] as const
const pair = z.strictObject({ source: z.string(), destination: z.string() })
const trace = z.strictObject({
  request: z.strictObject({
    from: z.string(),
    to: z.string(),
    protocol: z.enum(['tcp', 'udp', 'icmp']),
    port: portNumber.nullable(),
  }),
  verdict: z.enum(VERDICTS),
  reason: z.string().optional(),
  errno: z.string().optional(),
  forward: hops,
  reply: hops.optional(),
  delivered: z
    .strictObject({
      kind: z.enum(['pod', 'node', 'external']),
      namespace: z.string(),
      name: z.string(),
      node: z.string(),
      address,
      port: portNumber,
    })
    .optional(),
  service: z
    .strictObject({
      namespace: z.string(),
      name: z.string(),
      address,
      port: portNumber,
      device: z.string().optional(),
      endpoints: z.array(
        z.strictObject({ address, port: portNumber, node: z.string(), probability: z.number().min(0).max(1) }),
      ),
      nodePortOf: z.string().optional(),
      withheld: z.int().min(1).optional(),
      seed: z.number(),
      picked: z.string().optional(),
    })
    .optional(),
  conntrack: z.array(
    z.strictObject({
      node: z.string(),
      protocol: z.int(),
      state: z.string(),
      id: z.int().optional(),
      original: pair,
      reply: pair,
    }),
  ),
  assumed: z.array(z.string()),
  unmodelled: z.array(z.string()),
})
type Trace = z.infer<typeof trace>
const heading = { apiVersion: z.literal('podwire.dev/v1alpha1') }
const traceDocument = z.strictObject({ ...heading, kind: z.literal('Trace'), ...trace.shape })
const proxyDecision = z.object({
  ...heading,
  kind: z.literal('ProxyDecision'),
  verdict: z.enum(['DNAT', 'ACCEPT', 'DROP', 'REJECT']),
  destinations: z.array(z.string().regex(/^(\[[0-9a-f:]+\]|[0-9.]+):\d+$/)),
  masquerade: z.boolean(),
  rules: z.array(z.string()),
})

/** What must hold of every trace beyond its shape. */
function judge({ verdict, reason, forward, reply, delivered }: Trace): void {
  for (const list of [forward.hops, reply?.hops ?? []]) {
    expect(list.map(({ n }) => n)).toEqual(list.map((_, i) => i + 1))
    expect(list.map(({ at }) => at)).toEqual(list.map(({ at }) => at).sort((a, b) => a - b))
    for (const { action, direction, frame: seen, drop } of list) {
      if (action === 'transmit' || action === 'receive') expect(direction).not.toBe('local')
      if (action === 'drop') expect(drop).toBeDefined()
      // A packet that never left its host was seen by no tap; any other has a frame at every hop.
      if (list.some(({ frame }) => frame !== null)) expect(seen).not.toBeNull()
    }
  }
  expect(reason === undefined).toBe(verdict === 'delivered')
  if (verdict === 'delivered') expect([delivered, reply]).not.toContain(undefined)
}

describe('kind Trace', () => {
  const seen = { verdicts: new Set<string>(), actions: new Set<string>(), delivered: new Set<string>() }
  const take = (found: Trace): void => {
    judge(found)
    seen.verdicts.add(found.verdict)
    if (found.delivered !== undefined) seen.delivered.add(found.delivered.kind)
    for (const { action } of [...found.forward.hops, ...(found.reply?.hops ?? [])]) seen.actions.add(action)
  }

  it.each([
    ['--to svc/web:80', 0],
    ['--to svc/web:80 --proxy-mode nftables', 0],
    ['--to pod/default/web-2 --proto icmp', 0],
    ['--to pod/default/web-2 --proto udp --dport 9', 1],
    ['--to default/web-2:99', 1],
    ['--to ip/10.244.2.77 --proto icmp', 1],
    ['--to ip/8.8.8.8', 1],
    ['--to node/node-2 --proto icmp', 0],
    ['--to external --proto icmp', 0],
    ['--to pod/default/web-2 --proto udp --size 3000 --df', 1],
    ['--to pod/default/web-2 --proto icmp --ttl 1', 1],
    ['--to pod/default/web-2 --proto icmp --size 3000', 0],
  ])('%s', (args, exit) => {
    const { code, out, err } = run(['trace', '--from', 'client', ...args.split(' '), '-o', 'json'])
    expect({ code, err }).toEqual({ code: exit, err: '' })
    const { apiVersion: _version, kind: _kind, ...rest } = traceDocument.parse(JSON.parse(out))
    take(rest)
  })

  it('of every scenario that ships', () => {
    const names = readdirSync(join(import.meta.dirname, '../../scenarios')).filter((name) => name.endsWith('.yaml'))
    const { out } = run(['run', ...names.map((name) => name.replace('.yaml', '')), '-o', 'json'])
    const { kind, reports } = JSON.parse(out)
    expect([kind, reports.length]).toEqual(['ScenarioReports', names.length])
    for (const { steps } of reports) {
      for (const { outcome } of steps) {
        if (outcome.kind === 'trace') take(trace.parse(outcome.trace))
        if (outcome.kind === 'traceroute') z.array(address.nullable()).parse(outcome.via)
      }
    }
  }, 60_000)

  it('knows every verdict, action and kind of receiver that the contract lists', () => {
    expect([...seen.actions].sort()).toEqual([...ACTIONS].sort())
    expect([...seen.delivered].sort()).toEqual(['external', 'node', 'pod'])
    expect([...seen.verdicts].sort()).toEqual([...VERDICTS].sort())
  })
})

const peer = z.strictObject({ name: z.string().min(1), address: z.string() })
const endOfTls = z.enum(['client', 'server'])
const stages = ['hello', 'certificate', 'signature', 'clientCertificate', 'finished', 'data'] as const
const segment = z.strictObject({
  from: z.int().min(1),
  to: z.int().min(1),
  packets: z.array(
    z.strictObject({
      packet: z.int().min(1),
      at: z.int().min(0),
      length: z.int(),
      lost: z
        .strictObject({
          hop: z.int().min(1),
          node: z.string().min(1),
          netns: z.string().min(1),
          device: z.string(),
          reason: z.string(),
          why: z.string(),
          length: z.int().nullable(),
        })
        .nullable(),
    }),
  ),
})
const record = z.strictObject({
  record: z.int().min(1),
  by: endOfTls,
  contentType: z.string(),
  messages: z.array(z.string()),
  from: z.int().min(1),
  to: z.int().min(1),
  arrived: z.boolean(),
  segments: z.array(segment),
})
const agreed = {
  version: z.string().nullable(),
  suite: z.string().nullable(),
  group: z.string().nullable(),
  alpn: z.string().nullable(),
  resumed: z.boolean(),
  earlyData: z.enum(['none', 'accepted', 'rejected']),
}
const rfc3339 = z.iso.datetime()
/** Objects as NS/NAME, fields as `spec.tls[0].secretName`; empty where there is none. */
const ingressChoice = z.strictObject({
  serverName: z.string().nullable(),
  why: z.enum([
    ...(['secret', 'secret-missing', 'secret-unusable', 'host-not-covered', 'no-secret-name'] as const),
    ...(['host-not-in-tls', 'no-tls', 'host-without-rule', 'other-class', 'unknown-host', 'no-server-name'] as const),
  ]),
  host: z.string(),
  ingress: z.string(),
  field: z.string(),
  secret: z.string(),
  names: z.array(z.string()),
  elsewhere: z.string(),
  detail: z.string(),
})
const ingressRoute = z.strictObject({
  host: z.string(),
  path: z.string(),
  outcome: z.enum(['forwarded', 'passed-through', 'redirected', 'no-backend', 'no-endpoints', 'unreachable']),
  ingress: z.string(),
  field: z.string(),
  service: z.string(),
  port: z.string(),
  detail: z.string(),
  endpoints: z.array(z.string()),
})
const alert = z.strictObject({
  alert: z.string(),
  code: z.int(),
  by: endOfTls,
  rule: z.string(),
  rfc: z.string(),
  knew: z.array(z.strictObject({ side: endOfTls, fact: z.string() })),
  ingress: ingressChoice.nullable(),
  object: z.string().nullable(),
  fix: z.string().nullable(),
  commands: z.array(z.string()),
})
const tlsOfCurl = z.strictObject({
  ...agreed,
  server: z.string().nullable(),
  passed: z.array(z.enum(stages)),
  failed: z.enum(stages).nullable(),
  certificate: z
    .strictObject({
      ok: z.boolean(),
      path: z.array(z.string()),
      errors: z.array(z.strictObject({ code: z.string(), depth: z.int(), rfc: z.string(), detail: z.string() })),
    })
    .nullable(),
  object: z
    .strictObject({
      object: z.string(),
      key: z.string(),
      names: z.array(z.string()),
      notBefore: rfc3339,
      notAfter: rfc3339,
    })
    .nullable(),
  ingress: ingressChoice.nullable(),
  alert: alert.nullable(),
  records: z.array(record),
  lost: record.nullable(),
})
const curlDocument = z.strictObject({
  ...heading,
  kind: z.literal('Curl'),
  request: z.strictObject({ from: z.string(), url: z.string() }),
  requests: z.array(
    z.strictObject({
      exit: z.int(),
      status: z.int().nullable(),
      message: z.string().nullable(),
      stages: z.array(
        z.strictObject({ stage: z.enum(['dns', 'tcp', 'tls', 'http']), outcome: z.string(), ok: z.boolean() }),
      ),
      dns: z
        .strictObject({
          server: address,
          by: peer.nullable(),
          questions: z.array(
            z.strictObject({ name: z.string(), type: z.string(), rcode: z.string(), answers: z.array(z.string()) }),
          ),
        })
        .nullable(),
      tcp: z
        .strictObject({
          to: z.string(),
          by: peer.nullable(),
          mss: z.int().nullable(),
          problem: z.strictObject({ at: z.string(), why: z.string() }).nullable(),
        })
        .nullable(),
      tls: z.union([tlsOfCurl, z.strictObject(agreed)]).nullable(),
      routes: z.array(ingressRoute),
      unheard: alert.nullable(),
      headers: z.array(z.tuple([z.string(), z.string()])),
      body: z.string(),
      packets: z.array(
        z.strictObject({
          packet: z.int().min(1),
          at: z.int().min(0),
          direction: z.enum(['sent', 'received']),
          frame,
          peer: z.string(),
          end: z.string(),
          lost: z.string().nullable(),
          translated: z.string().nullable(),
        }),
      ),
      output: z.array(z.string()),
    }),
  ),
})

describe('kind Curl', () => {
  const shipped = (name: string): string => join(import.meta.dirname, `../../scenarios/${name}.yaml`)
  it.each([
    ['first', 'https://web/ --count 2', 0, null],
    ['first', 'http://web/', 0, null],
    ['first', 'http://nope/', 6, null],
    ['first', 'http://10.244.2.2:81/', 7, null],
    ['first', 'http://web:443/', 1, null],
    ['first', 'https://web:80/', 35, 'hello'],
    ['09-https-expired', 'https://web/', 60, 'certificate'],
    ['54-mtls', 'https://web/', 56, 'clientCertificate'],
    ['54-mtls', 'https://web/ --cert cluster-ca', 0, null],
    ['58-no-common-version', 'https://new/ --tls-max 1.2', 35, 'hello'],
    ['63-ingress', 'https://shop.example/ --resolve shop.example:443:192.168.56.11', 0, null],
    ['64-ingress-missing-secret', 'https://shop.example/ --resolve shop.example:443:192.168.56.11', 60, 'certificate'],
  ])('%s %s', (scenario, args, exit, failed) => {
    const { out } = run(['curl', '-f', shipped(scenario), '--from', 'client', ...args.split(' '), '-o', 'json'])
    for (const request of curlDocument.parse(JSON.parse(out)).requests) {
      expect(request.exit).toBe(exit)
      if (request.tls !== null && 'failed' in request.tls) expect(request.tls.failed).toBe(failed)
      expect(request.stages.every(({ ok }) => ok)).toBe(exit === 0)
    }
  })

  it('a step of a scenario whose handshake was lost says where, in the same shape', () => {
    const { out } = run(['run', '61-mlkem-mtu', '-o', 'json'])
    const lost = JSON.parse(out).reports[0].steps.flatMap((step: { lost?: unknown[] }) => step.lost ?? [])
    expect(z.array(record).parse(lost)).toMatchObject([{ record: 1, by: 'client', messages: ['ClientHello'] }])
  })
})

describe('kind ProxyDecision', () => {
  it.each(['iptables', 'nftables'])('in %s mode', (mode) => {
    const args = 'proxy explain --node node-1 --source 10.244.1.2 --dest 10.96.0.80 --port 80 -o json --proxy-mode'
    const found = proxyDecision.parse(JSON.parse(run([...args.split(' '), mode]).out))
    expect(found).toMatchObject({ verdict: 'DNAT', masquerade: false })
    expect(found.destinations.sort()).toEqual(['10.244.1.3:8080', '10.244.2.2:8080'])
  })
})
