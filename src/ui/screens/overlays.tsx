import { Box } from 'ink'
import type { ReactElement } from 'react'
import { en } from '../../explain/messages/en.ts'
import { Pane } from '../components/pane.tsx'
import { scrollFor } from '../model/hop-list.ts'
import { line, span } from '../model/line.ts'
import type { Mode } from '../model/state.ts'
import { chromeRows, ScreenFrame, type ScreenProps } from './frame.tsx'

/** The keys of the program. */
export function HelpScreen(props: ScreenProps): ReactElement {
  const { height, width, theme } = props
  const { above, below } = chromeRows(height)
  const rows = en.ui.help.keys.map(([keys, what]) => line(span(`  ${keys.padEnd(16)}`, 'key'), what))
  return (
    <ScreenFrame {...props}>
      <Centred width={Math.min(width, 76)} outer={width} height={Math.min(height - above - below, rows.length + 2)}>
        {(w, h) => (
          <Pane title={line(`podwire  ${en.ui.help.title}`)} rows={rows} width={w} height={h} focused theme={theme} />
        )}
      </Centred>
    </ScreenFrame>
  )
}

/** A list to choose a source or a destination from. */
export function PickScreen(props: ScreenProps & { mode: Extract<Mode, { kind: 'pick' }> }): ReactElement {
  const { height, width, theme, mode } = props
  const { above, below } = chromeRows(height)
  const rows = mode.targets.map(({ label }, i) =>
    i === mode.cursor ? line(span(`${theme.glyphs.selected} ${label}`, 'selected')) : line(`  ${label}`),
  )
  const room = Math.min(height - above - below, rows.length + 2)
  const title = mode.end === 'source' ? en.ui.pickSource : en.ui.pickDestination
  return (
    <ScreenFrame {...props}>
      <Centred width={Math.min(width, 70)} outer={width} height={room}>
        {(w, h) => (
          <Pane
            title={line(title)}
            rows={rows}
            scroll={scrollFor(mode.cursor, rows.length, h - 2)}
            width={w}
            height={h}
            focused
            theme={theme}
          />
        )}
      </Centred>
    </ScreenFrame>
  )
}

function Centred({
  width,
  outer,
  height,
  children,
}: {
  width: number
  outer: number
  height: number
  children: (w: number, h: number) => ReactElement
}): ReactElement {
  return <Box marginLeft={Math.floor((outer - width) / 2)}>{children(width, height)}</Box>
}
