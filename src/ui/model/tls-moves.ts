import { en } from '../../explain/messages/en.ts'
import type { Experience } from './experience.ts'
import { agreedLine, DETAILS, type Detail } from './handshake.ts'
import type { Mark, State } from './state.ts'

export function talked(experience: Experience, state: State): State {
  const handshakes = experience.handshakes(state.story.request, state.kills)
  if (handshakes.length === 0) return { ...state, view: 'topology', message: en.ui.noTls }
  return inTalk({ ...state, handshakes }, 0)
}

function inTalk(state: State, to: number): State {
  const talk = Math.max(0, Math.min(state.handshakes.length - 1, to))
  const message = agreedLine(state.handshakes[talk], talk, state.handshakes.length)
  return { ...state, talk, rung: 0, scroll: 0, message }
}

export function atRung(state: State, to: number): State {
  const last = (state.handshakes[state.talk]?.rungs.length ?? 1) - 1
  return { ...state, rung: Math.max(0, Math.min(last, to)), scroll: 0 }
}

export function gotoRung(state: State, to: Mark): State {
  const { rungs } = state.handshakes[state.talk] ?? { rungs: [] }
  switch (to) {
    case 'reply':
      return inTalk(state, state.talk + 1)
    case 'forward':
      return inTalk(state, state.talk - 1)
    case 'first':
      return atRung(state, 0)
    case 'last':
      return atRung(state, rungs.length)
    case 'drop':
      return atRung(
        state,
        rungs.findIndex(({ event }) => event.kind === 'tls-alert' && event.level === 'fatal'),
      )
  }
}

export const nextDetail = (detail: Detail): Detail => DETAILS[(DETAILS.indexOf(detail) + 1) % DETAILS.length]
