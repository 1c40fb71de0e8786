import { extension } from '../../../src/tls/extension/build.ts'
import { retryGroup } from '../../../src/tls/extension/codecs.ts'
import { certificate13, certificateRequest13 } from '../../../src/tls/message/certificate.ts'
import { handshake } from '../../../src/tls/message/handshake.ts'
import { keyUpdate, newSessionTicket13, nothing } from '../../../src/tls/message/small.ts'
import { CONTENT } from '../../../src/tls/numbers.ts'
import { concat, fromHex, utf8 } from '../../../src/util/bytes.ts'
import { changing } from '../../support/insider.ts'

import {
  early,
  HASH,
  helloOf,
  NOTHING,
  NOW,
  P256,
  RETRIED,
  type Row,
  retryOf,
  returning,
  rows,
  say,
  serverHellos,
  show,
  sooner,
} from '../scene.ts'

/** Messages and records that cannot come now. */
export const UNEXPECTED: readonly Row[] = [
  ...rows('unexpected_message', 'client', {
    'RFC 8446 4: EncryptedExtensions left out': { change: changing('server', 'EncryptedExtensions', () => []) },
    'RFC 8446 4: a Certificate left out': { change: changing('server', 'Certificate', () => []) },
    'RFC 8446 4: a CertificateVerify left out': { change: changing('server', 'CertificateVerify', () => []) },
    'RFC 8446 4: a Certificate twice': { change: changing('server', 'Certificate', (m) => [m, m]) },
    'RFC 8446 4: a Certificate beside a pre-shared key': {
      ...returning(),
      change: changing('server', 'EncryptedExtensions', (m) => [
        m,
        handshake('Certificate', certificate13, { context: NOTHING, entries: [] }).bytes,
      ]),
    },
    'RFC 8446 4: a CertificateRequest beside a pre-shared key': {
      ...returning(),
      change: changing('server', 'EncryptedExtensions', (m) => [
        m,
        handshake('CertificateRequest', certificateRequest13, { context: NOTHING, extensions: [] }).bytes,
      ]),
    },
    'RFC 8446 4.1.4: a second HelloRetryRequest': {
      ...RETRIED,
      change: serverHellos((hello) => retryOf(hello, extension('key_share', retryGroup, P256)), 1),
    },
    'RFC 8446 4: EndOfEarlyData': { after: say('client', 'EndOfEarlyData', nothing, null) },
    'RFC 8446 4: a CertificateRequest after the handshake, without post_handshake_auth': {
      after: say('client', 'CertificateRequest', certificateRequest13, { context: Uint8Array.of(1), extensions: [] }),
    },
    'RFC 8446 4: HelloRequest, which TLS 1.3 has no more': { after: say('client', 'HelloRequest', nothing, null) },
    'RFC 8446 4: a handshake message of no known type': {
      after: show('client', CONTENT.handshake, Uint8Array.of(77, 0, 0, 0)),
    },
    'RFC 8446 5: application data before the Finished': {
      change: sooner('server', CONTENT.applicationData, utf8('early')),
    },
    'RFC 8446 5: a change_cipher_spec of another value': {
      change: ({ from, type }) =>
        from === 'server' && type === CONTENT.changeCipherSpec ? [{ content: Uint8Array.of(2) }] : null,
    },
    'RFC 8446 5: a change_cipher_spec once connected': {
      after: (run) => run.feed('client', run.client.receive(fromHex('140303000101'), NOW)),
    },
    'RFC 8446 5: a record of no known type inside': { after: show('client', 99, utf8('?')) },
    'RFC 8446 5.2: an alert in the clear, once the server has keys for it': {
      change: ({ from, epoch, n }) =>
        from === 'server' && epoch === 'handshake' && n === 0
          ? [{ type: CONTENT.alert, content: Uint8Array.of(2, 40), bare: true }, {}]
          : null,
    },
    'RFC 8446 5.2: plaintext among protected records': {
      after: (run) => run.feed('client', run.client.receive(fromHex('160303000414000000'), NOW)),
    },
    'RFC 8446 5.1: an empty handshake record': { after: show('client', CONTENT.handshake, NOTHING) },
    'RFC 8446 5.1: a handshake message with data in its middle': {
      after: (run, insider) => {
        show('client', CONTENT.handshake, Uint8Array.of(24, 0))!(run, insider)
        show('client', CONTENT.applicationData, utf8('!'))!(run, insider)
      },
    },
    'RFC 8446 5.1: a ServerHello whose record goes on after the change of keys': {
      change: changing('server', 'ServerHello', (m) => [m, Uint8Array.of(8, 0, 0, 2, 0, 0)]),
    },
    'RFC 8446 5.1: a KeyUpdate whose record goes on after the change of keys': {
      after: show('client', CONTENT.handshake, concat([0, 0].map(() => handshake('KeyUpdate', keyUpdate, 0).bytes))),
    },
    'RFC 8446 5.4: a protected record that is all zeros': { after: show('client', 0, NOTHING, 20) },
    'RFC 8446 5.1: too many empty records in a row': {
      after: (run, insider) => {
        for (let i = 0; i < 33; i++) show('client', CONTENT.applicationData, NOTHING)!(run, insider)
      },
    },
    'RFC 8446 4.6.3: too many KeyUpdates without data': {
      after: (run) => {
        for (let i = 0; i < 33; i++) run.feed('server', run.server.updateKeys(false))
      },
    },
  }),

  ...rows('unexpected_message', 'server', {
    'RFC 8446 4: a ClientHello once connected': {
      after: (run, insider) => show('server', CONTENT.handshake, helloOf(run))!(run, insider),
    },
    'RFC 8446 4: a NewSessionTicket from a client': {
      after: say('server', 'NewSessionTicket', newSessionTicket13, {
        lifetime: 1,
        ageAdd: 0,
        nonce: NOTHING,
        ticket: HASH,
        extensions: [],
      }),
    },
    'RFC 8446 4: a Certificate that was not asked for': {
      change: changing('client', 'Finished', (m) => [
        handshake('Certificate', certificate13, { context: NOTHING, entries: [] }).bytes,
        m,
      ]),
    },
    'RFC 8446 4: a KeyUpdate before the Finished': {
      change: changing('client', 'Finished', () => [handshake('KeyUpdate', keyUpdate, 0).bytes]),
    },
    'RFC 8446 4: EndOfEarlyData where none was taken': {
      change: changing('client', 'Finished', (m) => [handshake('EndOfEarlyData', nothing, null).bytes, m]),
    },
    'RFC 8446 5: application data before the Finished': {
      change: sooner('client', CONTENT.applicationData, utf8('early')),
    },
    'RFC 8446 5: a protected change_cipher_spec': {
      change: sooner('client', CONTENT.changeCipherSpec, Uint8Array.of(1)),
    },
    'RFC 8446 4.6.1: early data beyond max_early_data_size': early((end) => end.writeEarly(new Uint8Array(101))),
  }),
]
