import type { Action, State } from '../model/state.ts'

/** A key press as Ink reports it; held keys arrive as one text of several characters. */
export interface KeyPress {
  readonly input: string
  readonly name:
    | 'up'
    | 'down'
    | 'left'
    | 'right'
    | 'enter'
    | 'escape'
    | 'tab'
    | 'ctrl-c'
    | 'page-up'
    | 'page-down'
    | 'home'
    | 'end'
    | ''
}

export type KeyResult = Action | { readonly kind: 'quit' }

/** Korean two-set keyboards send jamo where the Latin letter is printed on the key. */
const JAMO: Readonly<Record<string, string>> = {
  ㅂ: 'q',
  ㅈ: 'w',
  ㄷ: 'e',
  ㄱ: 'r',
  ㅅ: 't',
  ㅛ: 'y',
  ㅕ: 'u',
  ㅑ: 'i',
  ㅐ: 'o',
  ㅔ: 'p',
  ㅁ: 'a',
  ㄴ: 's',
  ㅇ: 'd',
  ㄹ: 'f',
  ㅎ: 'g',
  ㅗ: 'h',
  ㅓ: 'j',
  ㅏ: 'k',
  ㅣ: 'l',
  ㅋ: 'z',
  ㅌ: 'x',
  ㅊ: 'c',
  ㅍ: 'v',
  ㅠ: 'b',
  ㅜ: 'n',
  ㅡ: 'm',
}

/** What a press means in the present mode: none, one, or (a held key) several actions. */
export function actionsFor(press: KeyPress, state: State): KeyResult[] {
  if (press.name === 'ctrl-c') return [{ kind: 'quit' }]
  const named = press.name === '' ? null : namedAction(press.name, state)
  if (named !== null) return [named]
  return [...press.input].flatMap((character) => {
    const action = characterAction(JAMO[character] ?? character, state)
    return action === null ? [] : [action]
  })
}

function namedAction(name: Exclude<KeyPress['name'], '' | 'ctrl-c'>, state: State): Action | null {
  const listing = state.mode.kind === 'pick' || state.view !== 'topology'
  switch (name) {
    case 'up':
      return listing ? { kind: 'move', by: -1 } : { kind: 'hop', by: -1 }
    case 'down':
      return listing ? { kind: 'move', by: 1 } : { kind: 'hop', by: 1 }
    case 'page-up':
      return { kind: 'move', by: -10 }
    case 'page-down':
      return { kind: 'move', by: 10 }
    case 'left':
      return { kind: 'hop', by: -1 }
    case 'right':
      return { kind: 'hop', by: 1 }
    case 'home':
      return { kind: 'goto', hop: 'first' }
    case 'end':
      return { kind: 'goto', hop: 'last' }
    case 'enter':
      return { kind: 'choose' }
    case 'tab':
      return { kind: 'focus' }
    case 'escape':
      return state.mode.kind === 'normal' ? { kind: 'view', view: 'topology' } : { kind: 'close' }
  }
}

const NORMAL: Readonly<Record<string, KeyResult>> = {
  q: { kind: 'quit' },
  '?': { kind: 'help' },
  '\t': { kind: 'focus' },
  ' ': { kind: 'play' },
  ']': { kind: 'hop', by: 1 },
  '[': { kind: 'hop', by: -1 },
  '.': { kind: 'hop', by: 1 },
  ',': { kind: 'hop', by: -1 },
  l: { kind: 'hop', by: 1 },
  h: { kind: 'hop', by: -1 },
  j: { kind: 'move', by: 1 },
  k: { kind: 'move', by: -1 },
  '}': { kind: 'goto', hop: 'reply' },
  '{': { kind: 'goto', hop: 'forward' },
  r: { kind: 'goto', hop: 'reply' },
  D: { kind: 'goto', hop: 'drop' },
  '0': { kind: 'goto', hop: 'first' },
  g: { kind: 'goto', hop: 'first' },
  $: { kind: 'goto', hop: 'last' },
  G: { kind: 'goto', hop: 'last' },
  '<': { kind: 'speed', by: -1 },
  '>': { kind: 'speed', by: 1 },
  '1': { kind: 'view', view: 'topology' },
  '2': { kind: 'view', view: 'trace' },
  '4': { kind: 'view', view: 'tls' },
  '5': { kind: 'view', view: 'life' },
  x: { kind: 'kill', now: false },
  X: { kind: 'kill', now: true },
  u: { kind: 'undo' },
  s: { kind: 'pick', end: 'source' },
  d: { kind: 'pick', end: 'destination' },
  p: { kind: 'protocol' },
  C: { kind: 'color' },
  A: { kind: 'ascii' },
}

const PICKING: Readonly<Record<string, KeyResult>> = {
  q: { kind: 'close' },
  j: { kind: 'move', by: 1 },
  k: { kind: 'move', by: -1 },
  g: { kind: 'move', by: -10_000 },
  G: { kind: 'move', by: 10_000 },
}

const HELPING: Readonly<Record<string, KeyResult>> = { q: { kind: 'quit' }, '?': { kind: 'close' } }

function characterAction(character: string, { mode }: State): KeyResult | null {
  const keys = mode.kind === 'pick' ? PICKING : mode.kind === 'help' ? HELPING : NORMAL
  return keys[character] ?? null
}
