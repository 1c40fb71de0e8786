import { EventEmitter } from 'node:events'
import { type Cell, cellsOf, styleSequence } from './cells.ts'

const ESCAPE = '\u001b'
const BLANK: Cell = { text: ' ', style: '' }

/** Where bytes for the terminal go: process.stdout, or a test's screen. */
export interface TerminalOutput {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/**
 * What Ink writes its frames to. It compares each frame with the last by cells and writes only the runs that changed, inside a
 * synchronized update: no flicker at any height, and a cursor move costs tens of bytes. It owns the alternate screen.
 */
export class FrameSink extends EventEmitter {
  readonly isTTY = true
  private shown: Cell[][] = []
  private open = false

  constructor(private readonly output: TerminalOutput) {
    super()
  }

  get columns(): number {
    return this.output.columns ?? 80
  }

  get rows(): number {
    return this.output.rows ?? 24
  }

  /** Takes the screen: alternate buffer, hidden cursor, no wrapping at the margin. */
  enter(): void {
    if (this.open) return
    this.open = true
    this.output.write(`${ESCAPE}[?1049h${ESCAPE}[?25l${ESCAPE}[?7l${ESCAPE}[2J`)
    this.output.on('resize', this.repaint)
  }

  /** Gives the screen back as it was. May be called on any way out, more than once. */
  leave(): void {
    if (!this.open) return
    this.open = false
    this.output.off('resize', this.repaint)
    this.output.write(`${ESCAPE}[0m${ESCAPE}[?7h${ESCAPE}[?25h${ESCAPE}[?1049l`)
  }

  /** One frame, as Ink's debug mode writes it: lines joined by newlines. */
  write(frame: string): boolean {
    if (!this.open) return true
    const lines = frame.replace(/\n$/, '').split('\n')
    const next: Cell[][] = []
    let out = ''
    for (let row = 0; row < this.rows; row++) {
      const cells = cellsOf(lines[row] ?? '').slice(0, this.columns)
      next.push(cells)
      out += changes(this.shown[row] ?? [], cells, row)
    }
    this.shown = next
    if (out !== '') this.output.write(`${ESCAPE}[?2026h${out}${ESCAPE}[0m${ESCAPE}[?2026l`)
    return true
  }

  private readonly repaint = (): void => {
    this.shown = []
    this.output.write(`${ESCAPE}[0m${ESCAPE}[2J`)
    this.emit('resize')
  }
}

/** Gaps of unchanged cells shorter than this are written again: moving the cursor would cost as much. */
const JOIN = 6

function changes(before: readonly Cell[], after: readonly Cell[], row: number): string {
  const length = Math.max(before.length, after.length)
  let out = ''
  for (let column = 0; column < length; ) {
    if (same(before[column], after[column])) {
      column++
      continue
    }
    const start = wideStart(after, column)
    let end = column + 1
    for (let at = end; at < length && at - end < JOIN; at++) if (!same(before[at], after[at])) end = at + 1
    out += `${ESCAPE}[${row + 1};${start + 1}H${run(after, start, end)}`
    column = end
  }
  return out
}

/** A change in the second cell of a wide character begins at its first. */
function wideStart(cells: readonly Cell[], column: number): number {
  let at = column
  while (at > 0 && cells[at]?.text === '') at--
  return at
}

function run(cells: readonly Cell[], start: number, end: number): string {
  let out = ''
  let style: string | null = null
  for (let at = start; at < end; at++) {
    const cell = cells[at] ?? BLANK
    if (cell.style !== style) {
      style = cell.style
      out += styleSequence(style)
    }
    out += cell.text
  }
  return out
}

function same(a: Cell | undefined, b: Cell | undefined): boolean {
  const x = a ?? BLANK
  const y = b ?? BLANK
  return x.text === y.text && x.style === y.style
}
