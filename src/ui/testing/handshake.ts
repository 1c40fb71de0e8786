import type { Handshake, Rung } from '../../explain/handshakes.ts'
import type { Opening } from '../../explain/request/opening.ts'
import type { TlsEvent } from '../../trace/steps/tls.ts'

const client = { role: 'client', connection: 0 } as const

/** A TLS 1.3 handshake up to the server's Finished, with the decisions and keys of its ServerHello. */
export function exampleHandshake(): Handshake {
  return {
    at: 0,
    client: 'client',
    server: 'web',
    rungs: [
      message(0, 'sent', 'ClientHello', 'plaintext'),
      message(1, 'received', 'ServerHello', 'plaintext', [
        {
          ...client,
          ...({ kind: 'tls-negotiation', subject: 'version', offered: ['TLS 1.3', 'TLS 1.2'] } as const),
          ...{ supported: ['TLS 1.3'], chosen: 'TLS 1.3', why: 'chosen by the server', rejected: [] },
        },
        {
          ...client,
          ...({ kind: 'tls-derivation', operation: 'HKDF-Extract', output: 'Handshake Secret', label: '' } as const),
          ...{ inputs: [{ name: '(EC)DHE', value: null }], length: 32, value: null },
        },
      ]),
      message(2, 'received', 'EncryptedExtensions', 'handshake'),
      message(3, 'received', 'Certificate', 'handshake'),
      message(4, 'received', 'Finished', 'handshake'),
    ],
    certificates: [],
    ends: { client: '10.244.1.2:40112', asked: '10.96.0.80:443', server: '10.244.2.2:8443' },
    pod: 'web-2',
    roundTrips: [
      { rung: 'tcp', took: 8e5 },
      { rung: 1, took: 1e5 },
    ],
    carried: { records: [], opening: opening(), syn: null, lost: null, packets: { sent: 0, again: 0 } },
    alert: null,
    way: () => [],
  }
}

function opening(): Opening[] {
  const base = { length: 60, lost: null }
  return [
    { ...base, flags: 'SYN', by: 'client', packet: 1, at: -1e6 },
    { ...base, flags: 'SYN, ACK', by: 'server', packet: 2, at: -2e5 },
    { ...base, flags: 'ACK', by: 'client', packet: 3, at: -2e5, length: 52 },
  ]
}

function message(
  i: number,
  direction: 'sent' | 'received',
  name: string,
  epoch: 'plaintext' | 'handshake',
  after: readonly TlsEvent[] = [],
): Rung {
  const field = { of: name, field: 'legacy_version', offset: 4, length: 2, value: 0x0303, name: 'TLS 1.2' }
  const event = { ...client, kind: 'tls-message', direction, epoch, message: name, bytes: '00'.repeat(90) } as const
  const record = { ...client, kind: 'tls-record', direction, contentType: 'handshake', version: 0x0303 } as const
  return {
    step: i,
    at: i * 1e5,
    direction,
    event: { ...event, fields: [field] },
    record: { ...record, length: 90, epoch, protection: null },
    after,
  }
}
