import { describe, expect, it } from 'vitest'
import { askWeb, emulateWeb } from '../../../test/support/web-cluster.ts'
import { isKind } from '../../explain/record.ts'
import { text } from '../../util/bytes.ts'
import type { Emulation } from '../emulation.ts'
import { perform } from '../operations.ts'
import { BY_HAND } from '../replay.ts'
import { streamsAt } from './streams.ts'
import type { TapOutcome } from './tap.ts'

function tap(emulation: Emulation, at: string, key?: string): TapOutcome {
  const outcome = perform(emulation, { name: 'tap', with: { at, ...(key !== undefined && { key }) } }, BY_HAND)
  if (outcome.kind !== 'tap') throw new Error(outcome.kind)
  return outcome
}

const streams = ({ recorder }: Emulation, device: string) =>
  streamsAt(
    recorder,
    (place) => {
      const { node, netns, device: own } = recorder.places[place]
      return `${netns === 'host' ? node : netns}:${own}` === device
    },
    0,
  )

/** From the pod to the far pod's own device, the tunnel among them. */
const WAY = [
  'default/client:eth0',
  'node-1:cni0',
  'node-1:flannel.1',
  'node-1:eth0',
  'node-2:eth0',
  'node-2:cni0',
  'default/web:eth0',
]

describe('a tap', () => {
  it.each(WAY)('at %s reads the whole of HTTP', (device) => {
    const emulation = emulateWeb()
    askWeb(emulation, 'http://web/secret')
    const { readable, lines } = tap(emulation, device)
    for (const part of ['GET /secret HTTP/1.1', 'Host: web', 'HTTP/1.1 200 OK', 'Hostname: web'])
      expect(readable).toContain(part)
    expect(lines.join('\n')).toContain('-> GET /secret HTTP/1.1')
  })

  it.each(WAY)('at %s reads of HTTPS the name in the ClientHello, and how much is said', (device) => {
    const emulation = emulateWeb({ serve: 'https:8443' })
    expect(askWeb(emulation, 'https://web/secret').status).toBe(200)
    const { readable, lines } = tap(emulation, device)
    for (const part of ['GET /secret', 'Host: web', '200 OK', 'Hostname']) expect(readable).not.toContain(part)
    const told = lines.join('\n')
    expect(told).toContain('reads a ClientHello: the name web, http/1.1')
    expect(told).toContain('reads a ServerHello: TLS_AES_128_GCM_SHA256')
    expect(told).toContain('in the clear: ClientHello, ServerHello\n')
    expect(told).toMatch(/sealed: \d+ records, \d+ bytes from the client; \d+ records, \d+ bytes from the server/)
  })

  it('reads the certificate of TLS 1.2 too', () => {
    const emulation = emulateWeb({ serve: 'https:8443' })
    askWeb(emulation, 'https://web/', { versions: ['TLS 1.2'] })
    expect(tap(emulation, 'node-1:cni0').lines.join('\n')).toContain('(so it reads the certificate)')
  })

  it.each([
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', true],
    ['TLS_RSA_WITH_AES_128_CBC_SHA', true],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', false],
  ])('that has the server’s key later opens %s: %s', (suite, opens) => {
    const serve = `https:8443?secret=web-tls&suites=${suite}`
    const secret = `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: web-tls, annotations: { podwire.dev/issue: 'names=web&key=rsa-2048' } }
`
    const emulation = emulateWeb({ serve, objects: [secret] })
    expect(askWeb(emulation, 'https://web/secret', { versions: ['TLS 1.2'], suites: [suite] }).status).toBe(200)
    expect(tap(emulation, 'node-1:cni0').readable).not.toContain('GET /secret')
    const { readable, lines } = tap(emulation, 'node-1:cni0', 'secret/web-tls')
    expect(readable.includes('GET /secret')).toBe(opens)
    expect(readable.includes('Hostname: web')).toBe(opens)
    expect(lines.join('\n')).toContain(opens ? 'opens the premaster secret' : 'opens nothing')
  })

  it('hears the last request only, and nothing before the first', () => {
    const emulation = emulateWeb()
    askWeb(emulation, 'http://web/first')
    askWeb(emulation, 'http://web/second')
    const { readable } = tap(emulation, 'node-1:cni0')
    expect([readable.includes('/first'), readable.includes('/second')]).toEqual([false, true])
    expect(() => tap(emulation, 'node-1:cni9')).toThrow('nothing was recorded at node-1:cni9')
  })
})

describe('streams', () => {
  it('what is sent again counts once, and nothing is read beyond a gap', () => {
    const emulation = emulateWeb({ serve: 'https:8443' })
    emulation.cluster.node('node-1')
    perform(emulation, { name: 'setMtu', with: { node: 'node-2', device: 'eth0', mtu: 1400 } }, BY_HAND)
    expect(askWeb(emulation, 'https://web/', { curl: { maxTime: 5e9 } }).code).toBe(28)
    const again = emulation.recorder.steps.filter((step) => isKind(step, 'tcp-retransmit'))
    expect(again.length).toBeGreaterThan(3)
    const [near] = streams(emulation, 'default/client:eth0')
    expect([near.sent.length, near.sent[0], near.server]).toEqual([1471, 22, '10.96.0.80:443'])
    // Its first segment was lost on the way, the second was not.
    const [far] = streams(emulation, 'default/web:eth0')
    expect([far.sent.length, far.server]).toEqual([0, '10.244.2.2:8443'])
  })

  it('both directions belong together where NAT changes the address between them', () => {
    const emulation = emulateWeb()
    askWeb(emulation, 'http://web/')
    for (const device of WAY) {
      const [stream, ...more] = streams(emulation, device).filter(({ server }) => !server.endsWith(':53'))
      expect({ device, more }).toEqual({ device, more: [] })
      expect(text(stream.sent)).toMatch(/^GET /)
      expect(text(stream.received)).toMatch(/^HTTP\/1\.1 200/)
    }
  })
})
