import { Box, Text } from 'ink'
import type { ReactElement, ReactNode } from 'react'
import { keysRow, messageRow, scrubberRow, statusRow, tabsRow } from '../model/chrome.ts'
import type { Experience } from '../model/experience.ts'
import { type Line, render } from '../model/line.ts'
import type { State } from '../model/state.ts'
import type { Theme } from '../theme/theme.ts'

export interface ScreenProps {
  readonly experience: Experience
  readonly state: State
  readonly theme: Theme
  readonly width: number
  readonly height: number
}

/** Rows that every screen has: status and tabs above, message, scrubber and keys below. On a low terminal the tabs go first. */
export function chromeRows(height: number): { readonly above: number; readonly below: number } {
  return { above: height < 20 ? 1 : 2, below: 3 }
}

export function ScreenFrame({
  experience,
  state,
  theme,
  width,
  height,
  children,
}: ScreenProps & { children: ReactNode }): ReactElement {
  const { glyphs } = theme
  const above: Line[] = [statusRow(experience, state, glyphs, width), tabsRow(state)].slice(0, chromeRows(height).above)
  const below: Line[] = [messageRow(state, glyphs), scrubberRow(state, glyphs, width), keysRow(state, width)]
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Rows rows={above} width={width} theme={theme} />
      <Box flexGrow={1} flexDirection="column" overflow="hidden">
        {children}
      </Box>
      <Rows rows={below} width={width} theme={theme} />
    </Box>
  )
}

/** Plain rows, each exactly as wide as asked. */
export function Rows({ rows, width, theme }: { rows: readonly Line[]; width: number; theme: Theme }): ReactElement {
  return (
    <Box flexShrink={0} height={rows.length} width={width}>
      <Text wrap="truncate">{rows.map((row) => render(row, width, theme)).join('\n')}</Text>
    </Box>
  )
}
