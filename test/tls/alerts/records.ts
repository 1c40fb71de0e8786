import { certificate13 } from '../../../src/tls/message/certificate.ts'
import { handshake } from '../../../src/tls/message/handshake.ts'
import { finished, newSessionTicket13 } from '../../../src/tls/message/small.ts'
import { CONTENT, EXTENSION } from '../../../src/tls/numbers.ts'
import { fromHex, utf8 } from '../../../src/util/bytes.ts'
import { changing } from '../../support/insider.ts'

import {
  ASKING,
  early,
  encrypted,
  flipped,
  HASH,
  instead,
  longer,
  NOTHING,
  NOW,
  psks,
  type Row,
  remade,
  returning,
  rows,
  say,
  show,
} from '../scene.ts'

/** Records that do not open or hold too much, messages that do not parse, proofs that do not hold. */
export const RECORDS: readonly Row[] = [
  ...rows('bad_record_mac', 'client', {
    'RFC 8446 5.2: an altered record': {
      after: (run, insider) =>
        run.feed(
          'client',
          run.client.receive(flipped(insider.seal('server', CONTENT.applicationData, utf8('hi'))), NOW),
        ),
    },
  }),

  ...rows('bad_record_mac', 'server', {
    'RFC 8446 5.2: a record sent again': {
      after: (run, insider) => {
        const again = insider.seal('client', CONTENT.applicationData, utf8('pay 100'))
        run.feed('server', run.server.receive(again, NOW)).feed('server', run.server.receive(again, NOW))
      },
    },
    'RFC 8446 5.2: early data that was altered': early((end) =>
      end.writeEarly(utf8('GET /')).map((o) => (o.kind === 'send' ? { ...o, bytes: flipped(o.bytes) } : o)),
    ),
  }),

  ...rows('record_overflow', 'client', {
    'RFC 8446 5.2: a protected record of more than 2^14 + 256 bytes': {
      after: (run) => run.feed('client', run.client.receive(fromHex('1703034101'), NOW)),
    },
    'RFC 8446 5.4: more than 2^14 bytes inside, padding included': {
      after: show('client', CONTENT.applicationData, new Uint8Array(2 ** 14), 1),
    },
    'RFC 8449 4: more than our record_size_limit': {
      c: { recordSizeLimit: 100 },
      s: { recordSizeLimit: 100 },
      after: show('client', CONTENT.applicationData, new Uint8Array(100)),
    },
  }),

  ...rows('record_overflow', 'server', {
    'RFC 8446 5.1: a plaintext record of more than 2^14 bytes': {
      change: ({ from, type }) =>
        from === 'client' && type === CONTENT.handshake ? [{ content: new Uint8Array(2 ** 14 + 1).fill(1) }] : null,
    },
  }),
  ...rows('decode_error', 'server', {
    'RFC 8446 6.2: a ClientHello cut short': {
      change: changing('client', 'ClientHello', (m) => [Uint8Array.of(1, 0, 0, 34, ...m.subarray(4, 38))]),
    },
    'RFC 8446 6.2: a ClientHello with bytes left over': {
      change: changing('client', 'ClientHello', (m) => [longer(m)]),
    },
    'RFC 8446 6.2: a list of groups of odd length': {
      c: { shape: instead({ type: EXTENSION.supported_groups, data: fromHex('0003001d00') }) },
    },
    'RFC 8446 6.2: an empty list of suites': { c: { shape: (hello) => ({ ...hello, cipherSuites: [] }) } },
    'RFC 8446 6.2: a binder of less than 32 bytes': {
      ...returning(),
      change: psks(({ identities }) => ({ identities, binders: [new Uint8Array(31)] })),
    },
    'RFC 8446 4.4.4: a Finished of the wrong length': {
      change: changing('client', 'Finished', () => [handshake('Finished', finished, HASH.subarray(1)).bytes]),
    },
  }),

  ...rows('decode_error', 'client', {
    'RFC 8446 6.2: a ServerHello with bytes left over': {
      change: changing('server', 'ServerHello', (m) => [longer(m)]),
    },
    'RFC 8446 6.2: an answer to server_name that says something': encrypted({
      type: EXTENSION.server_name,
      data: HASH,
    }),
    "RFC 8446 4.4.2.4: a server's Certificate without any": {
      change: changing(
        'server',
        'Certificate',
        remade('Certificate', certificate13, (m) => ({ ...m, entries: [] })),
      ),
    },
    'RFC 8446 6.2: a KeyUpdate without a body': {
      after: show('client', CONTENT.handshake, Uint8Array.of(24, 0, 0, 0)),
    },
    'RFC 8446 6.2: a ticket of no bytes': {
      after: say('client', 'NewSessionTicket', newSessionTicket13, {
        lifetime: 1,
        ageAdd: 0,
        nonce: NOTHING,
        ticket: NOTHING,
        extensions: [],
      }),
    },
    'RFC 8446 5.1: an alert of three bytes': { after: show('client', CONTENT.alert, Uint8Array.of(1, 0, 0)) },
  }),
  ...rows('decrypt_error', 'client', {
    'RFC 8446 4.4.3: a CertificateVerify that does not verify': {
      change: changing('server', 'CertificateVerify', (m) => [flipped(m)]),
    },
    'RFC 8446 4.4.4: a Finished that does not match': { change: changing('server', 'Finished', (m) => [flipped(m)]) },
  }),

  ...rows('decrypt_error', 'server', {
    'RFC 8446 4.4.4: a Finished that does not match': { change: changing('client', 'Finished', (m) => [flipped(m)]) },
    'RFC 8446 4.4.3: a CertificateVerify that does not verify': {
      ...ASKING,
      change: changing('client', 'CertificateVerify', (m) => [flipped(m)]),
    },
    'RFC 8446 4.2.11: a binder that does not match': {
      ...returning(),
      change: psks(({ identities, binders }) => ({ identities, binders: binders.map(flipped) })),
    },
  }),

  ...rows('certificate_required', 'server', {
    'RFC 8446 4.4.2.4: a client without a certificate where one is required': { s: ASKING.s },
  }),

  ...rows('bad_certificate', 'client', {
    'RFC 8446 4.4.2: a chain of more certificates than we take': { c: { limits: { chainLength: 0 } } },
  }),
]
