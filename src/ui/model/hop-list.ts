import type { Hop } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { packetTitle } from '../../explain/text/trace.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import { type Line, line, span } from './line.ts'
import { actionMark, kindMark, placeOf, progressOf } from './marks.ts'
import { allHops, forwardCount, type State } from './state.ts'

/** The hop list of the Trace screen, and which of its rows the cursor is on. */
export interface HopList {
  readonly rows: readonly Line[]
  readonly selected: number
}

export function hopList(state: State, glyphs: Glyphs): HopList {
  const hops = allHops(state.story)
  const split = forwardCount(state.story)
  const start = hops[0]?.at ?? 0
  const names = Math.max(4, ...hops.map((hop) => placeOf(hop).length))
  const devices = Math.max(3, ...hops.map((hop) => hop.device.length))
  const rows: Line[] = []
  let selected = 0
  hops.forEach((hop, i) => {
    if (i === split) rows.push(title(en.ui.reply, hop))
    if (i === state.cursor) selected = rows.length
    rows.push(hopRow(hop, i, state.cursor, { names: Math.min(names, 14), devices, start }, glyphs))
  })
  return { rows, selected }
}

function title(name: string, hop: Hop): Line {
  return line(span(` ${name} #${hop.packet} `, 'strong'), span(hop.frame === null ? '' : packetTitle(hop.frame), 'dim'))
}

function hopRow(
  hop: Hop,
  i: number,
  cursor: number,
  widths: { names: number; devices: number; start: number },
  glyphs: Glyphs,
): Line {
  const here = i === cursor
  return line(
    here ? span(glyphs.selected, 'strong') : ' ',
    `${String(hop.n).padStart(2)} `,
    kindMark(hop, progressOf(i, cursor), glyphs),
    span(
      ` ${placeOf(hop).slice(0, widths.names).padEnd(widths.names)} ${(hop.device || '-').padEnd(widths.devices)} `,
      here ? 'strong' : 'plain',
    ),
    span(`${((hop.at - widths.start) / 1e6).toFixed(3).padStart(7)} `, 'dim'),
    actionMark(hop, glyphs),
  )
}

/** Where a list of `count` rows must begin so that row `selected` shows in `room` rows, kept away from the edges. */
export function scrollFor(selected: number, count: number, room: number): number {
  if (count <= room) return 0
  return Math.max(0, Math.min(count - room, selected - Math.floor(room / 2)))
}
