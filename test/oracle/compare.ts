import type { Tracked } from './conntrack.ts'
import type { Recording, Seen } from './record.ts'

/**
 * How two recordings of a flow differ, or null. What one namespace saw must be the same, in the same order; between
 * namespaces only causes order things, and each cause is itself in the lists (a frame that comes in went out before).
 */
export function difference(expected: Recording, got: Recording, names = ['expected', 'got']): string | null {
  return differentFrames(expected.seen, got.seen, names) ?? differentEntries(expected.tracked, got.tracked, names)
}

function differentFrames(expected: readonly Seen[], got: readonly Seen[], names: readonly string[]): string | null {
  const places = [...new Set([...expected, ...got].map((s) => s.netns))]
  for (const netns of places) {
    const left = lines(expected, netns)
    const right = lines(got, netns)
    const at = left.findIndex((line, i) => line !== right[i])
    const first = at >= 0 ? at : left.length
    if (first === left.length && right.length === left.length) continue
    return [
      `${netns}: the ${ordinal(first + 1)} frame of ${left.length} differs (${right.length} seen)`,
      ...left.slice(Math.max(0, first - 2), first).map((line) => `    both      ${line}`),
      `    ${names[0].padEnd(9)} ${left[first] ?? '(nothing more)'}`,
      `    ${names[1].padEnd(9)} ${right[first] ?? '(nothing more)'}`,
    ].join('\n')
  }
  return null
}

/** conntrack -L prints in the order of a salted hash. */
function differentEntries(
  expected: readonly Tracked[],
  got: readonly Tracked[],
  names: readonly string[],
): string | null {
  const [left, right] = [expected, got].map((list) => list.map((t) => `${t.netns}: ${t.text}`))
  const lost = left.filter((line) => !right.includes(line))
  const found = right.filter((line) => !left.includes(line))
  if (lost.length + found.length === 0) return null
  return [
    'the connections that the nodes track differ',
    ...lost.map((line) => `    only ${names[0]}: ${line}`),
    ...found.map((line) => `    only ${names[1]}: ${line}`),
  ].join('\n')
}

const lines = (seen: readonly Seen[], netns: string): string[] =>
  inNormalOrder(seen.filter((s) => s.netns === netns).map(placed)).map((s) => s.line)

interface Placed {
  readonly tap: string
  readonly line: string
  /** The packet's ends, less any tunnel's; empty for ARP. */
  readonly ends: string
  /** Offset of a fragment, else null. */
  readonly fragment: string | null
}

function placed({ direction, device, text }: Seen): Placed {
  const inner = text.slice(text.indexOf('{') + 1)
  const header = /(\S+ > \S+) (?:ttl|hlim) \d+ len \d+(?: tos \S+)?(?: DF)?(?: frag (\d+))?/.exec(inner)
  const tap = `${direction} ${device}`
  return { tap, line: `${tap}: ${text}`, ends: header?.[1] ?? '', fragment: header?.[2] ?? null }
}

/**
 * Whether the order of two sightings in a namespace is the stack's doing. All are ordered, but for fragments of a datagram,
 * which travel in a burst: a kernel takes three off a device before the first is decapsulated, or not; and what the first of
 * them causes comes back before the second leaves, or not, as the network is slow or fast.
 */
function ordered(a: Placed, b: Placed): boolean {
  if (a.tap === b.tap || (a.fragment === null && b.fragment === null)) return true
  if (a.ends !== b.ends) return a.fragment !== null && b.fragment !== null
  return a.fragment === b.fragment || a.fragment === null || b.fragment === null
}

/** Of all orders that differ only in what is not ordered, the first by its text (the normal form of a Mazurkiewicz trace). */
function inNormalOrder(seen: Placed[]): Placed[] {
  if (seen.every(({ fragment }) => fragment === null)) return seen
  const out: Placed[] = []
  const left = [...seen]
  while (left.length > 0) {
    let best = 0
    for (let i = 1; i < left.length; i++) {
      if (left[i].line < left[best].line && !left.slice(0, i).some((before) => ordered(before, left[i]))) best = i
    }
    out.push(...left.splice(best, 1))
  }
  return out
}

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10
  return `${n}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`
}
