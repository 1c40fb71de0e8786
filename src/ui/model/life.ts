import { ui } from '../../explain/messages/en-ui.ts'
import { type LifeStage, type PodLife, stageAt } from '../../explain/pod-lives.ts'
import { seconds } from '../../explain/text/timeline.ts'
import type { TimelineEntry } from '../../explain/timeline/timeline.ts'
import { width } from '../terminal/cells.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import type { Tone } from '../theme/theme.ts'
import type { Life } from './experience.ts'
import { type Line, line, type Span, span } from './line.ts'

/** Virtual time drawn from left to right: `columns` cells of `unit` nanoseconds. */
export interface Axis {
  readonly unit: number
  readonly columns: number
}

/** What a screen of lives is drawn from. `at` is the moment that is looked at; nothing later is shown. */
export interface LifeView {
  readonly life: Life
  readonly at: number
  readonly selected: number
  readonly glyphs: Glyphs
  readonly cells: number
}

const UNITS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].map((s) => s * 1e9)

/** The finest scale at which all of `end` fits. */
export function axisOf(end: number, cells: number): Axis {
  const columns = Math.max(1, cells)
  const unit = UNITS.find((candidate) => end / candidate < columns) ?? UNITS[UNITS.length - 1]
  return { unit, columns }
}

export const columnOf = ({ unit, columns }: Axis, at: number): number => Math.min(columns - 1, Math.floor(at / unit))

const NAME = 22
const PHASE = 12
/** The column between the names and the bars: the selection's sign and the blanks about the columns. */
const nameWidth = (life: Life): number =>
  Math.min(NAME, Math.max(8, ...life.pods.map(({ pod }) => width(shortName(pod)))))

export const axisFor = ({ life, cells }: LifeView): Axis => axisOf(life.end, cells - nameWidth(life) - PHASE - 6)

const shortName = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  namespace === 'default' ? name : `${namespace}/${name}`

const TONES: Readonly<Record<LifeStage, Tone>> = {
  pending: 'dim',
  creating: 'nat',
  running: 'good',
  waiting: 'bad',
  terminating: 'tunnel',
  succeeded: 'dim',
  failed: 'bad',
  gone: 'bad',
}

/** `0s        10s       20s`: a number each ten columns. */
export function axisRow(view: LifeView): Line {
  const { unit, columns } = axisFor(view)
  let ruler = ''
  for (let column = 0; column < columns; column += 10) ruler = `${ruler.padEnd(column)}${clock(column * unit)}`
  return line(' '.repeat(nameWidth(view.life) + PHASE + 5), span(ruler.slice(0, columns), 'dim'))
}

const clock = (nanos: number): string => {
  const s = nanos / 1e9
  if (s < 120) return `${Number(s.toFixed(1))}s`
  return s < 7200 ? `${Number((s / 60).toFixed(1))}m` : `${Number((s / 3600).toFixed(1))}h`
}

/** A row a pod: name, stage, and its life as a bar. */
export function lifeRows(view: LifeView): Line[] {
  const { life, at, selected, glyphs } = view
  const axis = axisFor(view)
  return life.pods.map((pod, i) => {
    const stage = stageAt(pod, at)
    const here = i === selected
    const mark = here ? glyphs.selected : ' '
    return line(
      span(` ${mark} `, 'strong'),
      span(pad(shortName(pod.pod), nameWidth(life)), here ? 'strong' : 'plain'),
      span(` ${pad(stage === null ? '' : ui.life.stages[stage], PHASE)} `, stage === null ? 'dim' : TONES[stage]),
      ...barOf(pod, at, axis, glyphs),
    )
  })
}

const pad = (text: string, cells: number): string => text.slice(0, cells).padEnd(cells)

/** One sign a column: the pod's stage at the column's end, `n` while it runs and is not Ready, `R` where it was started anew. */
function barOf(pod: PodLife, until: number, axis: Axis, glyphs: Glyphs): Span[] {
  const spans: Span[] = []
  const last = columnOf(axis, until)
  const restarted = new Set(pod.restarts.filter((at) => at <= until).map((at) => columnOf(axis, at)))
  let over = false
  for (let column = 0; column <= last; column++) {
    const from = column * axis.unit
    const at = Math.min(until, from + axis.unit - 1)
    const stage = stageAt(pod, at)
    if (stage === null || over) spans.push(span(' '))
    else if (stage === 'gone' || stage === 'succeeded' || stage === 'failed') {
      spans.push(span(glyphs.stages[stage], TONES[stage]))
      over = stage === 'gone' || pod.stages.at(-1)!.stage === stage
    } else if (restarted.has(column)) spans.push(span('R', 'strong'))
    else {
      const unready = stage === 'running' && pod.ready.findLast((change) => change.at <= at)?.ready !== true
      spans.push(unready ? span(glyphs.unready, 'nat') : span(glyphs.stages[stage], TONES[stage]))
    }
  }
  return [...spans, span(glyphs.line.vertical, 'dim')]
}

