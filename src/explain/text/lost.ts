import { DROPS } from '../../trace/drops.ts'
import { en } from '../messages/en.ts'
import { change } from '../messages/en-change.ts'
import { tls as words } from '../messages/en-tls.ts'
import type { Carried, CarriedRecord, Segment } from '../request/segments.ts'
import type { LostAt } from '../request/sent.ts'
import type { Names } from './alert.ts'
import { columns, labelled } from './columns.ts'

const { lost: say } = en.session

/** What of a handshake never came through: the record, its segments, and the hop where they ended. */
export function lostText({ lost: record, syn }: Carried, names: Names): string[] {
  if (record === null) return []
  const what = record.messages.length > 0 ? record.messages.join(', ') : record.contentType
  const size = record.to - record.from + 1
  const end = firstLoss(record)
  const rows = columns(record.segments.flatMap((segment) => segmentRows(segment)))
  const passed = syn === null || record.by === 'server' ? [] : [say.synPassed(syn.packet, syn.length)]
  const after: (readonly [string, string])[] =
    end === null
      ? []
      : [
          [words.heading.fix, fixOf(end.lost, end.length)],
          ['', `${en.heading.onNode} ${machineOf(end.lost)}:  ${DROPS[end.lost.reason].hint}`],
        ]
  return labelled([
    [say.title, say.record(record.record, names[record.by], what, size, record.segments.length)],
    ...[...rows, ...passed].map((line) => ['', line] as const),
    ...after,
  ])
}

/** `the ClientHello of client was lost at hop 10, node-1 eth0`. Null where nothing was. */
export function lostHeadline({ lost: record }: Carried, names: Names): string | null {
  const end = record === null ? null : firstLoss(record)
  if (record === null || end === null) return null
  const { lost } = end
  return say.headline(record.messages[0] ?? record.contentType, names[record.by], lost.hop, placeOf(lost), lost.why)
}

function firstLoss({ segments }: CarriedRecord): { readonly lost: LostAt; readonly length: number } | null {
  for (const { packets } of segments) for (const { lost, length } of packets) if (lost !== null) return { lost, length }
  return null
}

function segmentRows({ from, to, packets }: Segment): string[][] {
  const head = [say.bytes(from, to), say.length(packets[0].length)]
  const gone = packets.filter(({ lost }) => lost !== null)
  const last = packets[packets.length - 1]
  if (gone.length < packets.length) return [[...head, say.arrived(packets.length, last.packet)]]
  const [{ packet, lost }] = gone
  if (lost === null) return []
  return [
    [...head, say.dropped(packet, packets.length)],
    ['', '', say.at(lost.hop, placeOf(lost), lost.length)],
    ['', '', lost.why],
  ]
}

const machineOf = ({ node, netns }: LostAt): string => (netns === 'host' ? node : netns.replace(/^default\//, ''))
const placeOf = (at: LostAt): string => `${machineOf(at)}${at.device === '' ? '' : ` ${at.device}`}`

/** The pods' MTU that fits, where the drop says how much does. */
function fixOf({ reason, why, length }: LostAt, sent: number): string {
  if (reason !== 'too-big') return change.lost
  const mtu = /mtu (\d+)/.exec(why)?.[1]
  return change.tooBig(mtu === undefined || length === null ? null : Number(mtu) - (length - sent))
}
