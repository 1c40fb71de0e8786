import type { Span } from '../util/bytes.ts'
import { equalBytes } from '../util/bytes.ts'
import { dissect } from '../wire/dissect.ts'
import { formatField } from '../wire/field.ts'
import type { Layer } from '../wire/layer.ts'

export type Change = 'added' | 'removed' | 'changed' | 'same'

/** One layer of a frame beside what it was at the hop before. */
export interface LayerDiff {
  readonly layer: string
  readonly change: Change
  /** The layer's telling fields, as it is now (or was, when removed). */
  readonly summary: string
  /** For a changed layer, its fields that changed. */
  readonly fields: readonly FieldDiff[]
}

export interface FieldDiff {
  readonly field: string
  readonly before: string
  readonly after: string
}

/** Compares two frames layer by layer, from the inside out: encapsulation adds layers at the front. */
export function headerDiff(before: Uint8Array | null, after: Uint8Array): LayerDiff[] {
  const now = headers(after)
  if (before === null) return now.map((layer) => whole(layer, 'same'))
  const then = headers(before)
  const shared = sharedLayers(then, now)
  return [
    ...then.slice(0, then.length - shared).map((layer) => whole(layer, 'removed')),
    ...now.slice(0, now.length - shared).map((layer) => whole(layer, 'added')),
    ...now.slice(now.length - shared).map((layer, i) => compared(then[then.length - shared + i], layer)),
  ]
}

function headers(frame: Uint8Array): readonly Layer[] {
  return dissect(frame).filter((layer) => layer.protocol !== 'payload' && layer.protocol !== 'padding')
}

function sharedLayers(a: readonly Layer[], b: readonly Layer[]): number {
  let shared = 0
  while (
    shared < a.length &&
    shared < b.length &&
    a[a.length - 1 - shared].protocol === b[b.length - 1 - shared].protocol
  )
    shared++
  return shared
}

function whole(layer: Layer, change: 'added' | 'removed' | 'same'): LayerDiff {
  return { layer: layer.protocol, change, summary: summaryOf(layer), fields: [] }
}

function compared(then: Layer, now: Layer): LayerDiff {
  const old = new Map(numbered(then))
  const fields = numbered(now).flatMap(([key, span]) => {
    const before = old.get(key)
    return before === undefined || sameValue(before, span)
      ? []
      : [{ field: span.field, before: formatField(before), after: formatField(span) }]
  })
  return { layer: now.protocol, change: fields.length > 0 ? 'changed' : 'same', summary: summaryOf(now), fields }
}

/** A field that stands several times, as those of TCP's options do, is compared with the one in its place. */
function numbered({ spans }: Layer): [key: string, span: Span][] {
  const seen = new Map<string, number>()
  return spans.map((span) => {
    const n = seen.get(span.field) ?? 0
    seen.set(span.field, n + 1)
    return [`${span.field} ${n}`, span]
  })
}

function sameValue(a: Span, b: Span): boolean {
  return a.value instanceof Uint8Array && b.value instanceof Uint8Array
    ? equalBytes(a.value, b.value)
    : a.value === b.value
}

const TELLING: Readonly<Record<string, readonly string[]>> = {
  ethernet: ['source', 'destination'],
  arp: ['operation', 'senderAddress', 'targetAddress'],
  ipv4: ['source', 'destination', 'ttl'],
  ipv6: ['source', 'destination', 'hopLimit'],
  udp: ['sourcePort', 'destinationPort', 'length'],
  tcp: ['sourcePort', 'destinationPort', 'flags', 'sequence'],
  vxlan: ['vni'],
  icmp: ['type', 'code'],
  icmpv6: ['type', 'code'],
}

function summaryOf(layer: Layer): string {
  const telling = TELLING[layer.protocol] ?? layer.spans.slice(0, 3).map((span) => span.field)
  return telling
    .flatMap((name) => {
      const span = layer.spans.find((s) => s.field === name)
      return span === undefined
        ? []
        : [span.field === 'source' || span.field === 'sourcePort' ? `${formatField(span)} >` : named(span)]
    })
    .join(' ')
}

const UNNAMED = new Set(['destination', 'destinationPort'])
const named = (span: Span): string =>
  UNNAMED.has(span.field) ? formatField(span) : `${span.field} ${formatField(span)}`
