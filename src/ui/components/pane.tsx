import { Box, Text } from 'ink'
import { memo, type ReactElement } from 'react'
import { type Line, line, lineWidth, render, span } from '../model/line.ts'
import { width } from '../terminal/cells.ts'
import type { Theme } from '../theme/theme.ts'

export interface PaneProps {
  readonly title: Line
  readonly rows: readonly Line[]
  readonly width: number
  readonly height: number
  readonly focused?: boolean
  readonly theme: Theme
  /** First row shown; the pane shows what fits from there. */
  readonly scroll?: number
}

/** A bordered box of rows, exactly `width` x `height` cells; its border is double when it has the focus. */
export const Pane = memo(function Pane(props: PaneProps): ReactElement {
  return (
    <Box flexDirection="column" width={props.width} height={props.height} flexShrink={0}>
      <Text wrap="truncate">{paneLines(props).join('\n')}</Text>
    </Box>
  )
})

/** The pane as styled lines. */
export function paneLines({
  title,
  rows,
  width: cells,
  height,
  focused = false,
  theme,
  scroll = 0,
}: PaneProps): string[] {
  const border = focused ? theme.glyphs.focus : theme.glyphs.line
  const tone = focused ? 'strong' : 'dim'
  const inside = cells - 2
  const head = lineWidth(title) === 0 ? [] : [span(`${border.horizontal} `, tone), ...title, span(' ', tone)]
  const rest = Math.max(0, inside - lineWidth(head))
  const top = [
    span(border.topLeft, tone),
    ...clip(head, inside),
    span(border.horizontal.repeat(rest) + border.topRight, tone),
  ]
  const bottom = line(span(border.bottomLeft + border.horizontal.repeat(inside) + border.bottomRight, tone))
  const side = theme.style(tone, border.vertical)
  const body = Array.from({ length: Math.max(0, height - 2) }, (_, i) => {
    return side + render(rows[i + scroll] ?? [], inside, theme) + side
  })
  return [render(top, cells, theme), ...body, render(bottom, cells, theme)]
}

function clip(row: Line, cells: number): Line {
  let left = cells
  return row.flatMap((part) => {
    if (left <= 0) return []
    const text = width(part.text) <= left ? part.text : part.text.slice(0, left)
    left -= width(text)
    return [{ ...part, text }]
  })
}
