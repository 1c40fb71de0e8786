import { Box } from 'ink'
import type { ReactElement } from 'react'
import { en } from '../../explain/messages/en.ts'
import { Pane } from '../components/pane.tsx'
import { scrollFor } from '../model/hop-list.ts'
import { addressRows, axisFor, axisRow, eventRows, type LifeView, legendRow, lifeRows, podRows } from '../model/life.ts'
import { type Line, line, span } from '../model/line.ts'
import { chromeRows, ScreenFrame, type ScreenProps } from './frame.tsx'

/** The lives of pods as bars over time, under them who had which address when. */
export function LifeScreen(props: ScreenProps): ReactElement {
  const { state, theme, width, height } = props
  const { life, moment, pod } = state
  const { above, below } = chromeRows(height)
  const body = height - above - below
  if (life === null) return <ScreenFrame {...props}>{null}</ScreenFrame>
  const view: LifeView = { life, at: moment, selected: pod, glyphs: theme.glyphs, cells: width - 2 }
  const detail = body >= 26 ? Math.min(12, Math.floor(body / 3)) : 0
  const addresses = addressRows(view)
  const room = body - detail
  const lower = Math.max(4, Math.min(addresses.length + 2, Math.floor(room / 2)))
  const upper = room - lower
  const title = line(en.ui.life.title, span(`  ${en.ui.life.column(axisFor(view).unit / 1e9)}`, 'dim'))
  return (
    <ScreenFrame {...props}>
      <Pane title={title} rows={bars(view, upper - 2)} width={width} height={upper} focused theme={theme} />
      <Pane title={line(en.ui.life.addresses)} rows={addresses} width={width} height={lower} theme={theme} />
      {detail > 0 && <Details view={view} width={width} height={detail} theme={theme} />}
    </ScreenFrame>
  )
}

/** The ruler, as many bars as fit around the chosen pod's, and what the signs mean. */
function bars(view: LifeView, room: number): Line[] {
  const rows = lifeRows(view)
  const shown = Math.max(1, room - 2)
  const from = scrollFor(view.selected, rows.length, shown)
  const visible = rows.slice(from, from + shown)
  const gap: Line[] = visible.length + 3 <= room ? [[]] : []
  return [axisRow(view), ...visible, ...gap, legendRow(view.glyphs)]
}

function Details({
  view,
  width,
  height,
  theme,
}: Pick<ScreenProps, 'width' | 'height' | 'theme'> & { view: LifeView }): ReactElement {
  const left = Math.floor(width / 2)
  const name = view.life.pods[view.selected]?.pod.name ?? ''
  return (
    <Box flexShrink={0} height={height}>
      <Pane title={line(`${en.ui.life.pod} ${name}`)} rows={podRows(view)} width={left} height={height} theme={theme} />
      <Pane title={line(en.ui.life.events)} rows={eventRows(view)} width={width - left} height={height} theme={theme} />
    </Box>
  )
}
