import { type Hop, hopSentence } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { seconds } from '../../explain/text/timeline.ts'
import { width } from '../terminal/cells.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import type { Experience } from './experience.ts'
import { type Line, line, lineWidth, span } from './line.ts'
import { actionMark, placeOf } from './marks.ts'
import { allHops, forwardCount, type State } from './state.ts'

/** The first row: what runs, where we are in it, and how it ended. */
export function statusRow(experience: Experience, state: State, glyphs: Glyphs, cells: number): Line {
  const hops = allHops(state.story)
  const { request, trace } = state.story
  const title = titleOf(experience)
  const play = state.playing ? glyphs.playing : glyphs.paused
  // Names give way to where we are and how it ended.
  const names = Math.max(8, Math.floor((cells - 50) / 2))
  const base = line(
    span(' podwire', 'strong'),
    ` ${tail(shorten(request.from), names, glyphs)}${glyphs.right}${tail(shorten(request.to), names, glyphs)} ${request.protocol} `,
    span(`${play} ${state.speed}x`),
    ` ${en.ui.hopOf(Math.min(state.cursor + 1, hops.length), hops.length)}`,
  )
  const room = cells - lineWidth(base) - 16
  const left = line(...base, span(cells >= 100 && width(title) <= room ? `  ${title}` : '', 'dim'))
  const right = line(span(en.verdict[trace.verdict], trace.verdict === 'delivered' ? 'good' : 'bad'), ' ')
  return line(...left, ' '.repeat(Math.max(1, cells - lineWidth(left) - lineWidth(right))), ...right)
}

/** With the overlay and the mode of kube-proxy, where the title itself does not name them. */
function titleOf({ title, overlay, proxyMode }: Experience): string {
  return [title, ...[overlay, proxyMode].filter((fact) => !title.includes(fact))].join(' · ')
}

/** The end of a name that is too long: names made by controllers differ there. */
export const tail = (name: string, cells: number, { ellipsis }: Glyphs): string =>
  name.length <= cells ? name : ellipsis + name.slice(name.length - cells + width(ellipsis))

const shorten = (target: string): string => target.replace(/^pod\//, '').replace(/^default\//, '')

export function tabsRow(state: State): Line {
  const tab = (key: string, view: State['view'], name: string) =>
    state.view === view ? span(`[${key} ${name}]`, 'strong') : span(` ${key} ${name} `, 'dim')
  return line(
    ' ',
    tab('1', 'topology', en.ui.views.topology),
    ' ',
    tab('2', 'trace', en.ui.views.trace),
    ' ',
    tab('4', 'tls', en.ui.views.tls),
    ' ',
    tab('5', 'life', en.ui.views.life),
  )
}

/** The row that says what just happened: the hop's doing, or a message. */
export function messageRow(state: State, glyphs: Glyphs): Line {
  if (state.message !== '') return line(` ${state.message}`)
  if (state.view === 'life') return lastEvent(state)
  const hops = allHops(state.story)
  const hop = hops[state.cursor]
  if (hop === undefined) return line(span(` ${state.story.trace.reason ?? en.ui.noHops}`, 'bad'))
  const device = hop.device === '' ? '' : ` ${hop.device}`
  const sentence = hopSentence(hop)
  const why = sentence === '' ? '' : `  ${sentence}`
  return line(
    ` ${en.ui.hopOf(state.cursor + 1, hops.length)}  ${placeOf(hop)}${device}  `,
    actionMark(hop, glyphs),
    why,
  )
}

/** What happened last before the moment that is looked at. */
function lastEvent({ life, moment }: State): Line {
  const entry = life?.entries.findLast(({ at }) => at <= moment)
  return line(entry === undefined ? '' : ` ${seconds(entry.at)} s  ${entry.subject}  ${entry.text}`)
}

/** The whole trace as a bar: the answer begins at its mark, bad ends are marked, the handle is where we are. */
export function scrubberRow(state: State, glyphs: Glyphs, cells: number): Line {
  if (state.view === 'tls') return rungRow(state, glyphs, cells)
  if (state.view === 'life') return timeRow(state, glyphs, cells)
  const hops = allHops(state.story)
  const since = (hop: Hop | undefined): string => milliseconds((hop?.at ?? 0) - (hops[0]?.at ?? 0))
  const label = ` ${since(hops[state.cursor])} / ${since(hops.at(-1))} `
  const length = Math.max(10, cells - width(label) - 6)
  const bar = Array.from({ length }, () => glyphs.bar)
  const at = (index: number): number => (hops.length < 2 ? 0 : Math.round((index * (length - 1)) / (hops.length - 1)))
  const split = forwardCount(state.story)
  if (split > 0 && split < hops.length) bar[at(split)] = 'r'
  hops.forEach((hop, i) => {
    if (hop.action === 'drop' || hop.action === 'reject' || hop.action === 'icmp-error') bar[at(i)] = glyphs.drop
  })
  const handle = at(Math.min(state.cursor, Math.max(0, hops.length - 1)))
  return barLine(bar, handle, glyphs, label)
}

/** The connection as a bar; a sign where an alert ended it. */
function rungRow({ handshakes, talk, rung }: State, glyphs: Glyphs, cells: number): Line {
  const { rungs } = handshakes[talk] ?? { rungs: [] }
  const since = (i: number): string => milliseconds((rungs[i]?.at ?? 0) - (rungs[0]?.at ?? 0))
  const label = ` ${since(rung)} / ${since(rungs.length - 1)} `
  const length = Math.max(10, cells - width(label) - 6)
  const bar = Array.from({ length }, () => glyphs.bar)
  const at = (i: number): number => (rungs.length < 2 ? 0 : Math.round((i * (length - 1)) / (rungs.length - 1)))
  rungs.forEach(({ event }, i) => {
    if (event.kind === 'tls-alert' && event.level === 'fatal') bar[at(i)] = glyphs.drop
  })
  return barLine(bar, at(rung), glyphs, label)
}

/** A bar with its handle. */
function barLine(bar: readonly string[], handle: number, glyphs: Glyphs, label: string): Line {
  const [before, after] = [bar.slice(0, handle).join(''), bar.slice(handle + 1).join('')]
  return line(span(' < ', 'dim'), before, span(glyphs.handle, 'strong'), span(after, 'dim'), span(' > ', 'dim'), label)
}

/** The run as a bar: `K` where a pod was killed by hand, a sign where requests failed. */
function timeRow({ life, moment, kills }: State, glyphs: Glyphs, cells: number): Line {
  const end = life?.end ?? 0
  const label = en.ui.life.time(seconds(moment), seconds(end))
  const length = Math.max(10, cells - width(label) - 6)
  const at = (time: number): number => (end === 0 ? 0 : Math.min(length - 1, Math.floor((time / end) * (length - 1))))
  const bar = Array.from({ length }, () => glyphs.bar)
  for (const request of life?.requests ?? []) if (!request.ok) bar[at(request.at)] = glyphs.drop
  for (const kill of kills) bar[at(kill.at)] = glyphs.kill
  return barLine(bar, at(moment), glyphs, label)
}

/** The keys of the present mode; a narrow terminal gets fewer of them, and none is cut. */
export function keysRow(state: State, cells: number): Line {
  const hints = en.ui.keyLine[state.mode.kind === 'normal' ? state.view : state.mode.kind]
  let text = ''
  for (const hint of hints) if (text.length + 2 + hint.length <= cells - 1) text += `${text === '' ? '' : '  '}${hint}`
  return line(span(` ${text}`, 'key'))
}

const milliseconds = (nanos: number): string => `${(nanos / 1e6).toFixed(3)} ms`
