import { describe, expect, it } from 'vitest'
import { askWeb, emulateWeb } from '../../../test/support/web-cluster.ts'
import { isKind } from '../../explain/record.ts'
import type { TlsRole } from '../../trace/steps/tls.ts'
import { v4 } from '../../util/address.ts'
import { text } from '../../util/bytes.ts'
import type { Emulation } from '../emulation.ts'
import { streamsAt, type TappedStream } from './streams.ts'

const ROUTES = [
  'secret=edge-tls',
  'passthrough=pass.example>10.96.0.80:443',
  'terminate=*.shop.example>10.96.0.82:80',
  'reencrypt=safe.example>10.96.0.80:443',
  'terminate=gone.example>10.96.0.99:80',
].join('&')

const edge = (): Emulation =>
  emulateWeb({
    serve: 'https:8443?names=pass.example+10.96.0.80',
    objects: [
      `apiVersion: v1
kind: Pod
metadata: { name: edge, annotations: { podwire.dev/serve: 'edge:443?${ROUTES}' } }
spec: { nodeName: node-1, hostNetwork: true, containers: [{ name: e, image: haproxy }] }
`,
      `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: edge-tls, annotations: { podwire.dev/issue: 'names=a.shop.example+safe.example+gone.example' } }
`,
      `apiVersion: v1
kind: Pod
metadata: { name: shop, labels: { app: shop }, annotations: { podwire.dev/serve: 'http:8080' } }
spec: { nodeName: node-2, containers: [{ name: s, image: nginx }] }
`,
      `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { clusterIP: 10.96.0.82, selector: { app: shop }, ports: [{ port: 80, targetPort: 8080 }] }
`,
    ],
  })

const NODE = v4('192.168.56.11')

function ask(emulation: Emulation, host: string, scheme = 'https') {
  const resolve = new Map([[`${host}:443`, [NODE]]])
  return askWeb(emulation, `${scheme}://${host}${scheme === 'http' ? ':443' : ''}/`, {
    from: 'external',
    curl: { resolve },
  })
}

/** The connection from outside, and the one that the edge opened for it, as a tap at the node's card has them. */
function bothAt({ recorder }: Emulation): { front: TappedStream; back: TappedStream } {
  const streams = streamsAt(
    recorder,
    (place) => {
      const { node, netns, device } = recorder.places[place]
      return node === 'node-1' && netns === 'host' && device === 'eth0'
    },
    0,
  )
  const front = streams.find(({ server }) => server === '192.168.56.11:443')
  const back = streams.find(({ server }) => server.startsWith('10.244.2.'))
  if (front === undefined || back === undefined) throw new Error(streams.map(({ server }) => server).join(' '))
  return { front, back }
}

/** Who holds the certificate that the client outside was shown. */
function shown({ recorder, index, tls }: Emulation): string | undefined {
  const judged = recorder.steps.find((step) => isKind(step, 'cert-judge') && index.place(step).node === 'laptop')
  return judged !== undefined && isKind(judged, 'cert-judge')
    ? tls.origins.of(judged.event.leaf.fingerprint)?.object
    : undefined
}

/** As what the edge spoke TLS: both, one, or none. */
function rolesOfEdge({ recorder, index }: Emulation): TlsRole[] {
  const roles = recorder.steps.flatMap((step) =>
    isKind(step, 'tls-message') && index.place(step).node === 'node-1' ? [step.event.role] : [],
  )
  return [...new Set(roles)].sort()
}

const saidByEdge = ({ recorder }: Emulation): string[] =>
  recorder.steps.flatMap((step) => (isKind(step, 'output') && step.event.program === 'edge' ? [step.event.line] : []))

const readable = ({ sent, received }: TappedStream): string => text(sent) + text(received)

describe('an edge at a node', () => {
  it('passes through: the same sealed bytes on both sides, the pod’s certificate, and no keys at the edge', () => {
    const emulation = edge()
    expect(ask(emulation, 'pass.example')).toMatchObject({ code: 0, status: 200 })
    const { front, back } = bothAt(emulation)
    expect(Buffer.from(back.sent).equals(front.sent)).toBe(true)
    expect(Buffer.from(back.received).equals(front.received)).toBe(true)
    expect(readable(front)).not.toContain('GET /')
    expect(shown(emulation)).toBe('Pod default/web')
    expect(rolesOfEdge(emulation)).toEqual([])
    expect(saidByEdge(emulation)).toContain('pass.example: passthrough to 10.96.0.80:443')
  })

  it('terminates: its own certificate outside, plain text behind', () => {
    const emulation = edge()
    expect(ask(emulation, 'a.shop.example')).toMatchObject({ code: 0, status: 200 })
    const { front, back } = bothAt(emulation)
    expect(readable(front)).not.toContain('GET /')
    expect(text(back.sent)).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: a\.shop\.example\r\n/)
    expect(text(back.received)).toContain('Hostname: shop')
    expect(shown(emulation)).toBe('Secret default/edge-tls')
    expect(rolesOfEdge(emulation)).toEqual(['server'])
  })

  it('encrypts again: two connections with keys of their own', () => {
    const emulation = edge()
    expect(ask(emulation, 'safe.example')).toMatchObject({ code: 0, status: 200 })
    const { front, back } = bothAt(emulation)
    for (const stream of [front, back]) expect(readable(stream)).not.toContain('GET /')
    expect(Buffer.from(back.sent).equals(front.sent)).toBe(false)
    expect(shown(emulation)).toBe('Secret default/edge-tls')
    expect(rolesOfEdge(emulation)).toEqual(['client', 'server'])
    const randoms = new Set(emulation.tls.keylog.map((line) => line.split(' ')[1]))
    expect(randoms.size).toBe(2)
  })

  it('opens the second connection because of the first', () => {
    const emulation = edge()
    ask(emulation, 'pass.example')
    const { index, recorder } = emulation
    const back = recorder.steps.find(
      (step) => isKind(step, 'tcp-state') && step.event.to === 'SYN-SENT' && index.place(step).node === 'node-1',
    )
    const chain = []
    for (let step = back ?? null; step !== null; step = index.step(step.cause)) chain.push(step.event.kind)
    expect(chain).toEqual(expect.arrayContaining(['deliver', 'program']))
  })

  it('knows its routes: a wildcard is one label, and who names none of them is turned away, with the reason', () => {
    for (const [host, said] of [
      ['a.b.shop.example', 'no route for a.b.shop.example'],
      ['shop.example', 'no route for shop.example'],
      ['192.168.56.11', 'no route for a client without SNI'],
    ]) {
      const emulation = edge()
      expect(ask(emulation, host)).toMatchObject({ code: 35, tls: null })
      expect(saidByEdge(emulation).at(-1)).toBe(said)
    }
  })

  it('ends what is not TLS, and what it cannot bring to anybody', () => {
    expect(ask(edge(), 'a.shop.example', 'http')).toMatchObject({ code: 52 })
    const emulation = edge()
    const { code, status } = ask(emulation, 'gone.example')
    expect({ code: [35, 52, 56].includes(code), status }).toEqual({ code: true, status: null })
    expect(saidByEdge(emulation).at(-1)).toMatch(/^closed: /)
  })
})
