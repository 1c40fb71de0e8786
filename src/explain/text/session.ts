import type { Glance } from '../glance.ts'
import { en } from '../messages/en.ts'
import type { PacketLine } from '../session.ts'
import { columns } from './columns.ts'
import { packetTitle } from './trace.ts'

/** A program's packets, one a line: when, which way, what, and the far end. */
export function packetTable(lines: readonly PacketLine[]): string[] {
  const start = lines[0]?.at ?? 0
  const rows = lines.map((line) => [
    ((line.at - start) / 1e6).toFixed(3).padStart(9),
    line.direction === 'sent' ? '->' : '<-',
    packetTitle(line.frame),
    `len ${line.frame.ip?.length ?? line.frame.length}`,
    farEnd(line),
  ])
  return columns(rows)
}

function farEnd({ direction, peer, lost, translated, end }: PacketLine): string {
  const name = translated === null ? peer : `${peer} ${translated}`
  if (lost !== null) {
    const from = direction === 'sent' ? '' : `${en.session.from} ${name}, `
    return `${from}${en.session.endedAt} ${end}: ${lost}`
  }
  return direction === 'sent' ? name : `${en.session.from} ${name}`
}

/** `DNS ok > TCP ok > http 200`; a stage that failed stands in capitals. */
export function glanceText(glance: Glance): string {
  return glance
    .map(({ stage, outcome, ok }) => `${ok ? en.session.stage[stage] : stage.toUpperCase()} ${outcome}`)
    .join(' > ')
}
