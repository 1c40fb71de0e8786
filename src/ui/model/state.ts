import type { Hop } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { type Experience, type Story, type StoryRequest, type Target, targetsOf } from './experience.ts'

export type View = 'topology' | 'trace'
export type Mode =
  | { readonly kind: 'normal' }
  | { readonly kind: 'help' }
  | {
      readonly kind: 'pick'
      readonly end: 'source' | 'destination'
      readonly targets: readonly Target[]
      readonly cursor: number
    }

/** All that the screens need to draw. Changed only by `reduce`. */
export interface State {
  readonly view: View
  readonly mode: Mode
  readonly story: Story
  /** Index into `allHops`: the packet's hops, then its answer's. */
  readonly cursor: number
  readonly focus: 0 | 1
  readonly scroll: number
  readonly playing: boolean
  /** Hops a second while playing. */
  readonly speed: number
  readonly message: string
  readonly color: boolean
  readonly ascii: boolean
}

export type Action =
  | { readonly kind: 'hop'; readonly by: number }
  | { readonly kind: 'goto'; readonly hop: 'first' | 'last' | 'reply' | 'forward' | 'drop' }
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'play' | 'help' | 'close' | 'focus' | 'color' | 'ascii' | 'choose' | 'protocol' }
  | { readonly kind: 'speed'; readonly by: number }
  | { readonly kind: 'pick'; readonly end: 'source' | 'destination' }
  | { readonly kind: 'move'; readonly by: number }
  | { readonly kind: 'tick' }

export const SPEEDS: readonly number[] = [1, 2, 4, 8, 16]

export function start(experience: Experience, request: StoryRequest, look: { color: boolean; ascii: boolean }): State {
  const story = experience.trace(request)
  return {
    view: 'topology',
    mode: { kind: 'normal' },
    story,
    cursor: 0,
    focus: 0,
    scroll: 0,
    playing: false,
    speed: 4,
    message: en.ui.welcome(request.from, request.to),
    ...look,
  }
}

/** The hops of the packet and then of its answer. */
export const allHops = ({ trace }: Story): readonly Hop[] => [...trace.forward.hops, ...(trace.reply?.hops ?? [])]

export const forwardCount = ({ trace }: Story): number => trace.forward.hops.length

export function reduce(experience: Experience, state: State, action: Action): State {
  switch (action.kind) {
    case 'hop':
      return moved({ ...state, playing: false }, state.cursor + action.by)
    case 'goto':
      return moved({ ...state, playing: false }, targetHop(state, action.hop))
    case 'tick':
      return ticked(state)
    case 'view':
      return { ...state, view: action.view, focus: 0, scroll: 0 }
    case 'play':
      return atEnd(state) && !state.playing
        ? { ...moved(state, 0), playing: true }
        : { ...state, playing: !state.playing }
    case 'speed': {
      const at = SPEEDS.indexOf(state.speed) + action.by
      return { ...state, speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))] }
    }
    case 'help':
      return { ...state, mode: state.mode.kind === 'help' ? { kind: 'normal' } : { kind: 'help' }, playing: false }
    case 'close':
      return { ...state, mode: { kind: 'normal' } }
    case 'focus':
      return { ...state, focus: state.focus === 0 ? 1 : 0, scroll: 0 }
    case 'color':
      return { ...state, color: !state.color }
    case 'ascii':
      return { ...state, ascii: !state.ascii }
    case 'pick':
      return picking(experience, state, action.end)
    case 'move':
      return movedIn(state, action.by)
    case 'choose':
      return state.mode.kind === 'pick'
        ? chosen(experience, state, state.mode)
        : { ...state, view: 'trace', focus: 0, scroll: 0 }
    case 'protocol':
      return retrace(experience, state, {
        ...state.story.request,
        protocol: nextProtocol(state.story.request.protocol),
      })
  }
}

function moved(state: State, to: number): State {
  const last = Math.max(0, allHops(state.story).length - 1)
  return { ...state, cursor: Math.max(0, Math.min(last, to)), scroll: 0, message: '' }
}

const atEnd = (state: State): boolean => state.cursor >= allHops(state.story).length - 1

function ticked(state: State): State {
  if (!state.playing) return state
  const next = moved(state, state.cursor + 1)
  return atEnd(next) ? { ...next, playing: false } : next
}

function targetHop(state: State, to: 'first' | 'last' | 'reply' | 'forward' | 'drop'): number {
  const hops = allHops(state.story)
  switch (to) {
    case 'first':
    case 'forward':
      return 0
    case 'last':
      return hops.length - 1
    case 'reply':
      return Math.min(forwardCount(state.story), hops.length - 1)
    case 'drop': {
      const bad = (hop: Hop): boolean => hop.action === 'drop' || hop.action === 'reject' || hop.action === 'icmp-error'
      const later = hops.findIndex((hop, i) => i > state.cursor && bad(hop))
      return later >= 0 ? later : Math.max(state.cursor, hops.findIndex(bad))
    }
  }
}

function picking(experience: Experience, state: State, end: 'source' | 'destination'): State {
  const targets = targetsOf(experience, end === 'destination')
  const current = end === 'source' ? state.story.request.from : state.story.request.to
  const cursor = Math.max(
    0,
    targets.findIndex((target) => target.id.endsWith(current) || current.endsWith(target.id)),
  )
  return { ...state, mode: { kind: 'pick', end, targets, cursor }, playing: false }
}

function movedIn(state: State, by: number): State {
  const { mode } = state
  if (mode.kind === 'pick') {
    const cursor = Math.max(0, Math.min(mode.targets.length - 1, mode.cursor + by))
    return { ...state, mode: { ...mode, cursor } }
  }
  if (state.view === 'trace' && state.focus === 1) return { ...state, scroll: Math.max(0, state.scroll + by) }
  return moved({ ...state, playing: false }, state.cursor + by)
}

function chosen(experience: Experience, state: State, mode: Extract<Mode, { kind: 'pick' }>): State {
  const target = mode.targets[mode.cursor]
  if (target === undefined) return { ...state, mode: { kind: 'normal' } }
  const { request } = state.story
  return retrace(
    experience,
    state,
    mode.end === 'source' ? { ...request, from: target.id } : { ...request, to: target.id },
  )
}

/** An impossible request leaves the screen as it was, with the reason in the message line. */
function retrace(experience: Experience, state: State, request: StoryRequest): State {
  try {
    const story = experience.trace(request)
    const message = en.ui.traced(request.from, request.to, en.verdict[story.trace.verdict])
    return { ...state, story, cursor: 0, scroll: 0, playing: false, mode: { kind: 'normal' }, message }
  } catch (error) {
    return { ...state, mode: { kind: 'normal' }, message: error instanceof Error ? error.message : String(error) }
  }
}

function nextProtocol(protocol: StoryRequest['protocol']): StoryRequest['protocol'] {
  return protocol === 'tcp' ? 'udp' : protocol === 'udp' ? 'icmp' : 'tcp'
}
