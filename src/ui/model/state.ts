import type { Handshake } from '../../explain/handshakes.ts'
import type { Hop } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { stageAt } from '../../explain/pod-lives.ts'
import { seconds } from '../../explain/text/timeline.ts'
import {
  type ClusterView,
  type Experience,
  type Kill,
  type Life,
  type Story,
  type StoryRequest,
  type Target,
  targetsOf,
} from './experience.ts'
import { agreedLine, DETAILS, type Detail } from './handshake.ts'
import { moments } from './life.ts'

export type View = 'topology' | 'trace' | 'tls' | 'life'
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
  /** What the user did, in order: every view is of the cluster after it. */
  readonly kills: readonly Kill[]
  readonly cluster: ClusterView
  readonly story: Story
  /** Made when its view is first opened; null before, and where nothing lives. */
  readonly life: Life | null
  /** The moment that the view of lives looks at, and the pod chosen there. */
  readonly moment: number
  readonly pod: number
  /** Looked up when the TLS view is opened: which connection, which of its messages, and what is told of it. */
  readonly handshakes: readonly Handshake[]
  readonly talk: number
  readonly rung: number
  readonly detail: Detail
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
  | { readonly kind: 'kill'; readonly now: boolean }
  | { readonly kind: 'tick' | 'undo' }

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

/** The hops of the packet and then of its answer. */
export const allHops = ({ trace }: Story): readonly Hop[] => [...trace.forward.hops, ...(trace.reply?.hops ?? [])]

export const forwardCount = ({ trace }: Story): number => trace.forward.hops.length

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
        ? { ...(state.view === 'life' ? lookAt(state, 0) : moved(state, 0)), playing: true }
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

function moved(state: State, to: number): State {
  const last = Math.max(0, allHops(state.story).length - 1)
  const cursor = Math.max(0, Math.min(last, to))
  return { ...state, cursor, scroll: 0, message: remark(state, cursor) }
}

/** What there is to say at a hop beyond what it did: where the riddle is solved, and what can be done next. */
function remark({ story }: State, cursor: number): string {
  const { delivered } = story.trace
  const pod = delivered === null || delivered === undefined ? '' : delivered.name
  const mayKill = pod !== '' && story.lives
  if (cursor === forwardCount(story) - 1 && story.trace.delivered) return en.ui.arrived(mayKill, pod)
  if (cursor === allHops(story).length - 1 && story.trace.verdict === 'delivered') return en.ui.answered(mayKill, pod)
  return ''
}

