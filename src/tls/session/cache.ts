import { toHex } from '../../util/bytes.ts'
import type { UnixMillis } from '../judge.ts'
import { type ServerSession, usable } from './ticket.ts'

/** Sessions by id (RFC 5246 F.1.4); the oldest go first when it is full. */
export class SessionCache {
  private readonly sessions = new Map<string, ServerSession>()

  constructor(private readonly capacity = 1000) {}

  put(id: Uint8Array, session: ServerSession): void {
    if (this.sessions.size >= this.capacity) this.sessions.delete(this.sessions.keys().next().value as string)
    this.sessions.set(toHex(id), session)
  }

  find(id: Uint8Array, now: UnixMillis): ServerSession | null {
    const session = this.sessions.get(toHex(id))
    return session !== undefined && usable(session, now) ? session : null
  }

  /** RFC 5246 7.2.2: a fatal alert makes the session unusable. */
  forget(id: Uint8Array): void {
    this.sessions.delete(toHex(id))
  }
}
