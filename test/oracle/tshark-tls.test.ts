import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type TlsConnection, tlsConnections } from '../../src/explain/tls-connections.ts'
import { interfaceName, pcapng } from '../../src/export/pcapng.ts'
import { readInput } from '../../src/host/files.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { runScenario } from '../../src/scenario/run.ts'
import { HANDSHAKE, type HandshakeName } from '../../src/tls/numbers.ts'
import type { Place } from '../../src/trace/step.ts'
import type { TlsEvent } from '../../src/trace/steps/tls.ts'
import { has, skip } from './requirements.ts'

// An exported capture carries its keys: tshark, given nothing else, shows every handshake message and the HTTP inside.
const SCENARIOS = new URL('../../scenarios/', import.meta.url).pathname
const files = readdirSync(SCENARIOS).filter((name) => /^(0[89]|[56]\d)-.*\.yaml$/.test(name))

/** What tshark counts in a capture: handshake messages by type, alerts, HTTP requests and answers. */
interface Counted {
  readonly handshake: Readonly<Record<string, number>>
  readonly requests: number
  readonly responses: number
}

function tshark(capture: Uint8Array): Counted {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-tshark-tls-'))
  const file = join(folder, 'capture.pcapng')
  const fields = ['tls.handshake.type', 'http.request.method', 'http.response.code']
  const decode = ['udp.port==8472,vxlan', 'tcp.port==443,tls', 'tcp.port==8443,tls', 'tls.port==8443,http']
  try {
    writeFileSync(file, capture)
    const args = ['-n', ...decode.flatMap((rule) => ['-d', rule]), '-Y', 'tls', '-r', file, '-T', 'fields']
    const text = execFileSync('tshark', [...args, '-E', 'occurrence=a', ...fields.flatMap((field) => ['-e', field])], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    })
    const rows = text.split('\n').map((line) => line.split('\t').map((cell) => cell.split(',').filter(Boolean)))
    const types = rows.flatMap(([handshake]) => handshake ?? [])
    return {
      handshake: tally(types),
      requests: rows.flatMap(([, methods]) => methods ?? []).length,
      responses: rows.flatMap(([, , codes]) => codes ?? []).length,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

/**
 * What both ends of these connections sent: a client that refuses a certificate does not read what came with it. Tickets
 * count where the client was still there to hear them.
 */
function told(connections: readonly TlsConnection[]): Record<string, number> {
  const messages = connections.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.kind === 'tls-message' && counts(event) ? [String(HANDSHAKE[event.message as HandshakeName])] : [],
    ),
  )
  return tally(messages)
}

const counts = ({ message, role, direction }: Extract<TlsEvent, { kind: 'tls-message' }>): boolean =>
  message === 'NewSessionTicket' ? role === 'client' : direction === 'sent'

/** What was seen, where it is no less than what was told. */
function atMost(
  told: Record<string, number>,
  seen: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.entries(told).every(([type, count]) => count <= (seen[type] ?? 0)) ? seen : told
}

const capture = ({ recorder, epoch, tls }: Emulation, at: (place: Place) => boolean): Uint8Array =>
  pcapng(recorder, { at, epoch, keylog: tls.keylog.map((line) => `${line}\n`).join('') })

describe.skipIf(skip(has('tshark') ? null : 'tshark is not installed', 'the tshark oracle on TLS'))(
  'tshark decrypts what scenarios leave behind',
  () => {
    it.each(files)('%s', (file) => {
      const inventory = readInput([join(SCENARIOS, file)])
      const emulation = new Emulation(inventory)
      runScenario(emulation, inventory.scenarios[0])
      const all = tlsConnections(emulation.recorder)
      expect(all.length).toBeGreaterThan(0)
      const tap = ({ client }: TlsConnection): string => interfaceName({ ...client, device: 'eth0' })
      const taps = new Set(all.map(tap))
      for (const name of taps) {
        const own = all.filter((one) => tap(one) === name)
        const seen = tshark(capture(emulation, (place) => interfaceName(place) === name))
        // A node's own connections pass its tap beside those that it forwards.
        const expected = own[0].client.netns === 'host' ? atMost(told(own), seen.handshake) : told(own)
        expect({ name, handshake: seen.handshake }).toEqual({ name, handshake: expected })
      }
    })

    it('also inside VXLAN, on the network between the nodes, and the HTTP in it', () => {
      const emulation = new Emulation(readInput([join(SCENARIOS, '09-https-expired.yaml')]))
      runScenario(emulation, emulation.inventory.scenarios[0])
      const expected = told(tlsConnections(emulation.recorder))
      const between = tshark(
        capture(emulation, ({ node, netns, device }) => node === 'node-1' && netns === 'host' && device === 'eth0'),
      )
      expect(between.handshake).toEqual(expected)
      expect(between).toMatchObject({ requests: 1, responses: 1 })
      const without = tshark(
        pcapng(emulation.recorder, {
          epoch: emulation.epoch,
          at: ({ netns, device }) => netns === 'default/client' && device === 'eth0',
        }),
      )
      expect(Object.keys(without.handshake).sort()).toEqual(['1', '2'])
    })
  },
)
