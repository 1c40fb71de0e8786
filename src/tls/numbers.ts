/** Code points, as RFC 8446 and the IANA TLS registries print them. */
export const VERSION = { ssl3: 0x0300, tls10: 0x0301, tls11: 0x0302, tls12: 0x0303, tls13: 0x0304 } as const
export type Version = 'TLS 1.2' | 'TLS 1.3'
export const VERSION_CODE: Readonly<Record<Version, number>> = { 'TLS 1.2': 0x0303, 'TLS 1.3': 0x0304 }

export const CONTENT = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const
const CONTENT_NAMES: Readonly<Record<number, string>> = {
  20: 'change_cipher_spec',
  21: 'alert',
  22: 'handshake',
  23: 'application_data',
}
export const contentName = (type: number): string => CONTENT_NAMES[type] ?? `content type ${type}`

export const HANDSHAKE = {
  HelloRequest: 0,
  ClientHello: 1,
  ServerHello: 2,
  NewSessionTicket: 4,
  EndOfEarlyData: 5,
  EncryptedExtensions: 8,
  Certificate: 11,
  ServerKeyExchange: 12,
  CertificateRequest: 13,
  ServerHelloDone: 14,
  CertificateVerify: 15,
  ClientKeyExchange: 16,
  Finished: 20,
  CertificateStatus: 22,
  KeyUpdate: 24,
  message_hash: 254,
} as const
export type HandshakeName = keyof typeof HANDSHAKE

const HANDSHAKE_NAMES = new Map<number, string>(Object.entries(HANDSHAKE).map(([name, code]) => [code, name]))
export const handshakeName = (type: number): string => HANDSHAKE_NAMES.get(type) ?? `handshake type ${type}`

export const EXTENSION = {
  server_name: 0,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  application_layer_protocol_negotiation: 16,
  signed_certificate_timestamp: 18,
  padding: 21,
  encrypt_then_mac: 22,
  extended_master_secret: 23,
  record_size_limit: 28,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  renegotiation_info: 0xff01,
} as const
export type ExtensionName = keyof typeof EXTENSION

const EXTENSION_NAMES = new Map<number, ExtensionName>(
  Object.entries(EXTENSION).map(([name, code]) => [code, name as ExtensionName]),
)

/** RFC 8701: values that mean nothing and must be ignored, so that ignoring stays possible. */
export const isGrease = (code: number): boolean => (code & 0x0f0f) === 0x0a0a && code >>> 8 === (code & 0xff)

export function extensionName(type: number): string {
  return EXTENSION_NAMES.get(type) ?? (isGrease(type) ? 'GREASE' : `extension ${type}`)
}

export function versionName(code: number): string {
  switch (code) {
    case 0x0002:
      return 'SSL 2.0'
    case VERSION.ssl3:
      return 'SSL 3.0'
    case VERSION.tls10:
      return 'TLS 1.0'
    case VERSION.tls11:
      return 'TLS 1.1'
    case VERSION.tls12:
      return 'TLS 1.2'
    case VERSION.tls13:
      return 'TLS 1.3'
    default:
      return isGrease(code) ? 'GREASE' : `0x${code.toString(16).padStart(4, '0')}`
  }
}
