import type { Hop } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { type ClusterView, type Experience, type Story, type StoryRequest, targetsOf } from './experience.ts'
import { allHops, forwardCount, type Mark, type Mode, type State } from './state.ts'

export function moved(state: State, to: number): State {
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

export function welcome({ from, to }: StoryRequest, { trace }: Story, { services }: ClusterView): string {
  const { rewritten } = riddleOf(trace)
  const service = services.find(({ address }) => address === rewritten)
  return service === undefined
    ? en.ui.welcome(from, to)
    : en.ui.riddle(from, service.name.replace(/^default\//, ''), service.address)
}

/** The hop at which a Service's address becomes an endpoint's, and that address; -1 and empty where there is none. */
export function riddleOf({ forward }: Story['trace']): { readonly hop: number; readonly rewritten: string } {
  const hop = forward.hops.findIndex(({ action }) => action === 'dnat')
  const before = forward.hops.slice(0, Math.max(0, hop)).findLast(({ frame }) => frame?.ip !== undefined)
  return { hop, rewritten: before?.frame?.ip?.destination ?? '' }
}

export function targetHop(state: State, to: Mark): number {
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

export function picking(state: State, end: 'source' | 'destination'): State {
  const targets = targetsOf(state.cluster, end === 'destination')
  const current = end === 'source' ? state.story.request.from : state.story.request.to
  const cursor = Math.max(
    0,
    targets.findIndex((target) => target.id.endsWith(current) || current.endsWith(target.id)),
  )
  return { ...state, mode: { kind: 'pick', end, targets, cursor }, playing: false }
}

export function chosen(experience: Experience, state: State, mode: Extract<Mode, { kind: 'pick' }>): State {
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
export function retrace(experience: Experience, state: State, request: StoryRequest): State {
  try {
    const story = experience.trace(request, state.kills)
    const message = en.ui.traced(request.from, request.to, en.verdict[story.trace.verdict])
    return { ...state, story, cursor: 0, scroll: 0, playing: false, mode: { kind: 'normal' }, message }
  } catch (error) {
    return { ...state, mode: { kind: 'normal' }, message: error instanceof Error ? error.message : String(error) }
  }
}

export function nextProtocol(protocol: StoryRequest['protocol']): StoryRequest['protocol'] {
  return protocol === 'tcp' ? 'udp' : protocol === 'udp' ? 'icmp' : 'tcp'
}
