import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'

const PIPES = ['pipe', 'pipe'] as const
const PATIENCE = 30_000

export interface Transfer {
  readonly upload: string
  readonly download: string
}

/** Another program, its output gathered; killed at the end whatever happens. */
export class Program {
  output = ''
  private readonly child: ChildProcess
  /** Its exit code, once it ended. */
  readonly over: Promise<number | null>
  private readonly watchers = new Set<() => void>()

  /** `files`: standard input comes from one, standard output goes to the other. */
  constructor(command: string, args: readonly string[], files: Transfer | null = null) {
    const env = { ...process.env, SSLKEYLOGFILE: '' }
    const [input, output] = files === null ? PIPES : [openSync(files.upload, 'r'), openSync(files.download, 'w')]
    this.child = spawn(command, args, { stdio: [input, output, 'pipe'], env })
    for (const end of [input, output]) if (typeof end === 'number') closeSync(end)
    // 'close', not 'exit': by then all output was read.
    this.over = new Promise((resolve) => this.child.once('close', resolve).once('error', () => resolve(-1)))
    const gather = (chunk: Buffer): void => {
      this.output += chunk.toString('latin1')
      for (const watcher of this.watchers) watcher()
    }
    this.child.stdout?.on('data', gather)
    this.child.stderr?.on('data', gather)
    this.child.stdin?.on('error', () => {})
    this.over.then(() => {
      for (const watcher of this.watchers) watcher()
    })
  }

  send(text: string | Uint8Array): void {
    this.child.stdin?.write(text)
  }

  endInput(): void {
    this.child.stdin?.end()
  }

  /** Waits for text in the output. Rejects when the program ends without it, or takes too long. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found !== null) return found
      if (this.child.exitCode !== null) throw new Error(`ended without ${pattern}: ${this.output.slice(-2000)}`)
      await this.change(`no ${pattern} in: `)
    }
  }

  /** Its exit code; rejects when it takes too long. */
  async end(): Promise<number | null> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE)
    const code = await this.over
    clearTimeout(late)
    return code
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.child.kill('SIGINT')
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }

  private change(complaint: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(late)
        this.watchers.delete(done)
        resolve()
      }
      const late = setTimeout(() => reject(new Error(complaint + this.output.slice(-2000))), PATIENCE)
      this.watchers.add(done)
    })
  }
}

/** A program that listens. */
export interface Listening {
  readonly port: number
  readonly program: Program
}

/** `openssl s_server` on a port of its own choice: it says which, when it is told 0. */
export async function opensslServer(args: readonly string[]): Promise<Listening> {
  const program = new Program('openssl', ['s_server', '-accept', '127.0.0.1:0', ...args])
  try {
    const [, port] = await program.until(/ACCEPT 127\.0\.0\.1:(\d+)/)
    return { port: Number(port), program }
  } catch (error) {
    program.kill()
    throw error
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
