import type { Codec } from '../../util/bytes.ts'
import { certificateAuthorities, signatureAlgorithms } from '../extension/codecs.ts'
import { type Extension, readExtensions, writeExtensions } from '../extension/extension.ts'
import { readOpaque, readVector, writeOpaque, writeVector } from './vector.ts'

export interface CertificateEntry {
  /** DER. */
  readonly data: Uint8Array
  readonly extensions: readonly Extension[]
}

/** RFC 8446 4.4.2; the leaf first. */
export interface Certificate13 {
  readonly context: Uint8Array
  readonly entries: readonly CertificateEntry[]
}

export const certificate13: Codec<Certificate13> = {
  name: 'Certificate',
  read: (r) => ({
    context: readOpaque(r, 1, 'certificate_request_context'),
    entries: readVector(r, 3, 'certificate_list', 0, (inner) => ({
      data: readOpaque(inner, 3, 'cert_data', 1),
      extensions: readExtensions(inner, 'Certificate'),
    })),
  }),
  write(w, { context, entries }) {
    writeOpaque(w, 1, context)
    writeVector(w, 3, entries, ({ data, extensions }) => {
      writeOpaque(w, 3, data)
      writeExtensions(w, extensions)
    })
  },
}

/** RFC 5246 7.4.2. */
export const certificate12: Codec<readonly Uint8Array[]> = {
  name: 'Certificate',
  read: (r) => readVector(r, 3, 'certificate_list', 0, (inner) => readOpaque(inner, 3, 'ASN.1Cert', 1)),
  write: (w, chain) => writeVector(w, 3, chain, (certificate) => writeOpaque(w, 3, certificate)),
}

/** RFC 8446 4.3.2. */
export interface CertificateRequest13 {
  readonly context: Uint8Array
  readonly extensions: readonly Extension[]
}

export const certificateRequest13: Codec<CertificateRequest13> = {
  name: 'CertificateRequest',
  read: (r) => ({
    context: readOpaque(r, 1, 'certificate_request_context'),
    extensions: readExtensions(r, 'CertificateRequest'),
  }),
  write(w, { context, extensions }) {
    writeOpaque(w, 1, context)
    writeExtensions(w, extensions)
  },
}

/** RFC 5246 7.4.4. Types: rsa_sign 1, ecdsa_sign 64. */
export interface CertificateRequest12 {
  readonly types: Uint8Array
  readonly schemes: readonly number[]
  readonly authorities: readonly Uint8Array[]
}

export const certificateRequest12: Codec<CertificateRequest12> = {
  name: 'CertificateRequest',
  read: (r) => ({
    types: readOpaque(r, 1, 'certificate_types', 1),
    schemes: signatureAlgorithms.read(r),
    authorities: readVector(r, 2, 'certificate_authorities', 0, (inner) =>
      readOpaque(inner, 2, 'distinguished_name', 1),
    ),
  }),
  write(w, { types, schemes, authorities }) {
    writeOpaque(w, 1, types)
    signatureAlgorithms.write(w, schemes)
    certificateAuthorities.write(w, authorities)
  },
}

/** A signature by a scheme: CertificateVerify (RFC 8446 4.4.3, RFC 5246 7.4.8) and the end of a ServerKeyExchange. */
export interface Signed {
  readonly scheme: number
  readonly signature: Uint8Array
}

export const certificateVerify: Codec<Signed> = {
  name: 'CertificateVerify',
  read: (r) => ({ scheme: r.u16('signature_scheme', 'hex'), signature: readOpaque(r, 2, 'signature') }),
  write(w, { scheme, signature }) {
    w.u16(scheme)
    writeOpaque(w, 2, signature)
  },
}
