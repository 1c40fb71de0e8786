import { describe, expect, it } from 'vitest'
import { fetch } from '../app/curl/curl.ts'
import { glanceOf } from '../explain/glance.ts'
import { isKind } from '../explain/record.ts'
import { FAULTS, type Fault } from '../pki/certificates.ts'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'

const yaml = (serve: string): string => `
apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: tls }
spec: { title: TLS }
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { nodeName: node-1, containers: [{ name: c, image: curl }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web }, annotations: { podwire.dev/serve: '${serve}' } }
spec: { nodeName: node-2, containers: [{ name: w, image: nginx }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 443, targetPort: 8443 }] }
`

function ask(
  serve: string,
  url = 'https://web/',
  options: { insecure?: boolean; versions?: readonly ('TLS 1.2' | 'TLS 1.3')[] } = {},
) {
  const emulation = new Emulation(load([{ name: 't.yaml', text: yaml(serve) }]))
  const https = emulation.tls.client({ insecure: false, ...options })
  const host = emulation.host('client')
  const result = emulation.runProgram(host, 'curl', (context) => fetch(context, url, { upgrades: { https } }))
  const start =
    emulation.recorder.steps.find((step) => isKind(step, 'program') && step.event.program === 'curl')?.id ?? 0
  return { emulation, result, glance: glanceOf(emulation.index, start) }
}

describe('HTTPS between pods', () => {
  it('crosses the overlay, and the certificate names the Service', () => {
    const { result, glance, emulation } = ask('https:8443')
    expect(result).toMatchObject({ code: 0, status: 200 })
    expect(glance.map(({ stage, ok }) => `${stage} ${ok}`)).toEqual(['dns true', 'tcp true', 'tls true', 'http true'])
    const inside = Buffer.from('Request: GET')
    const seen = emulation.recorder.steps.some(
      ({ frame }) => frame !== null && Buffer.from(emulation.recorder.frame(frame)).includes(inside),
    )
    expect(seen).toBe(false)
  })

  it.each([['TLS 1.2'], ['TLS 1.3']] as const)('speaks %s', (version) => {
    const { result, emulation } = ask('https:8443', 'https://web/', { versions: [version] })
    expect(result.status).toBe(200)
    expect(
      emulation.tls.keylog.some((line) =>
        line.startsWith(version === 'TLS 1.2' ? 'CLIENT_RANDOM' : 'SERVER_HANDSHAKE'),
      ),
    ).toBe(true)
  })

  it('is refused under a name that the certificate does not have', () => {
    const { result } = ask('https:8443', 'https://10.244.2.2:8443/')
    expect(result.code).toBe(60)
  })

  it('is the same bytes for the same seed', () => {
    const bytes = (): string => {
      const { recorder } = ask('https:8443').emulation
      return recorder.steps
        .map(({ frame }) => (frame === null ? '' : Buffer.from(recorder.frame(frame)).toString('hex')))
        .join()
    }
    expect(bytes()).toBe(bytes())
  })

  // What a client cannot see: that the server's key is another, it sees as a bad signature of the handshake itself.
  it.each(Object.keys(FAULTS) as Fault[])(
    '%s: the client stops, says why, and -k gets through where it can',
    (fault) => {
      const { result, glance } = ask(`https:8443?fault=${fault}`)
      expect(result.status).toBe(null)
      expect([35, 60]).toContain(result.code)
      expect(glance.at(-1)).toMatchObject({ stage: 'tls', ok: false })
      if (result.code === 60)
        expect(ask(`https:8443?fault=${fault}`, 'https://web/', { insecure: true }).result.status).toBe(200)
    },
  )
})
