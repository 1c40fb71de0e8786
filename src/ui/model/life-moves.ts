import { en } from '../../explain/messages/en.ts'
import { stageAt } from '../../explain/pod-lives.ts'
import { seconds } from '../../explain/text/timeline.ts'
import type { Experience, Kill } from './experience.ts'
import { retrace } from './hop-moves.ts'
import { moments } from './life.ts'
import type { State } from './state.ts'

export const lookAt = (state: State, moment: number): State => ({ ...state, moment, playing: false, message: '' })

/** To the next or the previous moment at which something happened. */
export function seek(state: State, by: number): State {
  if (state.life === null) return state
  const all = moments(state.life)
  const here = by > 0 ? all.findLastIndex((at) => at <= state.moment) : all.findIndex((at) => at >= state.moment)
  return lookAt(state, all[Math.max(0, Math.min(all.length - 1, here + by))])
}

/** Deletes the chosen pod at the moment that is looked at; from a trace, the pod it was delivered to, at the end. */
export function killed(experience: Experience, state: State, now: boolean): State {
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
export function undone(experience: Experience, state: State): State {
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
