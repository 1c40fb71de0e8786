import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import { type Process, wait } from '../../sim/process.ts'
import type { PodContext } from '../context.ts'
import { CurlFailure } from '../curl/failure.ts'
import { TlsBroken } from '../tls/stream.ts'
import { CHUNK } from './hello.ts'

/** Carries bytes both ways until both sides have ended. */
export function* splice(context: PodContext, front: Stream, behind: Stream): Process {
  const back = context.fork(pump(behind, front), 'answers')
  try {
    yield* pump(front, behind)
    if (back.outcome === null) yield* wait(back.ended)
  } finally {
    back.kill()
    front.close()
    behind.close()
  }
}

/** What a broken connection throws, through TLS or without; all else is a bug. */
export const isBroken = (error: unknown): error is Error =>
  error instanceof SocketError || error instanceof TlsBroken || error instanceof CurlFailure

/** An end that breaks takes the other with it, as a reset does. */
function* pump(from: Stream, to: Stream): Process {
  try {
    for (let bytes = yield* from.read(CHUNK); bytes !== null; bytes = yield* from.read(CHUNK)) yield* to.write(bytes)
    to.shutdown()
  } catch (error) {
    if (!isBroken(error)) throw error
    to.abort()
  }
}
