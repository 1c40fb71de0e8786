import { describe, expect, it } from 'vitest'
import { askWeb, emulateWeb } from '../../test/support/web-cluster.ts'
import { glanceOf } from '../explain/glance.ts'
import { isKind } from '../explain/record.ts'
import { FAULTS, type Fault } from '../pki/certificates.ts'
import type { ClientOptions } from './cluster-tls.ts'

function ask(serve: string, url = 'https://web/', options: Partial<ClientOptions> = {}) {
  const emulation = emulateWeb({ serve })
  const result = askWeb(emulation, url, options)
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
