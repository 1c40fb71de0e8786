import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, type Span, time } from './support/measure.ts'

const PROGRAM = join(import.meta.dirname, '../podwire.js')
const ROUNDS = 9
/** Ink and the UI draw within a synchronized update (DEC mode 2026). */
const FRAME = '\x1b[?2026h'

/** The built program from nothing: whole processes, the file cache warm. Processor time is that of a process to its end. */
export async function run(): Promise<void> {
  time('node -e 0, for comparison', whole(['-e', '0']))
  time('--version', whole([PROGRAM, '--version']), 150)
  time('--help', whole([PROGRAM, '--help']), 150)
  const trace = [PROGRAM, 'trace', '--from', 'client', '--to', 'svc/web:80']
  time('trace, whole process', whole(trace))
  if (spawnSync('script', ['--version'], { stdio: 'ignore' }).error !== undefined) {
    console.log('first frame of the UI: skipped, needs script(1) of util-linux for a pseudo-terminal')
    return
  }
  const before = childrenCpu()
  const frames: number[] = []
  for (let i = 0; i < ROUNDS; i++) frames.push(await firstFrame())
  const ui = spanOf(frames, before)
  time('first frame of the UI, 80x24 pseudo-terminal, and out', ui, 700)
}

function whole(args: readonly string[]): Span {
  const once = (): number => {
    const start = performance.now()
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`)
    return performance.now() - start
  }
  const before = childrenCpu()
  return spanOf(Array.from({ length: ROUNDS }, once), before)
}

/** Where the system does not tell the processor time of children, the wall clock stands for it. */
function spanOf(walls: readonly number[], before: number): Span {
  const cpu = (childrenCpu() - before) / walls.length
  return { wall: median(walls), cpu: Number.isNaN(cpu) ? median(walls) : cpu }
}

/** Milliseconds of processor time of all children that have ended (proc(5): cutime and cstime, in hundredths of a second). */
function childrenCpu(): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN
  const afterName = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')
  return (Number(afterName[13]) + Number(afterName[14])) * 10
}

/** From the start of the terminal's process until its first frame was written to the terminal. */
async function firstFrame(): Promise<number> {
  const start = performance.now()
  const command = `stty rows 24 cols 80; exec '${process.execPath}' '${PROGRAM}'`
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TERM: 'xterm-256color' },
  })
  const time = await untilFrame(child, start)
  child.stdin.write('q')
  await new Promise((ended) => child.on('exit', ended))
  return time
}

function untilFrame(child: ChildProcess, start: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let shown = ''
    child.stdout!.on('data', (data: Buffer) => {
      shown += data.toString()
      if (shown.includes(FRAME)) resolve(performance.now() - start)
    })
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`the UI ended before its first frame: ${shown}`)))
  })
}