/** A row an address, in the order in which they were given: who had it when. Then what the Services and the clients saw. */
export function addressRows(view: LifeView): Line[] {
  const { life, at } = view
  const axis = axisFor(view)
  const known = life.addresses.filter(({ from }) => from <= at)
  const addresses = [...new Set(known.map(({ address }) => address))]
  const label = nameWidth(life) + PHASE + 2
  const rows = addresses.map((address) => {
    const cells = blank(axis, at)
    for (const { pod, from, until } of known.filter((tenancy) => tenancy.address === address)) {
      const gone = until !== null && until <= at
      drawTenancy(cells, columnOf(axis, from), columnOf(axis, gone ? until : at), shortName(pod), gone, view.glyphs)
    }
    return line(`   ${pad(address, label)}`, cells.join(''))
  })
  return [...rows, ...serviceRows(view, axis, label), ...requestRow(view, axis, label), ...lateRow(view, label)]
}

const blank = (axis: Axis, at: number): string[] => Array.from({ length: columnOf(axis, at) + 1 }, () => ' ')

function drawTenancy(cells: string[], from: number, to: number, name: string, gone: boolean, glyphs: Glyphs): void {
  const { horizontal } = glyphs.line
  for (let column = from; column <= to; column++) cells[column] = horizontal
  cells[from] = glyphs.from
  const text = ` ${name} `
  if (to - from > text.length + 1) cells.splice(from + 1, text.length, ...text)
  if (gone) cells[to] = glyphs.to
}

/** `svc/web   10.96.0.80` never moves; the digits are how many endpoints are ready. */
function serviceRows({ life, at }: LifeView, axis: Axis, label: number): Line[] {
  return life.endpoints.map(({ service, counts }) => {
    const cells = blank(axis, at).map((_, column) => {
      const moment = Math.min(at, (column + 1) * axis.unit - 1)
      const ready = counts.findLast((count) => count.at <= moment)?.ready
      return ready === undefined ? ' ' : ready > 9 ? '+' : String(ready)
    })
    const name = service.replace(/^default\//, '')
    return line(span(`   ${pad(ui.life.endpoints(name), label)}`, 'strong'), span(cells.join(''), 'good'))
  })
}

function requestRow({ life, at, glyphs }: LifeView, axis: Axis, label: number): Line[] {
  const seen = life.requests.filter((request) => request.at <= at)
  if (seen.length === 0) return []
  const cells = blank(axis, at)
  for (const { at: began, ok } of seen) {
    const column = columnOf(axis, began)
    if (cells[column] !== glyphs.drop) cells[column] = ok ? '.' : glyphs.drop
  }
  const failed = seen.filter(({ ok }) => !ok).length
  const spans = cells.map((cell) => span(cell, cell === glyphs.drop ? 'bad' : 'dim'))
  return [line(`   ${pad(ui.life.requests(seen.length, failed), label)}`, ...spans)]
}

/** What was sent to an address after its pod was gone. */
function lateRow({ life, at }: LifeView, label: number): Line[] {
  const late = life.addresses.filter(({ until, late }) => late > 0 && until !== null && until <= at)
  if (late.length === 0) return []
  const text = late.map((tenancy) => `${tenancy.address} ${tenancy.late}`).join('  ')
  return [line(span(`   ${pad(ui.life.late, label)}`, 'bad'), span(text, 'bad'))]
}

export function legendRow(glyphs: Glyphs): Line {
  const { stages } = glyphs
  const parts = (['pending', 'creating', 'running', 'terminating', 'gone'] as const).map(
    (stage) => `${stages[stage]} ${ui.life.stages[stage]}`,
  )
  return line(
    span(`   ${[...parts, `${glyphs.unready} ${ui.life.notReady}`, `R ${ui.life.restarted}`].join(' ')}`, 'dim'),
  )
}

/** What is known of the selected pod, and all that happened to it until then, the latest first. */
export function podRows({ life, at, selected }: LifeView): Line[] {
  const pod = life.pods[selected]
  if (pod === undefined) return []
  const name = pod.pod.name
  const owner = life.addresses.findLast((tenancy) => tenancy.pod.uid === pod.pod.uid && tenancy.from <= at)
  const facts = [ui.life.uid(pod.pod.uid), pod.node, owner === undefined ? '' : owner.address]
  const restarts = ui.life.restarts(pod.restarts.filter((when) => when <= at).length)
  const entries = entriesUntil(life, at).filter(({ subject }) => subject === name || subject === shortName(pod.pod))
  const told = entries.reverse().map((entry) => entryLine(entry))
  return [line(` ${[...facts.filter((fact) => fact !== ''), restarts].join('  ')}`), ...told]
}

/** Everything that happened until then, the latest first. */
export const eventRows = ({ life, at }: LifeView): Line[] =>
  entriesUntil(life, at)
    .reverse()
    .map((entry) => entryLine(entry, true))

const entriesUntil = ({ entries }: Life, at: number): TimelineEntry[] => entries.filter((entry) => entry.at <= at)

function entryLine({ at, subject, text, topic }: TimelineEntry, named = false): Line {
  const tone: Tone = topic === 'request' ? 'bad' : 'plain'
  return line(
    span(` ${seconds(at).padStart(8)}  `, 'dim'),
    span(named ? `${subject}  ` : '', 'strong'),
    span(text, tone),
  )
}

/** The moments at which something happened, where the time cursor stops. */
export function moments({ entries, end }: Life): number[] {
  return [...new Set([0, ...entries.map(({ at }) => at), end])].sort((a, b) => a - b)
}
