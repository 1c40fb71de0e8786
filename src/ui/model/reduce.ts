import { en } from '../../explain/messages/en.ts'
import type { Experience, StoryRequest } from './experience.ts'
import { chosen, moved, nextProtocol, picking, retrace, riddleOf, targetHop, welcome } from './hop-moves.ts'
import { killed, lookAt, seek, undone } from './life-moves.ts'
import { type Action, allHops, type State, type View } from './state.ts'
import { atRung, gotoRung, nextDetail, talked } from './tls-moves.ts'

export const SPEEDS: readonly number[] = [1, 2, 4, 8, 16]

export function start(experience: Experience, request: StoryRequest, look: { color: boolean; ascii: boolean }): State {
  const story = experience.trace(request, [])
  const cluster = experience.cluster([])
  return {
    view: 'topology',
    mode: { kind: 'normal' },
    kills: [],
    cluster,
    story,
    life: null,
    moment: 0,
    pod: 0,
    handshakes: [],
    talk: 0,
    rung: 0,
    detail: 'record',
    cursor: 0,
    focus: 0,
    scroll: 0,
    playing: false,
    speed: 4,
    message: welcome(request, story, cluster),
    ...look,
  }
}

export function reduce(experience: Experience, state: State, action: Action): State {
  switch (action.kind) {
    case 'hop':
      if (state.view === 'life') return seek(state, action.by)
      if (state.view === 'tls') return atRung(state, state.rung + action.by)
      return moved({ ...state, playing: false }, state.cursor + action.by)
    case 'goto':
      if (state.view === 'tls') return gotoRung(state, action.hop)
      if (state.view === 'life') return lookAt(state, action.hop === 'first' ? 0 : (state.life?.end ?? 0))
      return moved({ ...state, playing: false }, targetHop(state, action.hop))
    case 'tick':
      return ticked(state)
    case 'view':
      return viewed(experience, state, action.view)
    case 'kill':
      return killed(experience, state, action.now)
    case 'undo':
      return undone(experience, state)
    case 'play':
      return !state.playing && atEnd(state)
        ? { ...fromStart(state), playing: true }
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
      if (state.view === 'tls') return { ...state, detail: nextDetail(state.detail), scroll: 0 }
      return { ...state, focus: state.focus === 0 ? 1 : 0, scroll: 0 }
    case 'color':
      return { ...state, color: !state.color }
    case 'ascii':
      return { ...state, ascii: !state.ascii }
    case 'pick':
      return picking(state, action.end)
    case 'move':
      return movedIn(state, action.by)
    case 'choose':
      return state.mode.kind === 'pick' ? chosen(experience, state, state.mode) : viewed(experience, state, 'trace')
    case 'protocol':
      return retrace(experience, state, {
        ...state.story.request,
        protocol: nextProtocol(state.story.request.protocol),
      })
  }
}

function atEnd({ view, story, cursor, life, moment, handshakes, talk, rung }: State): boolean {
  if (view === 'life') return moment >= (life?.end ?? 0)
  if (view === 'tls') return rung >= (handshakes[talk]?.rungs.length ?? 1) - 1
  return cursor >= allHops(story).length - 1
}

function ticked(state: State): State {
  if (!state.playing) return state
  if (state.view === 'life') {
    const next = seek(state, 1)
    return { ...next, playing: !atEnd(next) }
  }
  if (state.view === 'tls') {
    const next = atRung(state, state.rung + 1)
    return { ...next, playing: !atEnd(next) }
  }
  const next = moved(state, state.cursor + 1)
  // Where a Service's address is rewritten, playing rests, so that it is not missed.
  const { trace } = state.story
  if (next.cursor === riddleOf(trace).hop) {
    return { ...next, playing: false, message: en.ui.rewritten(trace.service?.device ?? '') }
  }
  return atEnd(next) ? { ...next, playing: false } : next
}

function fromStart(state: State): State {
  if (state.view === 'life') return lookAt(state, 0)
  return state.view === 'tls' ? atRung(state, 0) : moved(state, 0)
}

function viewed(experience: Experience, state: State, view: View): State {
  const still = { ...state, view, focus: 0 as const, scroll: 0, playing: false }
  if (view === 'tls') return talked(experience, still)
  if (view !== 'life') return { ...still, message: '' }
  if (state.life !== null) return { ...still, message: '' }
  const life = experience.life(state.kills)
  if (life === null) return { ...state, message: en.ui.noLife }
  return { ...still, life, moment: life.end, pod: Math.min(state.pod, life.pods.length - 1), message: '' }
}

function movedIn(state: State, by: number): State {
  const { mode } = state
  if (mode.kind === 'pick') {
    const cursor = Math.max(0, Math.min(mode.targets.length - 1, mode.cursor + by))
    return { ...state, mode: { ...mode, cursor } }
  }
  if (state.view === 'life') {
    const pods = state.life?.pods.length ?? 0
    return { ...state, pod: Math.max(0, Math.min(pods - 1, state.pod + by)), scroll: 0 }
  }
  if (state.view === 'tls') {
    const far = Math.abs(by) > 1
    return far ? { ...state, scroll: Math.max(0, state.scroll + Math.sign(by) * 8) } : atRung(state, state.rung + by)
  }
  if (state.view === 'trace' && state.focus === 1) return { ...state, scroll: Math.max(0, state.scroll + by) }
  return moved({ ...state, playing: false }, state.cursor + by)
}
