import type { Hop } from '../../explain/hops.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import type { Tone } from '../theme/theme.ts'
import { type Span, span } from './line.ts'

/** Where a hop stands to the one that is being looked at. */
export type Progress = 'done' | 'now' | 'next'

export const progressOf = (index: number, cursor: number): Progress =>
  index < cursor ? 'done' : index === cursor ? 'now' : 'next'

const TONES: Readonly<Record<Progress, Tone>> = { done: 'plain', now: 'now', next: 'dim' }

export const progressMark = (progress: Progress, glyphs: Glyphs): Span => span(glyphs[progress], TONES[progress])

/** The sign and tag of what a hop does; empty for plain transmission. */
export function actionMark({ action }: Hop, glyphs: Glyphs): Span {
  switch (action) {
    case 'dnat':
      return span(`${glyphs.nat} DNAT`, 'nat')
    case 'snat':
      return span(`${glyphs.nat} SNAT`, 'nat')
    case 'masquerade':
      return span(`${glyphs.nat} MASQ`, 'nat')
    case 'encap':
      return span(`${glyphs.encap} ENCAP`, 'tunnel')
    case 'decap':
      return span(`${glyphs.decap} DECAP`, 'tunnel')
    case 'drop':
      return span(`${glyphs.drop} DROP`, 'bad')
    case 'reject':
      return span(`${glyphs.deny} REJECT`, 'bad')
    case 'icmp-error':
      return span(`${glyphs.drop} ICMP`, 'bad')
    case 'deliver':
      return span('RX', 'good')
    case 'transmit':
      return span('TX')
    case 'receive':
      return span('RX')
    case 'bridge':
      return span('L2')
    case 'route':
      return span('TTL-1')
    case 'arp':
      return span('ARP')
  }
}

/** The one sign that stands for a hop in a list. */
export function kindMark(hop: Hop, progress: Progress, glyphs: Glyphs): Span {
  const mark = actionMark(hop, glyphs)
  const special = mark.tone === 'nat' || mark.tone === 'tunnel' || mark.tone === 'bad'
  if (progress === 'now') return span(special ? mark.text[0] : glyphs.now, 'now')
  return special ? span(mark.text[0], progress === 'next' ? 'dim' : mark.tone) : progressMark(progress, glyphs)
}

/** Whose hop it is: the pod's name inside a pod, else the node's. */
export const placeOf = ({ netns, node }: Hop): string => (netns === 'host' ? node : (netns.split('/')[1] ?? netns))
