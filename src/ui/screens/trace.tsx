import { Box } from 'ink'
import type { ReactElement } from 'react'
import { en } from '../../explain/messages/en.ts'
import { packetTitle } from '../../explain/text/trace.ts'
import { Pane } from '../components/pane.tsx'
import { conntrackRows, whyRows } from '../model/detail.ts'
import { diffRows } from '../model/diff-rows.ts'
import { hopList, scrollFor } from '../model/hop-list.ts'
import { line, span } from '../model/line.ts'
import { allHops } from '../model/state.ts'
import { chromeRows, ScreenFrame, type ScreenProps } from './frame.tsx'

/** The hops as a list, and beside it what each changed in the bytes and why. */
export function TraceScreen(props: ScreenProps): ReactElement {
  const { state, theme, width, height } = props
  const { above, below } = chromeRows(height)
  const body = height - above - below
  const list = hopList(state, theme.glyphs)
  const left = Math.min(Math.max(40, Math.floor(width * 0.45)), 58)
  const right = width - left
  const why = Math.max(5, Math.min(12, Math.floor(body / 3)))
  const hop = allHops(state.story)[state.cursor]
  const title = hop?.frame ? packetTitle(hop.frame) : ''
  return (
    <ScreenFrame {...props}>
      <Box height={body}>
        <Pane
          title={line(`${en.ui.hops} #${hop?.packet ?? 0} `, span(title, 'dim'))}
          rows={list.rows}
          scroll={scrollFor(list.selected, list.rows.length, body - 2)}
          width={left}
          height={body}
          focused={state.focus === 0}
          theme={theme}
        />
        <Box flexDirection="column" width={right}>
          <Pane
            title={line(
              en.ui.diff,
              span(`  ${en.ui.legend.added}  ${en.ui.legend.removed}  ${en.ui.legend.changed}`, 'dim'),
            )}
            rows={diffRows(state, right - 2)}
            scroll={state.focus === 1 ? state.scroll : 0}
            width={right}
            height={body - why}
            focused={state.focus === 1}
            theme={theme}
          />
          <Pane
            title={line(en.ui.why)}
            rows={[...whyRows(state, right - 2), ...conntrackRows(state)]}
            width={right}
            height={why}
            theme={theme}
          />
        </Box>
      </Box>
    </ScreenFrame>
  )
}
