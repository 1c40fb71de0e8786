import type { IpLayer } from '../linux/ip/layer.ts'
import { ProcessSockets } from '../linux/socket/process-sockets.ts'
import type { Sockets } from '../linux/socket/table.ts'
import { type Process, spawn, type Task } from '../sim/process.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Event, StepId } from '../trace/step.ts'
import type { Rng } from '../util/rng.ts'
import type { NameService, PodContext, Program } from './context.ts'

export interface ProcessOptions {
  /** The name in steps, as `ps` would show it: `curl`, `http-server`. */
  readonly program: string
  readonly ip: IpLayer
  readonly sockets: Sockets
  /** Makes the name service on the process's own sockets. */
  readonly names: (context: PodContext) => NameService
  readonly hostname?: string
  readonly epoch?: number
  /** The step that had it started. */
  readonly cause?: StepId
}

interface Killable {
  kill(): void
}

/** 2026-01-01T00:00:00Z. */
const EPOCH = 1_767_225_600_000

/** A process: its sockets, its children, its output. Ended by its program's return, or by `kill`. */
export class PodProcess implements PodContext {
  readonly sockets: ProcessSockets
  readonly names: NameService
  readonly simulation: Simulation
  readonly rng: Rng
  readonly hostname: string
  readonly epoch: number
  readonly cause: StepId
  /** What it printed, line by line. */
  readonly output: string[] = []
  private readonly children = new Set<Killable>()
  private main: Task<number> | null = null
  private over = false

  constructor(private readonly options: ProcessOptions) {
    const { kernel, place } = options.ip
    const { node, netns } = kernel.recorder.places[place]
    this.simulation = kernel.simulation
    this.rng = kernel.rng.next(`${options.program} of ${node}/${netns}`)
    this.hostname = options.hostname ?? netns.slice(netns.indexOf('/') + 1)
    this.epoch = options.epoch ?? EPOCH
    this.cause = this.note(
      { kind: 'program', program: options.program, change: 'start', code: null },
      options.cause ?? 0,
    )
    this.sockets = new ProcessSockets(options.sockets, this.cause)
    this.names = options.names(this)
  }

  /** Runs a program to its end; its exit code is the task's value. A program that throws fails the run. */
  run(program: Program): Task<number> {
    this.main = spawn(this.simulation, this.supervise(program), this.options.program)
    return this.main
  }

  /** SIGKILL: nothing of the program runs any more, and the kernel closes its sockets. */
  kill(): void {
    if (this.main !== null) this.main.kill()
    this.end(137)
  }

  print(line: string): void {
    this.output.push(line)
    this.note({ kind: 'output', program: this.options.program, line }, this.cause)
  }

  record(event: Event, cause: StepId = this.cause): StepId {
    return this.note(event, cause)
  }

  get recording(): boolean {
    return this.options.ip.kernel.recorder.on
  }

  skip(): StepId {
    return this.options.ip.kernel.recorder.skip()
  }

  fork<T>(process: Process<T>, name: string): Task<T> {
    const { children } = this
    const adopted = finallyDoing(process, () => children.delete(task))
    const task: Task<T> = spawn(this.simulation, adopted, `${this.options.program}: ${name}`)
    children.add(task)
    return task
  }

  private *supervise(program: Program): Process<number> {
    const code = yield* program(this)
    this.end(code)
    return code
  }

  private end(code: number): void {
    if (this.over) return
    this.over = true
    for (const child of [...this.children]) child.kill()
    this.sockets.closeAll()
    this.note({ kind: 'program', program: this.options.program, change: 'exit', code }, this.cause)
  }

  private note(event: Event, cause: StepId): StepId {
    const { kernel, place } = this.options.ip
    const { recorder } = kernel
    return recorder.on ? recorder.step(kernel.simulation.now, place, cause, 0, null, event) : recorder.skip()
  }
}

function* finallyDoing<T>(process: Process<T>, last: () => void): Process<T> {
  try {
    return yield* process
  } finally {
    last()
  }
}
