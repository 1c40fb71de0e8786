import type { TlsEvent, TlsField } from '../../trace/steps/tls.ts'

type Message = Extract<TlsEvent, { kind: 'tls-message' }>

/** What a hello says in a line or two: SNI, versions and groups offered; the suite and group taken. Nothing for other messages. */
export function helloSummary({ message, fields }: Message): string[] {
  if (message === 'ClientHello') {
    const name = fields.find((field) => field.field === 'host_name')?.name
    const first = name === undefined ? 'no SNI' : `SNI ${name}`
    const protocols = namesOf(fields, 'ALPN', 'protocol_name')
    const more = protocols.length === 0 ? [] : [`ALPN ${protocols.join(', ')}`]
    return [
      [first, list(namesOf(fields, 'supported_versions', 'version')), ...more].filter(Boolean).join(' · '),
      `groups ${list(namesOf(fields, 'supported_groups', 'named_group')) || 'none'}, shares for ${list(namesOf(fields, 'key_share', 'named_group')) || 'none'}`,
    ]
  }
  if (message !== 'ServerHello') return []
  const suite = fields.find(({ field }) => field === 'cipher_suite')?.name
  const group = namesOf(fields, 'key_share', 'named_group')
  return [[suite, ...group].filter(Boolean).join(' · ')]
}

const list = (names: readonly string[]): string => names.join(', ')

function namesOf(fields: readonly TlsField[], of: string, field: string): string[] {
  const all = fields.filter((each) => each.field === field && (each.of === of || of === 'ALPN'))
  return all.map(({ name, value }) => name ?? String(value))
}
