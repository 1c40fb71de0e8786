import type { AlertName } from '../../../src/tls/alert.ts'
import { isRetry } from '../../../src/tls/message/hello.ts'
import { EXTENSION, VERSION_CODE, type Version } from '../../../src/tls/numbers.ts'
import type { TlsField, TlsRole } from '../../../src/trace/steps/tls.ts'
import type { Course } from './courses.ts'
import { rulingOn } from './rules.ts'

/** A handshake message in the clear that is not as it was sent. */
export interface Altered {
  readonly victim: TlsRole
  readonly course: Course
  readonly resumed: boolean
  readonly clientAuth: boolean
  readonly name: string
  /** Null where no message of this name was due. */
  readonly original: Uint8Array | null
  readonly message: Uint8Array
  readonly fields: readonly TlsField[]
  /** It can still be read to its end. */
  readonly parses: boolean
  /** Not the first message to this end: a second ClientHello or ServerHello. */
  readonly second: boolean
}

export interface Ruling {
  /** Where the message is refused. */
  readonly now: readonly AlertName[]
  /** Where it is taken: who may give up later, and how. Null where it must be refused. */
  readonly later: Readonly<Record<TlsRole, readonly AlertName[]>> | null
}

/** What leaves the session unused: then nobody looks at its binder. */
const FALLS_BACK = ['identity', 'ke_mode', 'extension_type', 'host_name', 'name_type', 'cipher_suite', 'data']

function fallsBackBy(field: TlsField, { course, original }: Altered): boolean {
  if (original === null) return false
  const was = value(original, field)
  // Without the extended master secret nothing is resumed, and nothing goes on (RFC 7627 5.3).
  if (field.field === 'extension_type' && was === EXTENSION.extended_master_secret) return false
  if (field.field === 'legacy_session_id') return course.resumption === 'session id'
  return FALLS_BACK.includes(field.field)
}

/** RFC 8446 4.2.1: the server's choice among the versions that a ClientHello names after the change. */
function settledBy(
  { name, course, message }: Altered,
  original: Uint8Array,
  changed: readonly TlsField[],
  lost: readonly number[],
): Version | null {
  if (name !== 'ClientHello') return course.version
  const versions = changed.filter(({ field }) => field === 'version')
  const [was, is] = [versions.map((at) => value(original, at)), versions.map((at) => value(message, at))]
  const gone = lost.includes(EXTENSION.supported_versions) ? [VERSION_CODE['TLS 1.3']] : was
  const named = (version: Version): boolean =>
    (course.offered.includes(version) && !gone.includes(VERSION_CODE[version])) || is.includes(VERSION_CODE[version])
  return course.served.find(named) ?? null
}

const value = (bytes: Uint8Array, { offset, length }: TlsField): number =>
  bytes.subarray(offset, offset + length).reduce((sum, byte) => sum * 256 + byte, 0)

/** What the RFCs say of each field that was changed, put together: refused if one of them must be, for one of their reasons. */
export function alteredFields(altered: Altered): Ruling {
  const { original, message, fields } = altered
  // RFC 8446 4.1.4: a second HelloRetryRequest.
  if (altered.name === 'ServerHello' && altered.second && isRetry(message.subarray(6, 38))) {
    return { now: ['unexpected_message', 'decode_error', 'illegal_parameter'], later: null }
  }
  // Of another length, or not due: its fields do not lie where they lay.
  if (original === null || original.length !== message.length) {
    return { now: [...shiftedIn(altered.name), 'decrypt_error'], later: null }
  }
  const changed = fields.filter(({ offset, length }) => {
    for (let i = offset; i < offset + length; i++) if (original[i] !== message[i]) return true
    return false
  })
  const shifted = shiftedIn(altered.name)
  // What is in an extension that has become another is no field of it any more: its new type is judged.
  const judged = changed.filter((field) => !changed.some((other) => other === typeOver(field, fields)))
  const lost = changed.filter(({ field }) => field === 'extension_type').map((at) => value(original, at))
  const settled = settledBy(altered, original, changed, lost)
  const rulings = judged.map((field) => {
    const fallsBack =
      settled !== altered.course.version ||
      changed.some((other) => fallsBackBy(other, altered) || (altered.parses && isLength(other)))
    const of = {
      ...altered,
      at: field,
      lost,
      settled,
      fallsBack,
      is: value(message, field),
      was: value(original, field),
    }
    if (!isLength(field)) return rulingOn(of)
    return altered.parses
      ? { now: [...shifted, ...rulingOn(of).now], later: rulingOn(of).later }
      : { now: shifted, later: null }
  })
  const sum = together(rulings)
  if (settled === null || settled === altered.course.version || altered.second) return sum
  // What TLS 1.3 has against the other fields is not asked any more (RFC 8446 4.1.3).
  return { now: sum.now, later: { client: ['illegal_parameter'], server: [] } }
}

/**
 * A length that is wrong is a decode_error (RFC 8446 6.2), unless what then stands in the place of a field is refused before, or
 * what it cuts off or takes in can be read as well.
 */
const SHIFTED: readonly AlertName[] = [
  'decode_error',
  'illegal_parameter',
  'unsupported_extension',
  'missing_extension',
]

/** In a hello it may have taken away supported_versions, the names of ALPN, or the extended master secret of a session. */
const shiftedIn = (name: string): readonly AlertName[] =>
  name.endsWith('Hello') ? [...SHIFTED, 'protocol_version', 'no_application_protocol', 'handshake_failure'] : SHIFTED

/** The type of the extension that a field lies in. */
function typeOver(field: TlsField, fields: readonly TlsField[]): TlsField | undefined {
  if (field.field.startsWith('extension_') || field.of.endsWith('Hello')) return undefined
  return fields.findLast(({ field: name, offset }) => name === 'extension_type' && offset < field.offset)
}

const isLength = ({ field }: TlsField): boolean => field.endsWith('length')

function together(rulings: readonly Ruling[]): Ruling {
  const now = new Set(rulings.flatMap((ruling) => ruling.now))
  if (rulings.some(({ later }) => later === null)) return { now: [...now], later: null }
  const of = (role: TlsRole): AlertName[] => [...new Set(rulings.flatMap(({ later }) => later?.[role] ?? []))]
  return { now: [...now], later: { client: of('client'), server: of('server') } }
}
