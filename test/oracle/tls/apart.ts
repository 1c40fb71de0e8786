import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { has } from '../requirements.ts'
import { type Listening, Program } from './process.ts'

/** Nobody else is there, so it is free. */
const PORT = 4433
/** As root of a namespace of users of its own where the test has no root. What was begun inside ends with `unshare`. */
const UNSHARE = [...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--net', '--pid', '--fork', '--kill-child']

/** Why programs cannot run apart here; null when they can. */
export function notApart(): string | null {
  const lacking = ['unshare', 'ip', 'socat'].filter((tool) => !has(tool))
  if (lacking.length > 0) return `not installed: ${lacking.join(', ')}`
  try {
    execFileSync('unshare', [...UNSHARE, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'pipe' })
    return null
  } catch (error) {
    return `no network namespace can be made: ${error}`
  }
}

/**
 * A server that listens on all addresses, in a network namespace that has none but loopback's: nobody reaches it but through the
 * UNIX socket `path`, and that from the port of 127.0.0.1 that is returned. `args` are for the port given.
 */
export async function serveApart(
  command: string,
  args: (port: number) => readonly string[],
  path: string,
  ready: RegExp,
): Promise<Listening> {
  rmSync(path, { force: true })
  const script = [
    'ip link set lo up',
    `socat -t 30 UNIX-LISTEN:${path},fork TCP:127.0.0.1:${PORT} &`,
    // The server says when it is ready, so the way to it is made first.
    `until [ -S ${path} ]; do kill -0 $! || exit 1; sleep 0.01; done`,
    'exec "$@"',
  ].join('\n')
  const program = new Program('unshare', [...UNSHARE, 'sh', '-c', script, 'sh', command, ...args(PORT)])
  try {
    await program.until(ready)
    return { port: await doorTo(path, program), program }
  } catch (error) {
    program.kill()
    throw error
  }
}

/** Shut when the program ends. */
function doorTo(path: string, program: Program): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    const inside = connect({ path, allowHalfOpen: true })
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const)
      one.on('error', () => other.end()).pipe(other)
  })
  program.over.then(() => server.close())
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
