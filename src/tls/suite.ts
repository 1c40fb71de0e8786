import { isGrease, type Version } from './numbers.ts'

export type HashName = 'sha256' | 'sha384'
export type AeadName = 'AES-128-GCM' | 'AES-256-GCM' | 'ChaCha20-Poly1305'
export type CbcName = 'AES-128-CBC' | 'AES-256-CBC'

/** A cipher suite. `cipher` says how records are protected; `hash` drives HKDF, PRF and transcript. */
export interface Suite {
  readonly name: string
  readonly code: number
  readonly version: Version
  readonly hash: HashName
  readonly cipher: AeadName | CbcName
  /** The record MAC of CBC suites. */
  readonly mac: 'sha1' | 'sha256' | null
  /** How TLS 1.2 agrees on the premaster secret; TLS 1.3 suites leave it open. */
  readonly exchange: 'ECDHE' | 'RSA' | null
  /** The kind of certificate key TLS 1.2 wants. */
  readonly auth: 'rsa' | 'ecdsa' | null
}

function suite13(code: number, name: string, cipher: AeadName, hash: HashName): Suite {
  return { name, code, version: 'TLS 1.3', hash, cipher, mac: null, exchange: null, auth: null }
}

function suite12(
  code: number,
  name: string,
  [exchange, auth]: readonly ['ECDHE' | 'RSA', 'rsa' | 'ecdsa'],
  cipher: AeadName | CbcName,
  hash: HashName,
  mac: 'sha1' | 'sha256' | null = null,
): Suite {
  return { name, code, version: 'TLS 1.2', hash, cipher, mac, exchange, auth }
}

const EC = ['ECDHE', 'ecdsa'] as const
const ER = ['ECDHE', 'rsa'] as const
const RR = ['RSA', 'rsa'] as const

/** RFC 8446 B.4, RFC 5289, RFC 7905, RFC 5288, RFC 5246 A.5, RFC 8422 6. */
export const SUITES: readonly Suite[] = [
  suite13(0x1301, 'TLS_AES_128_GCM_SHA256', 'AES-128-GCM', 'sha256'),
  suite13(0x1302, 'TLS_AES_256_GCM_SHA384', 'AES-256-GCM', 'sha384'),
  suite13(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'ChaCha20-Poly1305', 'sha256'),
  suite12(0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', EC, 'AES-128-GCM', 'sha256'),
  suite12(0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', ER, 'AES-128-GCM', 'sha256'),
  suite12(0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', EC, 'AES-256-GCM', 'sha384'),
  suite12(0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', ER, 'AES-256-GCM', 'sha384'),
  suite12(0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', EC, 'ChaCha20-Poly1305', 'sha256'),
  suite12(0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', ER, 'ChaCha20-Poly1305', 'sha256'),
  suite12(0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', EC, 'AES-128-CBC', 'sha256', 'sha1'),
  suite12(0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', ER, 'AES-128-CBC', 'sha256', 'sha1'),
  suite12(0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', EC, 'AES-256-CBC', 'sha256', 'sha1'),
  suite12(0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', ER, 'AES-256-CBC', 'sha256', 'sha1'),
  suite12(0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', EC, 'AES-128-CBC', 'sha256', 'sha256'),
  suite12(0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', ER, 'AES-128-CBC', 'sha256', 'sha256'),
  suite12(0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256', RR, 'AES-128-GCM', 'sha256'),
  suite12(0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384', RR, 'AES-256-GCM', 'sha384'),
  suite12(0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA', RR, 'AES-128-CBC', 'sha256', 'sha1'),
  suite12(0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA', RR, 'AES-256-CBC', 'sha256', 'sha1'),
  suite12(0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256', RR, 'AES-128-CBC', 'sha256', 'sha256'),
]

/** Not suites: RFC 5746 3.3 and RFC 7507. */
export const SCSV = { renegotiation: 0x00ff, fallback: 0x5600 } as const

const BY_CODE = new Map(SUITES.map((suite) => [suite.code, suite]))
const BY_NAME = new Map(SUITES.map((suite) => [suite.name, suite]))

export const suiteOf = (code: number): Suite | null => BY_CODE.get(code) ?? null

/** Throws `RangeError` on a name that is not in `SUITES`. */
export function suiteNamed(name: string): Suite {
  const suite = BY_NAME.get(name)
  if (suite === undefined) throw new RangeError(`suite: expected a known cipher suite, got ${name}`)
  return suite
}

/** What everybody should use; RSA key exchange and CBC must be asked for by name. */
export const DEFAULT_SUITES: readonly string[] = SUITES.filter(
  ({ mac, exchange }) => mac === null && exchange !== 'RSA',
).map(({ name }) => name)

export function suiteName(code: number): string {
  const suite = BY_CODE.get(code)
  if (suite !== undefined) return suite.name
  if (code === SCSV.renegotiation) return 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV'
  if (code === SCSV.fallback) return 'TLS_FALLBACK_SCSV'
  return isGrease(code) ? 'GREASE' : `0x${code.toString(16).padStart(4, '0')}`
}

/** Versions without a suite of their own cannot be spoken, and are not offered. Throws `RangeError` when none is left. */
export function speakable(
  versions: readonly Version[] | undefined,
  suites: readonly string[] | undefined,
): readonly Version[] {
  const named = (suites ?? DEFAULT_SUITES).map(suiteNamed)
  const left = (versions ?? ALL_VERSIONS).filter((version) => named.some((suite) => suite.version === version))
  if (left.length === 0) throw new RangeError('suites: expected at least one of an enabled version')
  return left
}

const ALL_VERSIONS: readonly Version[] = ['TLS 1.3', 'TLS 1.2']
