import type { LifeStage } from '../../explain/pod-lives.ts'

/** The signs the screens are drawn with. Every state has a sign or a letter of its own, so that no meaning rests on colour. */
export interface Glyphs {
  readonly done: string
  readonly now: string
  readonly next: string
  readonly nat: string
  readonly encap: string
  readonly decap: string
  readonly deny: string
  readonly drop: string
  readonly kill: string
  /** A pod's bar of life. */
  readonly stages: Readonly<Record<LifeStage, string>>
  /** It runs and is not Ready. */
  readonly unready: string
  /** Where an address was given, and where it was given back. */
  readonly from: string
  readonly to: string
  readonly paused: string
  readonly playing: string
  readonly right: string
  readonly left: string
  readonly up: string
  readonly bar: string
  readonly handle: string
  readonly ellipsis: string
  readonly selected: string
  readonly line: Border
  readonly focus: Border
}

/** Corners clockwise from the top left, then the horizontal and the vertical stroke. */
export interface Border {
  readonly topLeft: string
  readonly topRight: string
  readonly bottomRight: string
  readonly bottomLeft: string
  readonly horizontal: string
  readonly vertical: string
}

const border = (signs: string): Border => {
  const [topLeft, topRight, bottomRight, bottomLeft, horizontal, vertical] = [...signs]
  return { topLeft, topRight, bottomRight, bottomLeft, horizontal, vertical }
}

export const UNICODE: Glyphs = {
  done: '●',
  now: '◉',
  next: '○',
  nat: '⇄',
  encap: '▣',
  decap: '▢',
  deny: '⊘',
  drop: '✖',
  kill: 'K',
  stages: {
    pending: '░',
    creating: '▒',
    running: '█',
    waiting: 'w',
    terminating: '▓',
    succeeded: 'C',
    failed: 'F',
    gone: '✖',
  },
  unready: 'n',
  from: '├',
  to: '┤',
  paused: '⏸',
  playing: '▶',
  right: '→',
  left: '←',
  up: '↑',
  bar: '━',
  handle: '●',
  ellipsis: '…',
  selected: '>',
  line: border('┌┐┘└─│'),
  focus: border('╔╗╝╚═║'),
}

/** For terminals that draw box characters two cells wide, or not at all. */
export const ASCII: Glyphs = {
  done: 'o',
  now: '@',
  next: '.',
  nat: 'N',
  encap: 'E',
  decap: 'U',
  deny: 'P',
  drop: 'X',
  kill: 'K',
  stages: {
    pending: '.',
    creating: ':',
    running: '#',
    waiting: 'w',
    terminating: '%',
    succeeded: 'C',
    failed: 'F',
    gone: 'X',
  },
  unready: 'n',
  from: '[',
  to: ']',
  paused: '||',
  playing: '>',
  right: '->',
  left: '<-',
  up: '^',
  bar: '-',
  handle: 'O',
  ellipsis: '~',
  selected: '>',
  line: border('++++-|'),
  focus: border('++++=|'),
}
