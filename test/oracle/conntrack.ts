import type { Labels } from './dissect.ts'

/** A connection that a namespace tracks, as one line without what each kernel picks for itself. */
export interface Tracked {
  readonly netns: string
  readonly text: string
}

/** What the timeouts of nf_conntrack's protocols start from, in seconds. */
const NOMINAL = [10, 30, 60, 120, 180, 300, 600, 432_000]

/**
 * One line of `conntrack -L -o extended`, for example
 * `icmp 10.244.1.2 > 192.168.56.1 type 8 id#1, reply 192.168.56.1 > 192.168.56.11 type 0 id#2, 30 s`. Timeouts are those the
 * entry was given: what is left is rounded up to the next nominal one.
 */
export function tracked(line: string, labels: Labels): string {
  const words = line.trim().split(/\s+/)
  const protocol = words[2]
  const timeout = Number(words[4])
  const state = words[5].includes('=') || words[5].startsWith('[') ? '' : ` ${words[5]}`
  const flags = words.filter((w) => /^\[.*\]$/.test(w)).map((w) => ` ${w}`)
  const pairs = words.filter((w) => w.includes('=')).map((w) => w.split('=') as [string, string])
  const second = pairs.findIndex(([key], i) => i > 0 && key === 'src')
  const tuple = (from: number, to: number): string => tupleText(Object.fromEntries(pairs.slice(from, to)), labels)
  const nominal = NOMINAL.find((n) => n >= timeout)
  const left = nominal !== undefined && nominal - timeout <= 5 ? nominal : timeout
  return `${protocol} ${tuple(0, second)}, reply ${tuple(second, pairs.length)}, ${left} s${state}${flags.join('')}`
}

function tupleText(t: Record<string, string>, labels: Labels): string {
  if (t.id !== undefined) return `${t.src} > ${t.dst} type ${t.type} ${labels.id(Number(t.id))}`
  // The outer source port of VXLAN is a hash of the inner flow, salted at boot.
  const port = (own: string, other: string): string => (other === '8472' ? '*' : labels.port(Number(own)))
  return `${t.src}:${port(t.sport, t.dport)} > ${t.dst}:${port(t.dport, t.sport)}`
}