function welcome({ from, to }: StoryRequest, { trace }: Story, { services }: ClusterView): string {
  const { rewritten } = riddleOf(trace)
  const service = services.find(({ address }) => address === rewritten)
  return service === undefined
    ? en.ui.welcome(from, to)
    : en.ui.riddle(from, service.name.replace(/^default\//, ''), service.address)
}

const atEnd = (state: State): boolean =>
  state.view === 'life' ? state.moment >= (state.life?.end ?? 0) : state.cursor >= allHops(state.story).length - 1

function ticked(state: State): State {
  if (!state.playing) return state
  if (state.view === 'life') {
    const next = seek(state, 1)
    return { ...next, playing: !atEnd(next) }
  }
  const next = moved(state, state.cursor + 1)
  // Where a Service's address is rewritten, playing rests, so that it is not missed.
  if (next.cursor === riddleOf(state.story.trace).hop) return { ...next, playing: false, message: en.ui.nowhere }
  return atEnd(next) ? { ...next, playing: false } : next
}

/** The hop at which a Service's address becomes an endpoint's, and that address; -1 and empty where there is none. */
function riddleOf({ forward }: Story['trace']): { readonly hop: number; readonly rewritten: string } {
  const hop = forward.hops.findIndex(({ action }) => action === 'dnat')
  const before = forward.hops.slice(0, Math.max(0, hop)).findLast(({ frame }) => frame?.ip !== undefined)
  return { hop, rewritten: before?.frame?.ip?.destination ?? '' }
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

function talked(experience: Experience, state: State): State {
  const handshakes = experience.handshakes(state.story.request, state.kills)
  if (handshakes.length === 0) return { ...state, view: 'topology', message: en.ui.noTls }
  return inTalk({ ...state, handshakes }, 0)
}

function inTalk(state: State, to: number): State {
  const talk = Math.max(0, Math.min(state.handshakes.length - 1, to))
  const message = agreedLine(state.handshakes[talk], talk, state.handshakes.length)
  return { ...state, talk, rung: 0, scroll: 0, message }
}

function atRung(state: State, to: number): State {
  const last = (state.handshakes[state.talk]?.rungs.length ?? 1) - 1
  return { ...state, rung: Math.max(0, Math.min(last, to)), scroll: 0 }
}

function gotoRung(state: State, to: 'first' | 'last' | 'reply' | 'forward' | 'drop'): State {
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

const nextDetail = (detail: Detail): Detail => DETAILS[(DETAILS.indexOf(detail) + 1) % DETAILS.length]

const lookAt = (state: State, moment: number): State => ({ ...state, moment, playing: false, message: '' })

/** To the next or the previous moment at which something happened. */
function seek(state: State, by: number): State {
  if (state.life === null) return state
  const all = moments(state.life)
  const here = by > 0 ? all.findLastIndex((at) => at <= state.moment) : all.findIndex((at) => at >= state.moment)
  return lookAt(state, all[Math.max(0, Math.min(all.length - 1, here + by))])
}

/** Deletes the chosen pod at the moment that is looked at; from a trace, the pod it was delivered to, at the end. */
function killed(experience: Experience, state: State, now: boolean): State {
  const life = state.life ?? experience.life(state.kills)
  if (life === null) return { ...state, message: en.ui.noLife }
  const { delivered } = state.story.trace
  const index =
    state.view === 'life'
      ? state.pod
      : life.pods.findLastIndex(({ pod }) => pod.namespace === delivered?.namespace && pod.name === delivered.name)
  const victim = life.pods[index]
  if (victim === undefined) return { ...state, message: en.ui.noPodToKill }
  const at = state.view === 'life' ? state.moment : life.end
  const { namespace, name } = victim.pod
  const stage = stageAt(victim, at)
  if (stage === null || stage === 'gone' || stage === 'terminating')
    return { ...state, message: en.ui.alreadyGone(name) }
  // What was done later than this belongs to a future that is not to be.
  const kills = [...state.kills.filter((kill) => kill.at <= at), { at, namespace, name, now }]
  const after = redone(experience, state, kills, index)
  if (after.life === null) return after
  const known = new Set(life.pods.map(({ pod }) => pod.uid))
  const successor = after.life.pods.find(({ pod, stages }) => !known.has(pod.uid) && stages[0].at >= at)
  const took = successor?.addresses[0]
  const text = successor === undefined ? '' : `${successor.pod.name}${took === undefined ? '' : ` (${took})`}`
  return { ...after, moment: after.life.end, message: en.ui.killed(name, `${seconds(at)} s`, text) }
}

/** Rewinds to just before the user's last action. */
function undone(experience: Experience, state: State): State {
  const last = state.kills.at(-1)
  if (last === undefined) return { ...state, message: en.ui.nothingToUndo }
  const after = redone(experience, state, state.kills.slice(0, -1), state.pod)
  return { ...after, moment: Math.min(last.at, after.life?.end ?? 0), message: en.ui.undone(last.name) }
}

/** Everything as it is with these actions: a fork is a run of its own. */
function redone(experience: Experience, state: State, kills: readonly Kill[], pod: number): State {
  const forked = retrace(experience, { ...state, kills }, state.story.request)
  const life = experience.life(kills)
  const pods = life?.pods.length ?? 0
  return {
    ...forked,
    life,
    cluster: experience.cluster(kills),
    view: 'life',
    pod: Math.max(0, Math.min(pod, pods - 1)),
  }
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

function picking(state: State, end: 'source' | 'destination'): State {
  const targets = targetsOf(state.cluster, end === 'destination')
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
    const story = experience.trace(request, state.kills)
    const message = en.ui.traced(request.from, request.to, en.verdict[story.trace.verdict])
    return { ...state, story, cursor: 0, scroll: 0, playing: false, mode: { kind: 'normal' }, message }
  } catch (error) {
    return { ...state, mode: { kind: 'normal' }, message: error instanceof Error ? error.message : String(error) }
  }
}

function nextProtocol(protocol: StoryRequest['protocol']): StoryRequest['protocol'] {
  return protocol === 'tcp' ? 'udp' : protocol === 'udp' ? 'icmp' : 'tcp'
}
