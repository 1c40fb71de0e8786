import { emptyExtension, extension } from '../../../src/tls/extension/build.ts'
import {
  alpn,
  clientShares,
  cookie,
  recordSizeLimit,
  retryGroup,
  selectedIdentity,
  selectedVersion,
} from '../../../src/tls/extension/codecs.ts'
import { certificate13, certificateRequest13, certificateVerify } from '../../../src/tls/message/certificate.ts'
import { DOWNGRADE } from '../../../src/tls/message/hello.ts'
import { keyUpdate } from '../../../src/tls/message/small.ts'
import { CONTENT } from '../../../src/tls/numbers.ts'
import { concat, fromHex, utf8 } from '../../../src/util/bytes.ts'
import { changing } from '../../support/insider.ts'

import {
  ASKING,
  clientHellos,
  early,
  encrypted,
  HASH,
  instead,
  NOTHING,
  P256,
  plus,
  psks,
  RETRIED,
  type Row,
  remade,
  returning,
  rows,
  say,
  serverHellos,
  share,
  show,
  without,
  X25519,
} from '../scene.ts'

const sentEarly = early((end) => end.writeEarly(utf8('0-RTT')))

/** What parses and must not be. */
export const ILLEGAL: readonly Row[] = [
  ...rows('illegal_parameter', 'server', {
    'RFC 8446 4.1.2: compression': { c: { shape: (hello) => ({ ...hello, compressionMethods: Uint8Array.of(1, 0) }) } },
    'RFC 8446 4.2: an extension twice': { c: { shape: (hello) => plus(hello.extensions[0])(hello) } },
    'RFC 8446 4.2.8: a share for a group that is not offered': {
      c: { shape: instead(extension('key_share', clientShares, [{ group: P256, keyExchange: new Uint8Array(65) }])) },
    },
    'RFC 8446 4.2.8.2: a share of small order': {
      c: { shape: instead(extension('key_share', clientShares, [{ group: X25519, keyExchange: new Uint8Array(32) }])) },
    },
    'RFC 8446 4.1.2: a second ClientHello with another random': {
      ...RETRIED,
      change: clientHellos((hello) => ({ ...hello, random: HASH }), 1),
    },
    'RFC 8446 4.1.2: a second ClientHello with other suites': {
      ...RETRIED,
      change: clientHellos((hello) => ({ ...hello, cipherSuites: [0x1301] }), 1),
    },
    'RFC 8446 4.2.8: a second ClientHello without the share asked for': {
      ...RETRIED,
      change: clientHellos(
        instead(extension('key_share', clientShares, [{ group: P256, keyExchange: new Uint8Array(65).fill(4) }])),
        1,
      ),
    },
    'RFC 8446 4.2.2: a second ClientHello without its cookie': {
      ...RETRIED,
      s: { cookie: true },
      change: clientHellos(without('cookie'), 1),
    },
    'RFC 8446 4.2.10: a second ClientHello with early data': {
      ...RETRIED,
      change: clientHellos(plus(emptyExtension('early_data')), 1),
    },
    'RFC 8446 4.2.11: pre_shared_key before another extension': {
      ...returning(),
      change: clientHellos(plus({ type: 0x1234, data: NOTHING })),
    },
    'RFC 8446 4.2.11: more identities than binders': {
      ...returning(),
      change: psks(({ identities, binders }) => ({ identities: [...identities, ...identities], binders })),
    },
    'RFC 8446 4.4.2: a Certificate with another context than its request': {
      ...ASKING,
      change: changing(
        'client',
        'Certificate',
        remade('Certificate', certificate13, (m) => ({ ...m, context: HASH })),
      ),
    },
    'RFC 8446 4.4.3: a CertificateVerify by a scheme that was not offered': {
      ...ASKING,
      change: changing(
        'client',
        'CertificateVerify',
        remade('CertificateVerify', certificateVerify, (m) => ({ ...m, scheme: 0x0203 })),
      ),
    },
    'RFC 8446 4.6.3: a KeyUpdate that asks for 2': { after: say('server', 'KeyUpdate', keyUpdate, 2) },
    'RFC 8449 4: a record_size_limit below 64': {
      c: { shape: plus(extension('record_size_limit', recordSizeLimit, 63)) },
    },
    'RFC 8446 4: a handshake message larger than we take': {
      after: show('server', CONTENT.handshake, fromHex('18010001')),
    },
  }),

  ...rows('illegal_parameter', 'client', {
    'RFC 8446 4.2.10: early data accepted under another protocol': {
      ...sentEarly,
      c: { ...sentEarly.c, alpn: ['h2'] },
      s: {
        ...sentEarly.s,
        shape: (all) => [...all, extension('application_layer_protocol_negotiation', alpn, ['h2'])],
      },
    },
    'RFC 8446 4.1.3: another session id than was sent': {
      change: serverHellos((hello) => ({ ...hello, sessionId: HASH })),
    },
    'RFC 8446 4.1.3: a suite that was not offered': {
      change: serverHellos((hello) => ({ ...hello, cipherSuite: 0x1302 })),
    },
    'RFC 8446 4.1.3: a suite of TLS 1.2': { change: serverHellos((hello) => ({ ...hello, cipherSuite: 0xc02b })) },
    'RFC 8446 4.1.3: compression': { change: serverHellos((hello) => ({ ...hello, compressionMethod: 1 })) },
    'RFC 8446 4.1.3: another legacy_version': { change: serverHellos((hello) => ({ ...hello, version: 0x0302 })) },
    'RFC 8446 4.2.1: supported_versions that selects TLS 1.2': {
      change: serverHellos(instead(extension('supported_versions', selectedVersion, 0x0303))),
    },
    'RFC 8446 4.1.3: the downgrade sentinel of TLS 1.2': {
      c: { groups: ['x25519', 'secp256r1'] },
      s: { groups: ['x25519', 'secp256r1'] },
      change: clientHellos(without('supported_versions')),
    },
    'RFC 8446 4.1.3: the downgrade sentinel of TLS 1.1': {
      c: { groups: ['x25519', 'secp256r1'] },
      s: { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] },
      change: serverHellos((hello) => ({ ...hello, random: concat([hello.random.subarray(0, 24), DOWNGRADE.tls11]) })),
    },
    'RFC 8446 4.2: an extension that belongs in another message': encrypted(share(X25519)),
    'RFC 8446 4.2.8: a share of a group that was not offered': { change: serverHellos(instead(share(P256, 65))) },
    'RFC 8446 4.2.8.2: a share of the wrong length': { change: serverHellos(instead(share(X25519, 31))) },
    'RFC 8446 4.2.11: a pre-shared key that was not offered': {
      ...returning(),
      change: serverHellos(instead(extension('pre_shared_key', selectedIdentity, 1))),
    },
    'RFC 8446 4.1.4: a HelloRetryRequest that changes nothing': {
      ...RETRIED,
      change: serverHellos(without('key_share')),
    },
    'RFC 8446 4.2.8: a HelloRetryRequest for a group that has a share': {
      ...RETRIED,
      change: serverHellos(instead(extension('key_share', retryGroup, P256))),
    },
    'RFC 8446 4.2.8: a HelloRetryRequest for a group that was not offered': {
      ...RETRIED,
      change: serverHellos(instead(extension('key_share', retryGroup, 0x18))),
    },
    'RFC 8446 4.1.4: another suite than in the HelloRetryRequest': {
      c: { ...RETRIED.c, suites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'] },
      change: serverHellos((hello) => ({ ...hello, cipherSuite: 0x1303 })),
    },
    'RFC 8446 4.1.4: another version than in the HelloRetryRequest': {
      ...RETRIED,
      change: serverHellos((hello) => ({ ...hello, extensions: [] }), 1),
    },
    'RFC 8446 4.2.8: another share than the HelloRetryRequest asked for': {
      ...RETRIED,
      change: serverHellos(instead(share(P256, 65)), 1),
    },
    'RFC 7301 3.1: two protocols chosen': {
      c: { alpn: ['h2', 'h3'] },
      ...encrypted(extension('application_layer_protocol_negotiation', alpn, ['h2', 'h3'])),
    },
    "RFC 8446 4.4.2: a server's Certificate with a context": {
      change: changing(
        'server',
        'Certificate',
        remade('Certificate', certificate13, (m) => ({ ...m, context: HASH })),
      ),
    },
    'RFC 8446 4.3.2: a CertificateRequest with a context': {
      ...ASKING,
      change: changing(
        'server',
        'CertificateRequest',
        remade('CertificateRequest', certificateRequest13, (m) => ({ ...m, context: HASH })),
      ),
    },
    'RFC 8446 4.4.3: a CertificateVerify by PKCS#1, which signs no handshake': {
      change: changing(
        'server',
        'CertificateVerify',
        remade('CertificateVerify', certificateVerify, (m) => ({ ...m, scheme: 0x0401 })),
      ),
    },
    'RFC 8446 4.2: a HelloRetryRequest with a server_name': {
      ...RETRIED,
      change: serverHellos(plus(emptyExtension('server_name'))),
    },
    'RFC 8446 4.2: a cookie in a ServerHello': { change: serverHellos(plus(extension('cookie', cookie, HASH))) },
  }),
]
