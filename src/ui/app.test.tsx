import { EventEmitter } from 'node:events'
import headless from '@xterm/headless'
import { render } from 'ink'
import { afterEach, describe, expect, it } from 'vitest'
import { App } from './app.tsx'
import { start } from './model/reduce.ts'
import type { State } from './model/state.ts'
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

  /** Types keys one by one, each after the one before has been acted on. */
  async press(...keys: string[]): Promise<void> {
    await until(() => this.last !== null)
    for (const key of keys) {
      const before = this.last
      this.keyboard.type(key)
      await until(() => this.last !== before)
    }
  }

  /** Types what should have no effect, and gives it its time. */
  async pressInVain(...keys: string[]): Promise<void> {
    await until(() => this.last !== null)
    for (const key of keys) {
      this.keyboard.type(key)
      await new Promise((resolve) => setTimeout(resolve, 100))
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

/** Waits until the condition holds; on a busy machine that may take a while. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 4000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  if (!condition()) throw new Error('nothing happened for 20 s')
  await new Promise((resolve) => setImmediate(resolve))
}

let session: Session
afterEach(() => session?.close())

describe.each(SIZES)('at %ix%i', (columns, rows) => {
  it.each(['topology', 'trace', 'tls', 'life', 'killed', 'help', 'pick'])(
    'the %s screen fills every row to the last cell',
    async (screen) => {
      session = new Session(columns, rows)
      const keys =
        {
          topology: [']', ']', ']'],
          trace: ['2', ']', ']'],
          tls: ['4', 'j', '\t'],
          life: ['5'],
          killed: ['x'],
          help: ['?'],
          pick: ['d'],
        }[screen] ?? []
      await session.press(...keys)
      const lines = await session.lines()
      if (process.env.SHOW) console.log(lines.join('\n'))
      expect(lines.every((text) => width(text) === columns)).toBe(true)
      expect(lines[0]).toContain('podwire')
      expect(lines[rows - 1]).toMatch(/q(uits?)?|Esc/)
      expect(lines[rows - 2].trim()).not.toBe('')
    },
  )
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
    await session.pressInVain('\u001b[M !!', '\u001b[200~qqq')
    expect(session.last?.cursor).toBe(0)
    expect(session.last?.mode.kind).toBe('normal')
  })
})

describe('a handshake', () => {
  it('is a ladder; Tab turns to what was decided and derived after the message', async () => {
    session = new Session(80, 24)
    await session.press('4', 'j')
    const ladder = (await session.lines()).slice(2, 16).map((text) => text.slice(1, 43).trimEnd())
    expect(ladder).toEqual([
      '═ handshake  ServerHello ═════════════════',
      '     client              web-2',
      '     10.244.1.2:40112    10.244.2.2:8443',
      '      SYN ─────────────────→  0.000 ms tcp',
      '      ←──────────── SYN, ACK  0.800 ms tcp',
      '     -- round trip 1: 0.800 ms --',
      '      ACK ─────────────────→  0.800 ms tcp',
      '    1 ClientHello ─────────→     90 plain',
      ' >  2 ←───────── ServerHello     90 plain',
      '     -- round trip 2: 0.100 ms --',
      '     -- a tap reads nothing from here --',
      '    3 ←─ EncryptedExtensions     90 {hs}',
      '    4 ←───────── Certificate     90 {hs}',
      '    5 ←──────────── Finished     90 {hs}',
    ])
    await session.press('\t')
    expect((await session.lines()).join('\n')).toMatch(/version: TLS 1\.3/)
    await session.press('\t\t\t\t\t\t')
    expect((await session.lines()).join('\n')).toMatch(/Handshake Secret = HKDF-Extract/)
  })
})

describe('pods that are killed', () => {
  /** The rows between the pane's title and the next pane. */
  const rowsOf = (lines: readonly string[], title: string): string[] => {
    const from = lines.findIndex((text) => text.includes(title)) + 1
    const rest = lines.slice(from)
    return rest
      .slice(
        0,
        rest.findIndex((text) => /^[╚└]/.test(text)),
      )
      .map((text) => text.slice(1, -1).trim())
  }

  it('end their bar and their address; a successor takes the next one, and the Service counts on', async () => {
    session = new Session(80, 24)
    await session.press('x')
    const lines = await session.lines()
    expect(rowsOf(lines, 'addresses over time')).toEqual([
      '10.244.1.2            ├ client ────────────────',
      '10.244.1.3            ├ web-1 ─────────────────',
      '10.244.2.2            ├ web-2 ────────┤',
      '10.244.2.3                        ├ web-new1 ──',
      'svc/web endpoints       22222222221122222222222',
    ])
    expect(lines.find((text) => text.includes('> web-2'))).toMatch(/gone {9}░?▒+█+▓+✖/)
    expect(lines.at(-3)).toContain('web-2 was deleted at 6.000 s; web-new1 (10.244.2.3) takes its place')
    expect(lines.at(-2)).toContain('K')
  })

  it('come back by undoing, at the moment before', async () => {
    session = new Session(80, 24)
    await session.press('x', 'u')
    expect(session.last?.kills).toEqual([])
    expect(session.last?.moment).toBe(6e9)
    expect((await session.lines()).join('\n')).not.toContain('web-new1')
  })

  it('are chosen in the list, and one that is gone is not killed again', async () => {
    session = new Session(80, 24)
    await session.press('5', 'g', 'k', 'k', 'k', 'j', '$', 'X')
    expect(session.last?.kills).toEqual([{ at: 6e9, namespace: 'default', name: 'web-1', now: true }])
    await session.press('x')
    expect(session.last?.kills).toHaveLength(1)
    expect(session.last?.message).toContain('web-1 is gone already')
  })

  it('the time cursor stops where something happened', async () => {
    session = new Session(80, 24)
    await session.press('5', '0')
    expect(session.last?.moment).toBe(0)
    await session.press(']')
    expect(session.last?.moment).toBe(6e9)
  })
})

describe('looks', () => {
  it('ASCII draws nothing outside ASCII', async () => {
    session = new Session(80, 24, { color: false, ascii: true })
    await session.press(']', '2', '4', '5', 'x')
    const text = (await session.lines()).join('\n')
    expect([...text].filter((character) => character.charCodeAt(0) > 126)).toEqual([])
  })

  it('a terminal too small gets a notice', async () => {
    session = new Session(50, 10)
    expect((await session.lines())[0]).toContain('podwire needs 60x15')
  })
})
