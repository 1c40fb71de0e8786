import { Cache, keyOfBytes } from '../pki/cache.ts'
import { SCHEMES, schemeOf } from '../pki/keys.ts'
import type { TlsField } from '../trace/steps/tls.ts'
import { Reader, type Span, toHex } from '../util/bytes.ts'
import { certificateStatus } from './extension/codecs.ts'
import { groupName } from './group/index.ts'
import {
  certificate12,
  certificate13,
  certificateRequest12,
  certificateRequest13,
  certificateVerify,
} from './message/certificate.ts'
import type { Handshake } from './message/handshake.ts'
import { clientHello, serverHello } from './message/hello.ts'
import { ecdhClientKeyExchange, rsaClientKeyExchange, serverKeyExchange } from './message/key-exchange.ts'
import { encryptedExtensions, finished, keyUpdate, newSessionTicket12, newSessionTicket13 } from './message/small.ts'
import { extensionName, HANDSHAKE, type Version, versionName } from './numbers.ts'
import { type Suite, suiteName } from './suite.ts'

type AnyCodec = { readonly name: string; read(r: Reader): unknown }

const HEADER = 4

/** A message in hexadecimal, and its fields. */
interface Shown {
  readonly bytes: string
  readonly fields: readonly TlsField[]
}

/** Both ends show a message, and a server's certificate comes again with each connection: so many of one kind are kept. */
const KEPT = 16
const SHOWN = new Map<AnyCodec, Cache<Shown>>()

/** A message for display. One that does not parse gives the fields that could be read. */
export function shown(message: Handshake, version: Version | null, suite: Suite | null): Shown {
  const codec = codecFor(message.type, version, suite)
  if (codec === null) return { bytes: toHex(message.bytes), fields: [] }
  let known = SHOWN.get(codec)
  if (known === undefined) SHOWN.set(codec, (known = new Cache(KEPT)))
  return known.of(keyOfBytes(message.bytes), () => ({
    bytes: toHex(message.bytes),
    fields: fieldsOf(message, codec),
  }))
}

function fieldsOf(message: Handshake, codec: AnyCodec): readonly TlsField[] {
  const spans: Span[] = []
  try {
    codec.read(new Reader(message.bytes, codec.name, HEADER, message.bytes.length, spans))
  } catch {
    // The alert that follows says what is wrong.
  }
  return spans.map(fieldOf)
}

function codecFor(type: number, version: Version | null, suite: Suite | null): AnyCodec | null {
  const new13 = version === 'TLS 1.3'
  switch (type) {
    case HANDSHAKE.ClientHello:
      return clientHello
    case HANDSHAKE.ServerHello:
      return serverHello
    case HANDSHAKE.EncryptedExtensions:
      return encryptedExtensions
    case HANDSHAKE.Certificate:
      return new13 ? certificate13 : certificate12
    case HANDSHAKE.CertificateRequest:
      return new13 ? certificateRequest13 : certificateRequest12
    case HANDSHAKE.CertificateVerify:
      return certificateVerify
    case HANDSHAKE.ServerKeyExchange:
      return serverKeyExchange
    case HANDSHAKE.ClientKeyExchange:
      return suite?.exchange === 'RSA' ? rsaClientKeyExchange : ecdhClientKeyExchange
    case HANDSHAKE.CertificateStatus:
      return certificateStatus
    case HANDSHAKE.NewSessionTicket:
      return new13 ? newSessionTicket13 : newSessionTicket12
    case HANDSHAKE.Finished:
      return finished
    case HANDSHAKE.KeyUpdate:
      return keyUpdate
    default:
      return null
  }
}

function fieldOf({ protocol, field, offset, length, value }: Span): TlsField {
  const plain = value instanceof Uint8Array ? toHex(value) : value
  const name = typeof value === 'number' ? nameOf(field, value) : readable(field, value)
  return name === null
    ? { of: protocol, field, offset, length, value: plain }
    : { of: protocol, field, offset, length, value: plain, name }
}

function nameOf(field: string, value: number): string | null {
  switch (field) {
    case 'legacy_version':
    case 'version':
    case 'selected_version':
      return versionName(value)
    case 'cipher_suite':
      return suiteName(value)
    case 'extension_type':
      return extensionName(value)
    case 'named_group':
      return groupName(value)
    case 'signature_scheme':
      return schemeName(value)
    default:
      return null
  }
}

/** Schemes that we do not sign or verify with have names too. */
const OTHER_SCHEMES: Readonly<Record<number, string>> = {
  514: 'dsa_sha1',
  1539: 'ecdsa_secp521r1_sha512',
  2056: 'ed448',
}

export function schemeName(code: number): string {
  return schemeOf(code) ?? OTHER_SCHEMES[code] ?? `0x${code.toString(16).padStart(4, '0')}`
}

export const schemeCode = (scheme: keyof typeof SCHEMES): number => SCHEMES[scheme].code

function readable(field: string, value: unknown): string | null {
  if (field !== 'host_name' && field !== 'protocol_name') return null
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : null
}
