import { EventEmitter } from 'node:events'
import headless from '@xterm/headless'
import { render } from 'ink'
import { afterEach, describe, expect, it } from 'vitest'
import { App } from './app.tsx'
import { type State, start } from './model/state.ts'
import { width } from './terminal/cells.ts'
import { FrameSink } from './terminal/sink.ts'
import { exampleExperience } from './testing/story.ts'

const { Terminal } = headless
const SIZES = [
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
] as const

/** A keyboard: what is typed here, Ink reads as if it came from a terminal. */
class Keyboard extends EventEmitter {
  readonly isTTY = true
  private pending: string[] = []
  setRawMode(): void {}
  setEncoding(): void {}
  ref(): void {}
  unref(): void {}
  read(): string | null {
    return this.pending.shift() ?? null
  }
  type(text: string): void {
    this.pending.push(text)
    this.emit('readable')
  }
}

class Session {
  readonly keyboard = new Keyboard()
  readonly terminal: InstanceType<typeof Terminal>
  last: State | null = null
  private readonly app: ReturnType<typeof render>
  private readonly sink: FrameSink

  constructor(
    readonly columns: number,
    readonly rows: number,
    look = { color: true, ascii: false },
    request = { from: 'client', to: 'svc/web', protocol: 'icmp' as const },
  ) {
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true })
    const output = { columns, rows, write: (text: string) => this.terminal.write(text), on: () => {}, off: () => {} }
    this.sink = new FrameSink(output)
    this.sink.enter()
    const experience = exampleExperience()
    const onState = (state: State): void => {
      this.last = state
    }
    this.app = render(<App experience={experience} initial={start(experience, request, look)} onState={onState} />, {
      stdout: this.sink as unknown as NodeJS.WriteStream,
      stdin: this.keyboard as unknown as NodeJS.ReadStream,
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
    })
  }

  /** Types keys one by one, each after the one before has been acted on (or, having no effect, has had its time). */
  async press(...keys: string[]): Promise<void> {
    await until(() => this.last !== null)
    for (const key of keys) {
      const before = this.last
      this.keyboard.type(key)
      await until(() => this.last !== before)
    }
  }

  async lines(): Promise<string[]> {
    await until(() => this.last !== null)
    await new Promise<void>((resolve) => this.terminal.write('', resolve))
    const { active } = this.terminal.buffer
    return Array.from({ length: this.rows }, (_, row) => active.getLine(row)?.translateToString(false) ?? '')
  }

  close(): void {
    this.app.unmount()
    this.sink.leave()
  }
}

/** Waits until the condition holds, for half a second at most. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setImmediate(resolve))
}

let session: Session
afterEach(() => session?.close())

describe.each(SIZES)('at %ix%i', (columns, rows) => {
  it.each(['topology', 'trace', 'help', 'pick'])('the %s screen fills every row to the last cell', async (screen) => {
    session = new Session(columns, rows)
    const keys = { topology: [']', ']', ']'], trace: ['2', ']', ']'], help: ['?'], pick: ['d'] }[screen] ?? []
    await session.press(...keys)
    const lines = await session.lines()
    if (process.env.SHOW) console.log(lines.join('\n'))
    expect(lines.every((text) => width(text) === columns)).toBe(true)
    expect(lines[0]).toContain('podwire')
    expect(lines[rows - 1]).toMatch(/q(uits?)?|Esc/)
    expect(lines[rows - 2].trim()).not.toBe('')
  })
})

describe('the keyboard', () => {
  it('steps through the hops both ways, and a held key steps often', async () => {
    session = new Session(80, 24)
    await session.press(']', ']')
    expect(session.last?.cursor).toBe(2)
    await session.press(']]]]')
    expect(session.last?.cursor).toBe(6)
    await session.press('[')
    expect(session.last?.cursor).toBe(5)
    await session.press('$')
    expect(session.last?.cursor).toBe(23)
    await session.press('0', 'r')
    expect(session.last?.cursor).toBe(12)
  })

  it('picks another destination and traces again', async () => {
    session = new Session(80, 24)
    await session.press('d', 'j', 'j', '\r')
    expect(session.last?.story.request.to).not.toBe('svc/web')
    expect(session.last?.mode.kind).toBe('normal')
    expect((await session.lines())[0]).toContain('DELIVERED')
  })

  it('understands a Korean keyboard', async () => {
    session = new Session(80, 24)
    await session.press('ㄴ')
    expect(session.last?.mode.kind).toBe('pick')
  })

  it('ignores mouse reports and bracketed paste', async () => {
    session = new Session(80, 24)
    await session.press('\u001b[M !!', '\u001b[200~qqq')
    expect(session.last?.cursor).toBe(0)
    expect(session.last?.mode.kind).toBe('normal')
  })
})

describe('looks', () => {
  it('ASCII draws nothing outside ASCII', async () => {
    session = new Session(80, 24, { color: false, ascii: true })
    await session.press(']', '2')
    const text = (await session.lines()).join('\n')
    expect([...text].filter((character) => character.charCodeAt(0) > 126)).toEqual([])
  })

  it('a terminal too small gets a notice', async () => {
    session = new Session(50, 10)
    expect((await session.lines())[0]).toContain('podwire needs 60x15')
  })
})
