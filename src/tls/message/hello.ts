import type { Codec } from '../../util/bytes.ts'
import { equalBytes, fromHex } from '../../util/bytes.ts'
import { type Extension, readExtensions, writeExtensions } from '../extension/extension.ts'
import { readOpaque, readVector, writeOpaque, writeVector } from './vector.ts'

/** RFC 8446 4.1.2. `extensions` is null where a TLS 1.2 hello has no such block at all. */
export interface ClientHello {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly compressionMethods: Uint8Array
  readonly extensions: readonly Extension[]
}

export const clientHello: Codec<ClientHello> = {
  name: 'ClientHello',
  read: (r) => ({
    version: r.u16('legacy_version', 'hex'),
    random: r.take(32, 'random'),
    sessionId: readOpaque(r, 1, 'legacy_session_id', 0, 32),
    cipherSuites: readVector(r, 2, 'cipher_suites', 2, (inner) => inner.u16('cipher_suite', 'hex')),
    compressionMethods: readOpaque(r, 1, 'legacy_compression_methods', 1),
    extensions: r.remaining === 0 ? [] : readExtensions(r, 'ClientHello'),
  }),
  write(w, { version, random, sessionId, cipherSuites, compressionMethods, extensions }) {
    w.u16(version).take(random)
    writeOpaque(w, 1, sessionId)
    writeVector(w, 2, cipherSuites, (suite) => w.u16(suite))
    writeOpaque(w, 1, compressionMethods)
    if (extensions.length > 0) writeExtensions(w, extensions)
  },
}

/** RFC 8446 4.1.3. */
export interface ServerHello {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuite: number
  readonly compressionMethod: number
  readonly extensions: readonly Extension[]
}

/** SHA-256 of "HelloRetryRequest" in place of a random (RFC 8446 4.1.3). */
export const RETRY_RANDOM = fromHex('CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C')
export const isRetry = (random: Uint8Array): boolean => equalBytes(random, RETRY_RANDOM)

/** The last eight bytes of a server's random when it speaks less than it could (RFC 8446 4.1.3). */
export const DOWNGRADE = { tls12: fromHex('444F574E47524401'), tls11: fromHex('444F574E47524400') } as const

export const serverHello: Codec<ServerHello> = {
  name: 'ServerHello',
  read(r) {
    const version = r.u16('legacy_version', 'hex')
    const random = r.take(32, 'random')
    return {
      version,
      random,
      sessionId: readOpaque(r, 1, 'legacy_session_id_echo', 0, 32),
      cipherSuite: r.u16('cipher_suite', 'hex'),
      compressionMethod: r.u8('legacy_compression_method'),
      extensions: r.remaining === 0 ? [] : readExtensions(r, isRetry(random) ? 'HelloRetryRequest' : 'ServerHello'),
    }
  },
  write(w, { version, random, sessionId, cipherSuite, compressionMethod, extensions }) {
    w.u16(version).take(random)
    writeOpaque(w, 1, sessionId)
    w.u16(cipherSuite).u8(compressionMethod)
    if (extensions.length > 0) writeExtensions(w, extensions)
  },
}
