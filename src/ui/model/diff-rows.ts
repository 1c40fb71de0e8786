import { type FieldDiff, headerDiff, type LayerDiff } from '../../explain/diff.ts'
import { frameAfter } from '../../explain/frame-after.ts'
import type { Hop } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import type { Step } from '../../trace/step.ts'
import type { Story } from './experience.ts'
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
function framesAround(state: State): [Uint8Array | null, Uint8Array | null] {
  const { cursor, story } = state
  const split = forwardCount(story)
  const leg = cursor >= split ? allHops(story).slice(split) : allHops(story).slice(0, split)
  const at = cursor >= split ? cursor - split : cursor
  const frames = framesOf(story, leg)
  return [frames[at - 1] ?? null, frames[at] ?? null]
}

/**
 * The frame at every hop of a leg, or after it where the hop rewrites it: a tap's where one stands, and between two taps what the step made of
 * the last one's. A tunnel's headers are first seen at the tap that follows.
 */
function framesOf({ recorded }: Story, leg: readonly Hop[]): (Uint8Array | null)[] {
  const steps = leg.map((hop) => recorded.steps.find(({ id }) => id === hop.step))
  const tapped = (step: Step | undefined): Uint8Array | null =>
    step === undefined || step.frame === null ? null : recorded.frame(step.frame)
  let current: Uint8Array | null = null
  return steps.map((step, i) => {
    if (step === undefined) return current
    const tunnel = step.event.kind === 'encap' || step.event.kind === 'decap'
    const seen = tunnel ? tapped(steps.slice(i).find((later) => tapped(later) !== null)) : tapped(step)
    current = seen ?? (current === null ? null : frameAfter(current, step.event))
    return current
  })
}
