import { emptyExtension, extension } from '../../../src/tls/extension/build.ts'
import { alpn, certificateStatus, selectedIdentity } from '../../../src/tls/extension/codecs.ts'
import { certificate13, certificateRequest13 } from '../../../src/tls/message/certificate.ts'
import { changing } from '../../support/insider.ts'

import {
  ASKING,
  clientHellos,
  encrypted,
  HASH,
  identity,
  NOTHING,
  plus,
  RETRIED,
  type Row,
  remade,
  returning,
  rows,
  serverHellos,
  without,
  withVersion,
} from '../scene.ts'

/** Nothing in common, or extensions that are missing or not wanted. */
export const NEGOTIATION: readonly Row[] = [
  ...rows('handshake_failure', 'server', {
    'RFC 8446 4.1.1: no suite in common': { c: { suites: ['TLS_AES_256_GCM_SHA384'] } },
    'RFC 8446 4.2.7: no group in common': { c: { groups: ['secp384r1'] } },
    'RFC 8446 4.4.2.2: no scheme in common': { c: { signatureSchemes: ['ed25519'] } },
  }),

  ...rows('protocol_version', 'server', {
    'RFC 8996 4: SSL 3.0': { c: { shape: withVersion(0x0300) } },
    'RFC 8996 4: TLS 1.0': { c: { shape: withVersion(0x0301) } },
    'RFC 8996 4: TLS 1.1': { c: { shape: withVersion(0x0302) } },
    'RFC 8446 4.2.1: no version in common': { c: { versions: ['TLS 1.2'] }, s: { versions: ['TLS 1.3'] } },
  }),

  ...rows('protocol_version', 'client', {
    'RFC 8996 5: a server that chooses TLS 1.1': {
      change: serverHellos((hello) => ({ ...hello, version: 0x0302, extensions: [] })),
    },
    'RFC 8446 4.1.3: a server that chooses TLS 1.2, which was not offered': {
      c: { versions: ['TLS 1.3'] },
      change: serverHellos((hello) => ({ ...hello, extensions: [] })),
    },
  }),

  ...rows('inappropriate_fallback', 'server', {
    'RFC 7507 3: a needless fallback': { c: { versions: ['TLS 1.2'], fallback: true } },
  }),

  ...rows('no_application_protocol', 'server', {
    'RFC 7301 3.2: no protocol in common': { c: { alpn: ['h2'] }, s: { alpn: ['http/1.1'] } },
  }),

  ...rows('unrecognized_name', 'server', {
    'RFC 6066 3: a name that is not served': {
      s: { identities: [{ ...identity, names: ['other.test'] }], strictNames: true },
    },
  }),

  ...rows('missing_extension', 'server', {
    'RFC 8446 9.2: no name where names are required': {
      c: { serverName: null },
      s: { identities: [{ ...identity, names: ['other.test'] }], strictNames: true },
    },
    'RFC 8446 9.2: no supported_groups': { c: { shape: without('supported_groups') } },
    'RFC 8446 9.2: no key_share': { c: { shape: without('key_share') } },
    'RFC 8446 9.2: no signature_algorithms': { c: { shape: without('signature_algorithms') } },
    'RFC 8446 4.2.9: pre_shared_key without psk_key_exchange_modes': {
      ...returning(),
      change: clientHellos(without('psk_key_exchange_modes')),
    },
  }),

  ...rows('missing_extension', 'client', {
    'RFC 8446 4.2.8: a ServerHello without key_share': { change: serverHellos(without('key_share')) },
    'RFC 8446 9.2: a HelloRetryRequest without supported_versions': {
      ...RETRIED,
      change: serverHellos(without('supported_versions')),
    },
    'RFC 8446 4.3.2: a CertificateRequest without signature_algorithms': {
      ...ASKING,
      change: changing(
        'server',
        'CertificateRequest',
        remade('CertificateRequest', certificateRequest13, without('signature_algorithms')),
      ),
    },
  }),

  ...rows('unsupported_extension', 'client', {
    'RFC 8446 4.2: in ServerHello, one that was not offered': {
      c: { versions: ['TLS 1.3'] },
      change: serverHellos(plus(extension('pre_shared_key', selectedIdentity, 0))),
    },
    'RFC 8446 4.2: in EncryptedExtensions, one that was not offered': encrypted(
      extension('application_layer_protocol_negotiation', alpn, ['h2']),
    ),
    'RFC 8446 4.2: in EncryptedExtensions, one that nobody knows': encrypted({ type: 0x1234, data: NOTHING }),
    'RFC 8446 4.2: in HelloRetryRequest, one that nobody knows': {
      ...RETRIED,
      change: serverHellos(plus({ type: 0x1234, data: NOTHING })),
    },
    'RFC 8446 4.2: beside a certificate, a stapled response that was not asked for': {
      change: changing(
        'server',
        'Certificate',
        remade('Certificate', certificate13, ({ context, entries: [leaf] }) => ({
          context,
          entries: [{ ...leaf, extensions: [extension('status_request', certificateStatus, HASH)] }],
        })),
      ),
    },
    'RFC 8446 4.2: early data accepted that was not offered': encrypted(emptyExtension('early_data')),
  }),
]
