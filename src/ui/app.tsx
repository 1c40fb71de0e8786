import { Box, Text, useApp, useInput, useStdout } from 'ink'
import { type ReactElement, useEffect, useMemo, useReducer, useState } from 'react'
import { en } from '../explain/messages/en.ts'
import { actionsFor, type KeyPress } from './keys/keymap.ts'
import type { Experience } from './model/experience.ts'
import { reduce } from './model/reduce.ts'
import type { Action, State } from './model/state.ts'
import type { ScreenProps } from './screens/frame.tsx'
import { LifeScreen } from './screens/life.tsx'
import { HelpScreen, PickScreen } from './screens/overlays.tsx'
import { TlsScreen } from './screens/tls.tsx'
import { TopologyScreen } from './screens/topology.tsx'
import { TraceScreen } from './screens/trace.tsx'
import { themeOf } from './theme/theme.ts'

export interface AppProps {
  readonly experience: Experience
  readonly initial: State
  /** Told of every state, so that the program can say what was seen when it ends. */
  readonly onState?: (state: State) => void
}

export const SMALLEST = { width: 60, height: 15 } as const

export function App({ experience, initial, onState }: AppProps): ReactElement {
  const { exit } = useApp()
  const { width, height } = useSize()
  const [state, dispatch] = useReducer((before: State, action: Action) => reduce(experience, before, action), initial)
  useEffect(() => onState?.(state), [state, onState])
  useEffect(() => {
    if (!state.playing) return
    const timer = setInterval(() => dispatch({ kind: 'tick' }), 1000 / state.speed)
    return () => clearInterval(timer)
  }, [state.playing, state.speed])
  useInput((input, key) => {
    for (const action of actionsFor(pressOf(input, key), state)) action.kind === 'quit' ? exit() : dispatch(action)
  })
  const theme = useMemo(
    () => themeOf({ ascii: state.ascii, colorLevel: state.color ? 1 : 0 }),
    [state.ascii, state.color],
  )
  if (width < SMALLEST.width || height < SMALLEST.height)
    return <Text wrap="truncate">{en.ui.tooSmall(width, height)}</Text>
  return (
    <Box width={width} height={height}>
      <Screen {...{ experience, state, theme, width, height }} />
    </Box>
  )
}

function Screen(props: ScreenProps): ReactElement {
  const { mode, view } = props.state
  if (mode.kind === 'help') return <HelpScreen {...props} />
  if (mode.kind === 'pick') return <PickScreen {...props} mode={mode} />
  switch (view) {
    case 'topology':
      return <TopologyScreen {...props} />
    case 'trace':
      return <TraceScreen {...props} />
    case 'tls':
      return <TlsScreen {...props} />
    case 'life':
      return <LifeScreen {...props} />
  }
}

function useSize(): { width: number; height: number } {
  const { stdout } = useStdout()
  const [size, setSize] = useState({ width: stdout.columns, height: stdout.rows })
  useEffect(() => {
    const listen = (): void => setSize({ width: stdout.columns, height: stdout.rows })
    stdout.on('resize', listen)
    return () => {
      stdout.off('resize', listen)
    }
  }, [stdout])
  return size
}

type InkKey = Parameters<Parameters<typeof useInput>[0]>[1]

/** Mouse reports and bracketed paste leak in as text, without their escape character. */
const NOT_KEYS = /^.?\[(?:M|<|20[01]~)/

function pressOf(input: string, key: InkKey): KeyPress {
  return { input: NOT_KEYS.test(input) ? '' : input, name: nameOf(input, key) }
}

function nameOf(input: string, key: InkKey): KeyPress['name'] {
  if (key.ctrl && input === 'c') return 'ctrl-c'
  if (key.upArrow) return 'up'
  if (key.downArrow) return 'down'
  if (key.leftArrow) return 'left'
  if (key.rightArrow) return 'right'
  if (key.return) return 'enter'
  if (key.escape) return 'escape'
  if (key.tab) return 'tab'
  if (key.pageUp) return 'page-up'
  if (key.pageDown) return 'page-down'
  return ''
}
