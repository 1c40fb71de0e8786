import type { Errno } from '../../linux/errno.ts'
import { SocketError } from '../../linux/socket/error.ts'
import { waitFor } from '../../linux/socket/mailbox.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import { type Process, Signal, sleep, wait } from '../../sim/process.ts'
import { MILLISECOND, type Nanos } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { type Address, type Family, familyOf } from '../../util/address.ts'
import type { PodContext } from '../context.ts'

/** CURL_HET_DEFAULT: the other family's head start is over. */
const HEAD_START = 200 * MILLISECOND

export interface ConnectEvents {
  trying(address: Address): void
  failed(address: Address, errno: Errno): void
  /** The address had its share of the time. */
  timedOut(address: Address, after: Nanos): void
}

export interface Race {
  readonly port: number
  readonly timeout: Nanos
  readonly source: Address | null
  /** The step that said where to. */
  readonly cause: StepId
}

export type RaceResult =
  | { readonly kind: 'connected'; readonly stream: TcpStream }
  | { readonly kind: 'failed'; readonly errno: Errno }
  | { readonly kind: 'timeout' }

/**
 * Happy Eyeballs as curl does it (RFC 8305 in outline): the addresses of the first one's family in turn, and 200 ms later,
 * or as soon as those have failed, those of the other; the first to connect wins.
 */
export function* connectAny(
  context: PodContext,
  addresses: readonly Address[],
  race: Race,
  events: ConnectEvents,
): Process<RaceResult> {
  const first = familyOf(addresses[0])
  const lanes = [first, first === 4 ? 6 : 4]
    .map((family) => addresses.filter((address) => familyOf(address) === (family as Family)))
    .filter((lane) => lane.length > 0)
  return yield* new Running(context, race, events).decide(lanes)
}

/** A race under way. Its lanes are methods: a generator function made for each race would weigh more than the race. */
class Running {
  private readonly changed = new Signal<true>()
  private readonly deadline: Nanos
  private readonly winner: TcpStream[] = []
  private failure: RaceResult = { kind: 'failed', errno: 'ENETUNREACH' }
  private open = 0

  constructor(
    private readonly context: PodContext,
    private readonly race: Race,
    private readonly events: ConnectEvents,
  ) {
    this.deadline = context.simulation.now + race.timeout
  }

  *decide(lanes: readonly (readonly Address[])[]): Process<RaceResult> {
    const { winner } = this
    this.open = lanes.length
    const tasks = lanes.map((lane, i) => this.context.fork(this.run(lane, i), `connect ${i}`))
    try {
      while (winner.length === 0 && this.open > 0) {
        yield* wait(this.changed)
      }
    } finally {
      for (const task of tasks) task.kill()
    }
    for (const late of winner.slice(1)) late.close()
    if (winner.length > 0) return { kind: 'connected', stream: winner[0] }
    return this.failure
  }

  private *run(lane: readonly Address[], index: number): Process {
    const { context, race, events } = this
    if (index > 0) yield* waitFor(this.changed, HEAD_START)
    for (const [i, address] of lane.entries()) {
      // Half of what is left, while there are more to try.
      const left = this.deadline - context.simulation.now
      const share = i + 1 < lane.length ? Math.floor(left / 2) : left
      if (left <= 0) break
      events.trying(address)
      const start = context.simulation.now
      try {
        const options = { source: race.source, noDelay: true, timeout: share, cause: race.cause }
        this.winner.push(yield* context.sockets.connect(address, race.port, options))
        break
      } catch (error) {
        if (!(error instanceof SocketError)) throw error
        const limited = context.simulation.now - start >= share
        this.failure = limited ? { kind: 'timeout' } : { kind: 'failed', errno: error.errno }
        if (limited) events.timedOut(address, share)
        else events.failed(address, error.errno)
      }
    }
    this.open--
    this.changed.notify(true)
    yield* sleep(0)
  }
}
