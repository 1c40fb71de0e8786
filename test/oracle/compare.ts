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
  byFragment(seen.filter((s) => s.netns === netns)).map((s) => `${s.direction} ${s.device}: ${s.text}`)

const FRAGMENT = /(\S+ > \S+) (?:ttl|hlim) \d+ len \d+(?: tos \S+)?(?: DF)? frag (\d+)/

/**
 * Fragments of one datagram that travel in a burst may overtake each other's stages: a kernel takes three off a device before
 * the first is decapsulated (NAPI), or not. In a row of them each fragment's way is told whole, before the next one's.
 */
function byFragment(seen: readonly Seen[]): Seen[] {
  const out: Seen[] = []
  for (let i = 0; i < seen.length; ) {
    const datagram = FRAGMENT.exec(seen[i].text)?.[1]
    let end = i + 1
    while (datagram !== undefined && end < seen.length && FRAGMENT.exec(seen[end].text)?.[1] === datagram) end++
    const offset = (s: Seen): number => Number(FRAGMENT.exec(s.text)?.[2] ?? 0)
    out.push(...seen.slice(i, end).sort((a, b) => offset(a) - offset(b)))
    i = end
  }
  return out
}

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10
  return `${n}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`
}
