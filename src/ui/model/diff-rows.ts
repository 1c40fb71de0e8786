import { type FieldDiff, headerDiff, type LayerDiff } from '../../explain/diff.ts'
import { en } from '../../explain/messages/en.ts'
import { type Line, line, span } from './line.ts'
import { allHops, forwardCount, type State } from './state.ts'

const SIGNS = { added: '+', removed: '-', changed: '~', same: ' ' } as const
const TONES = { added: 'good', removed: 'bad', changed: 'changed', same: 'dim' } as const

/** What changed in the bytes since the hop before: a row a layer, and one a changed field. */
export function diffRows(state: State, cells: number): Line[] {
  const [before, after] = framesAround(state)
  if (after === null) return []
  const layers = headerDiff(before, after)
  const rows = layers.flatMap((layer) => layerRows(layer, cells))
  return layers.some((layer) => layer.change !== 'same')
    ? rows
    : [line(span(` ${en.ui.nothingChanged}`, 'dim')), ...rows]
}

function layerRows({ layer, change, summary, fields }: LayerDiff, cells: number): Line[] {
  const head = line(
    span(`${SIGNS[change]} ${layer.padEnd(8)} ${summary}`, change === 'changed' ? 'plain' : TONES[change]),
  )
  return [head, ...fields.flatMap((field) => fieldRows(field, cells))]
}

/** `~ ttl 64 > 63`; two rows where one has no room. */
function fieldRows({ field, before, after }: FieldDiff, cells: number): Line[] {
  const name = `~   ${field.padEnd(12)} `
  const whole = `${name}${before} > ${after}`
  if (whole.length <= cells) return [line(span(whole, 'changed'))]
  return [line(span(`${name}${before}`, 'changed')), line(span(`${' '.repeat(name.length - 2)}> ${after}`, 'changed'))]
}

/** The bytes at the cursor and at the hop before it on the same leg; null where there are none. */
export function framesAround(state: State): [Uint8Array | null, Uint8Array | null] {
  const hops = allHops(state.story)
  const split = forwardCount(state.story)
  const first = state.cursor >= split ? split : 0
  let previous = state.cursor - 1
  while (previous >= first && hops[previous].frame === null) previous--
  return [previous >= first ? bytesAt(state, previous) : null, bytesAt(state, state.cursor)]
}

function bytesAt({ story }: State, index: number): Uint8Array | null {
  const hop = allHops(story)[index]
  const step = story.recorded.steps.find((s) => s.id === hop?.step)
  return step === undefined || step.frame === null ? null : story.recorded.frame(step.frame)
}
