import type { Recording, Seen } from './record.ts'

/**
 * A recording as text. A frame is printed once for all taps in a row that saw the same; below it, in order, the direction and
 * the tap:
 *
 *     default_a1:eth0 > node-1:cni0 10.244.1.2 > 10.244.2.2 ttl 64 len 84 DF | icmp echo request id id#1 seq 1
 *         out default_a1:eth0, in node-1:vetha1, in node-1:cni0
 *
 * and at the end what the nodes track: `conntrack node-1: icmp …`.
 */
export function print({ seen, tracked }: Recording): string {
  const lines: string[] = []
  for (let i = 0; i < seen.length; ) {
    const { text } = seen[i]
    const taps: string[] = []
    for (; i < seen.length && seen[i].text === text; i++) {
      taps.push(`${seen[i].direction} ${seen[i].netns}:${seen[i].device}`)
    }
    lines.push(text, `    ${taps.join(', ')}`)
  }
  for (const { netns, text } of tracked) lines.push(`conntrack ${netns}: ${text}`)
  return lines.map((line) => `${line}\n`).join('')
}

export function parse(text: string): Recording {
  const seen: Seen[] = []
  const tracked: { netns: string; text: string }[] = []
  let frame = ''
  for (const line of text.split('\n')) {
    const entry = /^conntrack ([^:]+): (.*)$/.exec(line)
    if (entry !== null) {
      tracked.push({ netns: entry[1], text: entry[2] })
      continue
    }
    if (!line.startsWith('    ')) {
      frame = line
      continue
    }
    for (const tap of line.trim().split(', ')) {
      const [, direction, netns, device] = /^(in|out) ([^:]+):(.+)$/.exec(tap)!
      seen.push({ netns, device, direction: direction as 'in' | 'out', text: frame })
    }
  }
  return { seen, tracked }
}
