import { expect, test } from 'vitest'
import { fetch } from '../app/curl/curl.ts'
import { readInput } from '../host/files.ts'
import { Emulation } from '../scenario/emulation.ts'
import { agreementOf } from './tls-agreement.ts'
import { tlsConnections } from './tls-connections.ts'

const FIRST = new URL('../../scenarios/first.yaml', import.meta.url).pathname

test('a client that runs twice makes two connections, each with randoms and a server of its own', () => {
  const emulation = new Emulation(readInput([FIRST]))
  emulation.life?.settle()
  for (let i = 0; i < 4; i++) {
    const https = emulation.tls.client({ insecure: false })
    emulation.runProgram(emulation.host('client'), 'curl', (context) =>
      fetch(context, 'https://web.default.svc/', { upgrades: { https } }),
    )
  }
  const found = tlsConnections(emulation.recorder)
  expect(found.map(({ client }) => client.netns)).toEqual(new Array(4).fill('default/client'))
  expect(found.every(({ server }) => server?.netns.startsWith('default/web-'))).toBe(true)
  const randoms = emulation.tls.keylog.map((line) => line.split(' ')[1])
  expect(new Set(randoms).size).toBe(4)
  for (const { events } of found) {
    for (const role of ['client', 'server'] as const)
      expect(agreementOf(events, role)).toMatchObject({
        version: 'TLS 1.3',
        alpn: 'http/1.1',
        serverName: 'web.default.svc',
      })
    expect(events.filter((event) => event.kind === 'cert-verdict')).toHaveLength(1)
  }
})
