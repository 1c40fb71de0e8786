import stringWidth from 'string-width'
import { ONE_CELL } from '../../util/one-cell.ts'

let segmenter: Intl.Segmenter | undefined
/** Made when first needed: it takes some 10 ms. */
const graphemes = (text: string): Intl.Segments =>
  (segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })).segment(text)

/** Cells that a text takes on a terminal: Hangul and emoji take two. */
export const width = (text: string): number => (ONE_CELL.test(text) ? text.length : stringWidth(text))

/** The longest beginning of `text` that fits in `limit` cells. Plain text only: cut first, style after. */
export function cut(text: string, limit: number): string {
  if (ONE_CELL.test(text)) return text.length <= limit ? text : text.slice(0, Math.max(0, limit))
  let used = 0
  let kept = ''
  for (const { segment } of graphemes(text)) {
    const cells = stringWidth(segment)
    if (used + cells > limit) break
    used += cells
    kept += segment
  }
  return kept
}

/** Exactly `cells` wide: cut, with `…` where something was lost, or filled with blanks. */
export function toWidth(text: string, cells: number, ellipsis = '…'): string {
  if (cells <= 0) return ''
  const whole = width(text)
  if (whole <= cells) return text + ' '.repeat(cells - whole)
  const short = cut(text, cells - width(ellipsis)) + ellipsis
  return short + ' '.repeat(Math.max(0, cells - width(short)))
}

/** Right-aligned in `cells`. */
export function toWidthLeft(text: string, cells: number): string {
  const whole = width(text)
  return whole >= cells ? cut(text, cells) : ' '.repeat(cells - whole) + text
}

/** What stands in one cell: a grapheme (empty in the second cell of a wide one) and its style as an SGR sequence. */
export interface Cell {
  readonly text: string
  readonly style: string
}

const ESCAPE = String.fromCharCode(27)
const SGR = new RegExp(`${ESCAPE}\\[([0-9;:]*)m`, 'y')
const OTHER = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007]*(?:\\u0007|${ESCAPE}\\\\)|.)`, 'y')

/** Reads a line with SGR styling into cells. Other escape sequences are dropped. */
export function cellsOf(line: string): Cell[] {
  const cells: Cell[] = []
  let style = ''
  let plain = 0
  const flush = (to: number): void => {
    if (to > plain) pushText(cells, line.slice(plain, to), style)
  }
  for (let at = 0; at < line.length; ) {
    if (line[at] !== ESCAPE) {
      at++
      continue
    }
    flush(at)
    SGR.lastIndex = at
    OTHER.lastIndex = at
    const sgr = SGR.exec(line)
    if (sgr !== null) style = restyled(style, sgr[1])
    at = sgr !== null ? SGR.lastIndex : OTHER.exec(line) !== null ? OTHER.lastIndex : at + 1
    plain = at
  }
  flush(line.length)
  return cells
}

function pushText(cells: Cell[], text: string, style: string): void {
  if (ONE_CELL.test(text)) {
    for (const character of text) cells.push({ text: character, style })
    return
  }
  for (const { segment } of graphemes(text)) {
    cells.push({ text: segment, style })
    for (let extra = stringWidth(segment); extra > 1; extra--) cells.push({ text: '', style })
  }
}

/** The style after one more SGR sequence: what the terminal would hold, as the parameters still in force. */
function restyled(style: string, parameters: string): string {
  if (parameters === '' || parameters === '0') return ''
  const kept = style === '' ? [] : style.split('|')
  const group = groupOf(parameters)
  const rest = kept.filter((p) => groupOf(p) !== group)
  return CLOSES.has(parameters) ? rest.join('|') : [...rest, parameters].join('|')
}

const CLOSES = new Set(['22', '23', '24', '27', '28', '29', '39', '49', '55'])

/** Which attribute a parameter sets or clears: weight, italics, underline, inverse, foreground, background. */
function groupOf(parameters: string): string {
  const first = Number.parseInt(parameters, 10)
  if (first === 1 || first === 2 || first === 22) return 'weight'
  if (first === 3 || first === 23) return 'italic'
  if (first === 4 || first === 24) return 'underline'
  if (first === 7 || first === 27) return 'inverse'
  if (first === 9 || first === 29) return 'strike'
  if ((first >= 30 && first <= 39) || (first >= 90 && first <= 97)) return 'foreground'
  if ((first >= 40 && first <= 49) || (first >= 100 && first <= 107)) return 'background'
  return String(first)
}

/** The escape sequence that sets a cell's style from nothing. */
export const styleSequence = (style: string): string =>
  style === '' ? `${ESCAPE}[0m` : `${ESCAPE}[0;${style.replaceAll('|', ';')}m`
