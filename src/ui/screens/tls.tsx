import { Box } from 'ink'
import type { ReactElement } from 'react'
import { en } from '../../explain/messages/en.ts'
import { Pane } from '../components/pane.tsx'
import { besideOf, DETAILS, type Detail, detailRows, ladderRows, nameOf, rowOfRung } from '../model/handshake.ts'
import { scrollFor } from '../model/hop-list.ts'
import { folded, type Line, line, span, squeezed } from '../model/line.ts'
import { chromeRows, ScreenFrame, type ScreenProps } from './frame.tsx'

/** The packets below all else, where there are rows for it. */
const BELOW = { from: 32, height: 7 } as const
/** Cells of the ladder's pane. */
const LADDER = { wide: 52, narrow: 44 } as const

/** A handshake as a ladder, and beside it what the chosen message says, decides and derives. */
export function TlsScreen(props: ScreenProps): ReactElement {
  const { state, theme, width, height } = props
  const chrome = chromeRows(height)
  const body = height - chrome.above - chrome.below
  const handshake = state.handshakes[state.talk]
  if (handshake === undefined) return <ScreenFrame {...props}>{null}</ScreenFrame>
  const room = width >= 100 ? 'wide' : 'narrow'
  const left = Math.min(LADDER[room], width - 24)
  const right = width - left
  const { glyphs } = theme
  const ladder = ladderRows(handshake, state.rung, glyphs, room)
  const title = (detail: Detail): Line => line(en.ui.tls.details[detail], span(`  ${tabs(detail)}`, 'dim'))
  const rows = (detail: Detail, cells: number): Line[] =>
    detailRows(handshake, state.rung, detail, glyphs).flatMap((row) => folded(squeezed(row, cells), cells))
  const chosen = handshake.rungs[state.rung]
  const second = besideOf(handshake, state.rung, state.detail)
  const below = room === 'wide' && body >= BELOW.from && state.detail !== 'packets' ? BELOW.height : 0
  const main = body - below
  const upper = main >= 24 ? Math.ceil(main / 2) : main
  const pane = { width: right, theme }
  return (
    <ScreenFrame {...props}>
      <Box height={main}>
        <Pane
          title={line(en.ui.tls.ladder, span(chosen === undefined ? '' : `  ${nameOf(chosen)}`, 'dim'))}
          rows={ladder}
          scroll={scrollFor(rowOfRung(handshake, state.rung, glyphs), ladder.length, main - 2)}
          width={left}
          height={main}
          focused
          theme={theme}
        />
        <Box flexDirection="column" width={right}>
          <Pane
            title={title(state.detail)}
            rows={rows(state.detail, right - 2)}
            scroll={state.scroll}
            height={upper}
            {...pane}
          />
          {upper < main && (
            <Pane title={title(second)} rows={rows(second, right - 2)} height={main - upper} {...pane} />
          )}
        </Box>
      </Box>
      {below > 0 && (
        <Pane title={title('packets')} rows={rows('packets', width - 2)} width={width} height={below} theme={theme} />
      )}
    </ScreenFrame>
  )
}

const tabs = (detail: Detail): string => `${DETAILS.indexOf(detail) + 1}/${DETAILS.length} Tab`
