import type { ProcessSockets } from '../linux/socket/process-sockets.ts'
import type { Process, Task } from '../sim/process.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Event, StepId } from '../trace/step.ts'
import type { Address, Family } from '../util/address.ts'
import type { Rng } from '../util/rng.ts'

/** What became of a name. */
export type Resolution =
  | { readonly kind: 'found'; readonly addresses: readonly Address[]; readonly cause: StepId }
  /** EAI_NONAME: every name tried does not exist, or has no address. */
  | { readonly kind: 'unknown'; readonly cause: StepId }
  /** EAI_AGAIN: no server answered, or none could. */
  | { readonly kind: 'unavailable'; readonly cause: StepId }

/** getaddrinfo(3), as far as programs need it. */
export interface NameService {
  /** Addresses of both families unless one is asked for; an address written out is its own answer. */
  resolve(name: string, family?: Family | null): Process<Resolution>
}

/** What a program running in a pod, or on a node, can see and do. */
export interface PodContext {
  readonly sockets: ProcessSockets
  readonly names: NameService
  readonly simulation: Simulation
  readonly rng: Rng
  readonly hostname: string
  /** Milliseconds since 1970 at the scenario's start. */
  readonly epoch: number
  /** The step that began the program. */
  readonly cause: StepId
  /** A line on standard output or error. */
  print(line: string): void
  record(event: Event, cause?: StepId): StepId
  /** Whether what is recorded is kept; else it only counts, and `skip` does as well. */
  readonly recording: boolean
  /** Counts a step that nobody records. */
  skip(): StepId
  /** A process that ends with the program. */
  fork<T>(process: Process<T>, name: string): Task<T>
}

/** A program: gives its exit code. */
export type Program = (context: PodContext) => Process<number>

/** The wall clock inside the emulation, in milliseconds since 1970. */
export const wallClock = (context: PodContext): number => context.epoch + Math.floor(context.simulation.now / 1_000_000)
