import type { Event } from '../../trace/step.ts'
import type { TlsEvent, TlsField, TlsProtection, TlsRole } from '../../trace/steps/tls.ts'
import { tls as en } from '../messages/en-tls.ts'
import { columns } from './columns.ts'

type Of<K extends TlsEvent['kind']> = Extract<TlsEvent, { kind: K }>

const SHOWN = 64

/**
 * Everything one end did, in order: negotiation with each rejected candidate, messages with their fields, the transcript hash
 * after each, the key schedule as inputs -> operation -> secret, and how each record was sealed or opened.
 */
export function handshakeDetail(events: readonly Event[], role: TlsRole): string[] {
  const own = events.filter(
    (event): event is TlsEvent => event.kind.startsWith('tls-') && (event as TlsEvent).role === role,
  )
  return own.length === 0 ? [] : [`${en.heading.detail}  (${role})`, ...own.flatMap(lines)]
}

function lines(event: TlsEvent): string[] {
  switch (event.kind) {
    case 'tls-message':
      return message(event)
    case 'tls-record':
      return record(event)
    case 'tls-negotiation':
      return negotiation(event)
    case 'tls-derivation':
      return derivation(event)
    case 'tls-transcript':
      return [`     ${en.transcript}  ${event.algorithm} after ${event.after}: ${event.hash}`]
    case 'tls-verification':
      return [`     ${event.ok ? en.verified : en.notVerified}  ${event.what} of the ${event.by}: ${event.detail}`]
    case 'tls-state':
      return [`   ${en.state}  ${event.from} -> ${event.to}`]
    case 'tls-note':
      return [`     ${en.note}  ${event.text}`]
    case 'tls-alert':
      return [
        '',
        ` ${way(event)} ALERT ${event.level} ${event.code} ${event.description}`,
        `     ${event.rule}  (${event.rfc})`,
      ]
  }
}

const way = ({ direction }: { readonly direction: 'sent' | 'received' }): string => en[direction]

function message(event: Of<'tls-message'>): string[] {
  const rows = event.fields.filter(({ field }) => !field.endsWith(' length')).map(fieldRow)
  return ['', ` ${way(event)} ${event.message}  ${event.bytes.length / 2} bytes, ${event.epoch}`, ...columns(rows)]
}

const fieldRow = ({ of, field, offset, value, name }: TlsField): string[] => [
  `     ${String(offset).padStart(4)}`,
  `${of}.${field}`,
  name === undefined ? shown(value) : typeof value === 'number' ? `${name} (0x${value.toString(16)})` : name,
]

function shown(value: number | string): string {
  if (typeof value === 'number') return String(value)
  return value.length <= SHOWN ? value : `${value.slice(0, SHOWN)}… ${value.length / 2} bytes`
}

function record(event: Of<'tls-record'>): string[] {
  const { contentType, length, epoch, protection, version } = event
  const head = ` ${way(event)} ${en.record}  ${contentType}, version 0x${version.toString(16).padStart(4, '0')}, ${length} bytes`
  if (protection === null) return [`${head}, ${en.plaintext}`]
  return [`${head}, ${epoch} keys`, ...sealing(protection)]
}

function sealing({ algorithm, sequence, nonce, additionalData, innerType, content, padding, overhead }: TlsProtection) {
  return columns([
    ['      cipher', `${algorithm}, record ${sequence} under these keys`],
    ['      nonce', nonce],
    ['      AAD', additionalData],
    ['      inside', `${innerType}: ${content} bytes + ${padding} padding + ${overhead} the cipher's`],
  ])
}

function negotiation({ subject, offered, supported, chosen, why, rejected }: Of<'tls-negotiation'>): string[] {
  return [
    `     ${subject}`,
    ...columns([
      ...(offered.length === 0 ? [] : [[`       ${en.offered}`, offered.join(', ')]]),
      ...(supported.length === 0 ? [] : [[`       ${en.supported}`, supported.join(', ')]]),
      [`       ${en.chosen}`, `${chosen ?? '-'}: ${why}`],
      ...rejected.map(({ candidate, reason }) => [`       ${en.rejected}`, `${candidate}: ${reason}`]),
    ]),
  ]
}

function derivation({ operation, output, label, inputs, length, value }: Of<'tls-derivation'>): string[] {
  const secret = (bytes: string | null, size: number | null): string =>
    bytes === null ? (size === null ? en.hidden(0).replace('0 ', '') : en.hidden(size)) : shown(bytes)
  const named = label === '' ? '' : ` "${label}"`
  return [
    `     ${output} = ${operation}${named}`,
    ...columns([
      ...inputs.map((input) => [`       ${input.name}`, secret(input.value, null)]),
      [`       = ${output}`, secret(value, length)],
    ]),
  ]
}
