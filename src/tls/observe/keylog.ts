import { fromHex } from '../../util/bytes.ts'
import { LABELS } from '../keylog.ts'
import type { DerivedSecret } from '../schedule/schedule13.ts'

export type LoggedSecret = DerivedSecret | 'tls12'
/** Secrets by the client's random in hexadecimal. */
export type Keylog = ReadonlyMap<string, ReadonlyMap<LoggedSecret, Uint8Array>>

const NAMES = new Map(Object.entries(LABELS).map(([name, label]) => [label, name as LoggedSecret]))
const LINE = /^([A-Z0-9_]+) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2}){16,64})$/

/** SSLKEYLOGFILE (RFC 9850): comments, empty lines and labels of others are passed over. */
export function parseKeylog(text: string): Keylog {
  const all = new Map<string, Map<LoggedSecret, Uint8Array>>()
  for (const line of text.split(/\r?\n/)) {
    const match = LINE.exec(line.trim())
    const name = NAMES.get(match?.[1] ?? '')
    if (match === null || name === undefined) continue
    const random = match[2].toLowerCase()
    const secrets = all.get(random) ?? new Map()
    all.set(random, secrets.set(name, fromHex(match[3].toLowerCase())))
  }
  return all
}
