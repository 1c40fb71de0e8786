import { stripVTControlCharacters } from 'node:util'
import headless from '@xterm/headless'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cut, toWidth, width } from './cells.ts'
import { FrameSink, type TerminalOutput } from './sink.ts'

const { Terminal } = headless

class Screen implements TerminalOutput {
  readonly terminal: InstanceType<typeof Terminal>
  written = 0
  private listener: () => void = () => {}

  constructor(
    public columns: number,
    public rows: number,
  ) {
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true })
  }

  write(text: string): void {
    this.written += text.length
    this.terminal.write(text)
  }

  on(_event: 'resize', listener: () => void): void {
    this.listener = listener
  }

  off(): void {
    this.listener = () => {}
  }

  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    this.terminal.resize(columns, rows)
    this.listener()
  }

  async lines(): Promise<string[]> {
    await new Promise<void>((resolve) => this.terminal.write('', resolve))
    const { active } = this.terminal.buffer
    return Array.from({ length: this.rows }, (_, row) => active.getLine(row)?.translateToString(true) ?? '')
  }
}

describe('FrameSink', () => {
  it('shows each frame whole, whatever was there before', async () => {
    const line = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '가', '─', '\u001b[31m', '\u001b[39m', '\u001b[7m'),
      maxLength: 18,
    })
    const frame = fc.array(line, { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async (frames) => {
        const screen = new Screen(40, 5)
        const sink = new FrameSink(screen)
        sink.enter()
        for (const lines of frames) sink.write(lines.join('\n'))
        const last = frames[frames.length - 1]
        const plain = Array.from({ length: 5 }, (_, i) => stripVTControlCharacters(last[i] ?? '').trimEnd())
        expect((await screen.lines()).map((text) => text.trimEnd())).toEqual(plain)
      }),
      { numRuns: 60 },
    )
  })

  it('writes little for a small change, and nothing for none', () => {
    const screen = new Screen(80, 24)
    const sink = new FrameSink(screen)
    sink.enter()
    const rows = Array.from({ length: 24 }, (_, i) => `row ${i} ${'x'.repeat(60)}`)
    sink.write(rows.join('\n'))
    const whole = screen.written
    sink.write(rows.join('\n'))
    expect(screen.written).toBe(whole)
    rows[7] = rows[7].replace('row', 'ROW')
    sink.write(rows.join('\n'))
    expect(screen.written - whole).toBeLessThan(50)
  })

  it('paints again after a resize and gives the screen back', async () => {
    const screen = new Screen(20, 3)
    screen.write('before')
    const sink = new FrameSink(screen)
    let resized = 0
    sink.on('resize', () => {
      resized++
      sink.write('wide\nframe')
    })
    sink.enter()
    sink.write('narrow')
    screen.resize(30, 4)
    expect(resized).toBe(1)
    expect((await screen.lines()).slice(0, 2)).toEqual(['wide', 'frame'])
    sink.leave()
    sink.leave()
    expect((await screen.lines())[0]).toBe('before')
  })
})

describe('cells', () => {
  it('cut and fit on graphemes, two cells for Hangul', () => {
    expect(width('토폴로지')).toBe(8)
    expect(cut('토폴로지', 5)).toBe('토폴')
    expect(toWidth('토폴로지', 6)).toBe('토폴… ')
    expect(toWidth('abc', 5)).toBe('abc  ')
    expect(toWidth('abcdef', 4)).toBe('abc…')
  })

  it('fit makes any text exactly as wide as asked', () => {
    const anything = fc.string({ unit: fc.constantFrom('a', '가', '…', '●', '👩‍💻', ' ') })
    fc.assert(
      fc.property(anything, fc.integer({ min: 0, max: 12 }), (text, cells) => width(toWidth(text, cells)) === cells),
    )
  })
})
