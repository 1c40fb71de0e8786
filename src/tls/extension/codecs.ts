import type { Codec, Reader, Writer } from '../../util/bytes.ts'
import { text, utf8 } from '../../util/bytes.ts'
import { readOpaque, readVector, writeOpaque, writeVector } from '../message/vector.ts'
import { EXTENSION } from '../numbers.ts'
import type { ExtensionPlace } from './extension.ts'

const empty: Codec<null> = { name: 'empty', read: () => null, write: () => {} }

/** RFC 6066 3: only host_name exists. Null when the list has no host name. */
export const serverName: Codec<string | null> = {
  name: 'server_name',
  read(r) {
    const names = readVector(r, 2, 'server_name_list', 1, (inner) => {
      const type = inner.u8('name_type')
      const name = readOpaque(inner, 2, 'host_name', 1)
      return type === 0 ? text(name) : null
    })
    return names.find((name) => name !== null) ?? null
  },
  write(w, name) {
    writeVector(w, 2, name === null ? [] : [name], (value) => {
      w.u8(0)
      writeOpaque(w, 2, utf8(value))
    })
  },
}

const u16List = (name: string, field: string, lengthBytes: 1 | 2): Codec<readonly number[]> => ({
  name,
  read: (r) => readVector(r, lengthBytes, `${field}s`, 2, (inner) => inner.u16(field, 'hex')),
  write: (w, values) => writeVector(w, lengthBytes, values, (value) => w.u16(value)),
})

const u8List = (name: string, field: string): Codec<readonly number[]> => ({
  name,
  read: (r) => readVector(r, 1, `${field}s`, 1, (inner) => inner.u8(field)),
  write: (w, values) => writeVector(w, 1, values, (value) => w.u8(value)),
})

const u16 = (name: string, field: string): Codec<number> => ({
  name,
  read: (r) => r.u16(field, 'hex'),
  write: (w, value) => w.u16(value),
})

export const supportedGroups = u16List('supported_groups', 'named_group', 2)
export const signatureAlgorithms = u16List('signature_algorithms', 'signature_scheme', 2)
export const supportedVersions = u16List('supported_versions', 'version', 1)
export const selectedVersion = u16('supported_versions', 'selected_version')
export const ecPointFormats = u8List('ec_point_formats', 'ec_point_format')
export const pskModes = u8List('psk_key_exchange_modes', 'ke_mode')
export const recordSizeLimit: Codec<number> = {
  name: 'record_size_limit',
  read: (r) => r.u16('record_size_limit'),
  write: (w, value) => w.u16(value),
}

/** RFC 7301 3.1. */
export const alpn: Codec<readonly string[]> = {
  name: 'application_layer_protocol_negotiation',
  read: (r) =>
    readVector(r, 2, 'protocol_name_list', 2, (inner) =>
      Buffer.from(readOpaque(inner, 1, 'protocol_name', 1)).toString('latin1'),
    ),
  write: (w, names) => writeVector(w, 2, names, (name) => writeOpaque(w, 1, Buffer.from(name, 'latin1'))),
}

/** RFC 6066 8: status_type ocsp; the responder and extension lists are passed over. */
export const statusRequest: Codec<'ocsp' | 'other'> = {
  name: 'status_request',
  read(r) {
    if (r.u8('status_type') !== 1) {
      r.rest('request')
      return 'other'
    }
    readOpaque(r, 2, 'responder_id_list')
    readOpaque(r, 2, 'request_extensions')
    return 'ocsp'
  },
  write: (w) => w.u8(1).u16(0).u16(0),
}

/** RFC 6066 8, in a CertificateStatus and in a certificate entry of TLS 1.3. */
export const certificateStatus: Codec<Uint8Array> = {
  name: 'status_request',
  read(r) {
    const type = r.u8('status_type')
    if (type !== 1) r.fail('status_type', '1 (ocsp)', type)
    return readOpaque(r, 3, 'OCSPResponse', 1)
  },
  write(w, response) {
    w.u8(1)
    writeOpaque(w, 3, response)
  },
}

export interface KeyShareEntry {
  readonly group: number
  readonly keyExchange: Uint8Array
}

const readShare = (r: Reader): KeyShareEntry => ({
  group: r.u16('named_group', 'hex'),
  keyExchange: readOpaque(r, 2, 'key_exchange', 1),
})

function writeShare(w: Writer, { group, keyExchange }: KeyShareEntry): void {
  w.u16(group)
  writeOpaque(w, 2, keyExchange)
}

/** RFC 8446 4.2.8, the client's; the server's and a HelloRetryRequest's below. */
export const clientShares: Codec<readonly KeyShareEntry[]> = {
  name: 'key_share',
  read: (r) => readVector(r, 2, 'client_shares', 0, readShare),
  write: (w, shares) => writeVector(w, 2, shares, (share) => writeShare(w, share)),
}
export const serverShare: Codec<KeyShareEntry> = { name: 'key_share', read: readShare, write: writeShare }
export const retryGroup = u16('key_share', 'named_group')

