import type { Connection } from '../../../src/tls/connection.ts'
import type { Core } from '../../../src/tls/core.ts'
import type { SessionCache } from '../../../src/tls/session/cache.ts'
import type { ReplayGuard } from '../../../src/tls/session/replay.ts'
import type { Rng } from '../../../src/util/rng.ts'

/** What `Connection` and `Core` keep to themselves, as far as they must be seen here. */
interface Inside {
  core: Core
  state: { readonly at: string; readonly changeCipherSpec?: unknown }
}
const inside = (connection: Connection): Inside => connection as unknown as Inside

export const coreOf = (connection: Connection): Core => inside(connection).core

/**
 * A connection as it is now, to go on by itself. States are immutable and shared; what runs on (core, transcript, record layer)
 * is copied. Chance is the caller's: see `Chance`.
 */
export function fork(connection: Connection, trace: boolean): Connection {
  const { core } = inside(connection)
  const input = shallow(core.input, { deframer: shallow(core.input.deframer) })
  const of = core.transcript as unknown as { messages: readonly Uint8Array[]; running: { copy(): unknown } | null }
  const transcript = shallow(core.transcript, { messages: [...of.messages], running: of.running?.copy() ?? null })
  const parts = { input, transcript, output: shallow(core.output), joiner: shallow(core.joiner), outputs: [], wire: [] }
  const next = shallow(core, { ...parts, unsent: [], trace: trace ? 'told' : 'off', listener: null })
  return shallow(connection, { core: next })
}

/** A copy with some fields others, its class kept. Bytes are shared: nobody writes to those it was given. */
const shallow = <T extends object>(value: T, changes: Readonly<Record<string, unknown>> = {}): T =>
  Object.assign(Object.create(Object.getPrototypeOf(value)), value, changes)

/** What all forks of a conversation share: set back before each, so that one's run does not change another's. */
export class Shared {
  constructor(
    readonly random: Rng,
    readonly cache: SessionCache,
    readonly replay: ReplayGuard,
  ) {}

  mark(): () => void {
    const { random, cache, replay } = this
    const [saved, sessions, seen] = [{ ...random }, new Map(inner(cache).sessions), new Map(inner(replay).seen)]
    return () => {
      Object.assign(random, saved)
      Object.assign(cache, { sessions: new Map(sessions) })
      Object.assign(replay, { seen: new Map(seen) })
    }
  }
}

const inner = (value: object) =>
  value as unknown as { readonly sessions: Map<string, unknown>; readonly seen: Map<string, unknown> }
