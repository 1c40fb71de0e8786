import { cut, width } from '../terminal/cells.ts'
import type { Theme, Tone } from '../theme/theme.ts'

/** A piece of a row with a meaning; a row is a list of them. No Ink and no colour: a row can be printed as text. */
export interface Span {
  readonly text: string
  readonly tone: Tone
}
export type Line = readonly Span[]

export const span = (text: string, tone: Tone = 'plain'): Span => ({ text, tone })
export const line = (...parts: readonly (string | Span)[]): Line =>
  parts.map((part) => (typeof part === 'string' ? span(part) : part))
export const plainText = (row: Line): string => row.map((part) => part.text).join('')
export const lineWidth = (row: Line): number => row.reduce((sum, part) => sum + width(part.text), 0)

/** A row that is too long as several: what does not fit goes on below, a little to the right. */
export function folded(row: Line, cells: number): Line[] {
  const rows: Span[][] = [[]]
  let left = cells
  for (const { text, tone } of row) {
    for (let rest = text; rest !== ''; ) {
      const piece = breakAt(rest, left)
      rows[rows.length - 1].push({ text: piece, tone })
      left -= width(piece)
      rest = rest.slice(piece.length)
      if (rest === '') break
      rows.push([span(HANGING)])
      left = cells - HANGING.length
      rest = rest.trimStart()
    }
  }
  return rows
}

/** Columns pushed together where the row would not fit: two blanks are enough between them. What it begins with stays. */
export function squeezed(row: Line, cells: number): Line {
  if (lineWidth(row) <= cells) return row
  return row.map(({ text, tone }, i) => {
    const start = i === 0 ? text.length - text.trimStart().length : 0
    return { text: text.slice(0, start) + text.slice(start).replace(/ {3,}/g, '  '), tone }
  })
}

const HANGING = '      '

/** What of the text fits, up to a blank where there is one not too far back. */
function breakAt(text: string, cells: number): string {
  const piece = cut(text, cells)
  const blank = piece === text ? -1 : piece.lastIndexOf(' ')
  return blank > piece.length / 2 ? piece.slice(0, blank) : piece
}

/** Exactly `cells` wide: cut with an ellipsis or filled with blanks, then styled. */
export function render(row: Line, cells: number, theme: Theme): string {
  let left = cells
  let out = ''
  const whole = lineWidth(row)
  const limit = whole > cells ? cells - width(theme.glyphs.ellipsis) : cells
  for (const { text, tone } of row) {
    const piece = cut(text, limit - (cells - left))
    out += theme.style(tone, piece)
    left -= width(piece)
    if (piece !== text) break
  }
  if (whole > cells && cells > 0) {
    out += theme.glyphs.ellipsis
    left -= width(theme.glyphs.ellipsis)
  }
  return out + ' '.repeat(Math.max(0, left))
}