export interface PskIdentity {
  readonly identity: Uint8Array
  readonly obfuscatedAge: number
}

/** RFC 8446 4.2.11. */
export interface OfferedPsks {
  readonly identities: readonly PskIdentity[]
  readonly binders: readonly Uint8Array[]
}

export const offeredPsks: Codec<OfferedPsks> = {
  name: 'pre_shared_key',
  read: (r) => ({
    identities: readVector(r, 2, 'identities', 7, (inner) => ({
      identity: readOpaque(inner, 2, 'identity', 1),
      obfuscatedAge: inner.u32('obfuscated_ticket_age'),
    })),
    binders: readVector(r, 2, 'binders', 33, (inner) => readOpaque(inner, 1, 'binder', 32)),
  }),
  write(w, { identities, binders }) {
    writeVector(w, 2, identities, ({ identity, obfuscatedAge }) => {
      writeOpaque(w, 2, identity)
      w.u32(obfuscatedAge)
    })
    writeVector(w, 2, binders, (binder) => writeOpaque(w, 1, binder))
  },
}
export const selectedIdentity: Codec<number> = {
  name: 'pre_shared_key',
  read: (r) => r.u16('selected_identity'),
  write: (w, value) => w.u16(value),
}

export const cookie: Codec<Uint8Array> = {
  name: 'cookie',
  read: (r) => readOpaque(r, 2, 'cookie', 1),
  write: (w, value) => writeOpaque(w, 2, value),
}

/** RFC 8446 4.2.4: names in DER. */
export const certificateAuthorities: Codec<readonly Uint8Array[]> = {
  name: 'certificate_authorities',
  read: (r) => readVector(r, 2, 'authorities', 3, (inner) => readOpaque(inner, 2, 'distinguished_name', 1)),
  write: (w, names) => writeVector(w, 2, names, (name) => writeOpaque(w, 2, name)),
}

export const maxEarlyData: Codec<number> = {
  name: 'early_data',
  read: (r) => r.u32('max_early_data_size'),
  write: (w, value) => w.u32(value),
}

/** RFC 5746 3.2: empty in a first handshake. */
export const renegotiationInfo: Codec<Uint8Array> = {
  name: 'renegotiation_info',
  read: (r) => readOpaque(r, 1, 'renegotiated_connection'),
  write: (w, value) => writeOpaque(w, 1, value),
}

/** RFC 7685: zeros; what stands there is not looked at. Also a TLS 1.2 session ticket (RFC 5077 3.2). */
const opaque = (name: string): Codec<Uint8Array> => ({
  name,
  read: (r) => (r.remaining === 0 ? new Uint8Array(0) : r.rest('data')),
  write: (w, value) => w.take(value),
})

type AnyCodec = { readonly name: string; read(r: Reader): unknown }
const SAME_EVERYWHERE = new Map<number, AnyCodec>([
  [EXTENSION.supported_groups, supportedGroups],
  [EXTENSION.ec_point_formats, ecPointFormats],
  [EXTENSION.signature_algorithms, signatureAlgorithms],
  [EXTENSION.signature_algorithms_cert, signatureAlgorithms],
  [EXTENSION.application_layer_protocol_negotiation, alpn],
  [EXTENSION.padding, opaque('padding')],
  [EXTENSION.encrypt_then_mac, empty],
  [EXTENSION.extended_master_secret, empty],
  [EXTENSION.record_size_limit, recordSizeLimit],
  [EXTENSION.session_ticket, opaque('session_ticket')],
  [EXTENSION.cookie, cookie],
  [EXTENSION.psk_key_exchange_modes, pskModes],
  [EXTENSION.certificate_authorities, certificateAuthorities],
  [EXTENSION.post_handshake_auth, empty],
  [EXTENSION.renegotiation_info, renegotiationInfo],
])

/** The form of an extension in a message; null where we know none. */
export function codecOf(type: number, place: ExtensionPlace): AnyCodec | null {
  const client = place === 'ClientHello'
  switch (type) {
    case EXTENSION.server_name:
      return client ? serverName : empty
    case EXTENSION.status_request:
      return place === 'Certificate'
        ? certificateStatus
        : client || place === 'CertificateRequest'
          ? statusRequest
          : empty
    case EXTENSION.key_share:
      return client ? clientShares : place === 'HelloRetryRequest' ? retryGroup : serverShare
    case EXTENSION.pre_shared_key:
      return client ? offeredPsks : selectedIdentity
    case EXTENSION.supported_versions:
      return client ? supportedVersions : selectedVersion
    case EXTENSION.early_data:
      return place === 'NewSessionTicket' ? maxEarlyData : empty
    default:
      return SAME_EVERYWHERE.get(type) ?? null
  }
}
