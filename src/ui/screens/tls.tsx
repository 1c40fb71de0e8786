import { Box } from 'ink'
import type { ReactElement } from 'react'
import { en } from '../../explain/messages/en.ts'
import { Pane } from '../components/pane.tsx'
import { besideOf, DETAILS, type Detail, detailRows, ladderRows, nameOf, rowOfRung } from '../model/handshake.ts'
import { scrollFor } from '../model/hop-list.ts'
import { folded, type Line, line, span } from '../model/line.ts'
import { chromeRows, ScreenFrame, type ScreenProps } from './frame.tsx'

/** Cells of the ladder's pane. */
const LADDER = { wide: 52, narrow: 44 } as const

/** A handshake as a ladder, and beside it what the chosen message says, decides and derives. */
export function TlsScreen(props: ScreenProps): ReactElement {
  const { state, theme, width, height } = props
  const { above, below } = chromeRows(height)
  const body = height - above - below
  const handshake = state.handshakes[state.talk]
  if (handshake === undefined) return <ScreenFrame {...props}>{null}</ScreenFrame>
  const room = width >= 100 ? 'wide' : 'narrow'
  const left = Math.min(LADDER[room], width - 24)
  const right = width - left
  const ladder = ladderRows(handshake, state.rung, theme.glyphs, room)
  const title = (detail: Detail): Line => line(en.ui.tls.details[detail], span(`  ${tabs(detail)}`, 'dim'))
  const rows = (detail: Detail): Line[] =>
    detailRows(handshake, state.rung, detail, theme.glyphs).flatMap((row) => folded(row, right - 2))
  const chosen = handshake.rungs[state.rung]
  const second = besideOf(handshake, state.rung, state.detail)
  const upper = body >= 26 ? Math.ceil(body / 2) : body
  const pane = { width: right, theme }
  return (
    <ScreenFrame {...props}>
      <Box height={body}>
        <Pane
          title={line(en.ui.tls.ladder, span(chosen === undefined ? '' : `  ${nameOf(chosen)}`, 'dim'))}
          rows={ladder}
          scroll={scrollFor(rowOfRung(handshake, state.rung), ladder.length, body - 2)}
          width={left}
          height={body}
          focused
          theme={theme}
        />
        <Box flexDirection="column" width={right}>
          <Pane title={title(state.detail)} rows={rows(state.detail)} scroll={state.scroll} height={upper} {...pane} />
          {upper < body && <Pane title={title(second)} rows={rows(second)} height={body - upper} {...pane} />}
        </Box>
      </Box>
    </ScreenFrame>
  )
}

const tabs = (detail: Detail): string => `${DETAILS.indexOf(detail) + 1}/${DETAILS.length} Tab`
