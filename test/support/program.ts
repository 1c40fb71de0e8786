import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * The program as it ships, in a folder of its own, so that test files that run at once do not build over each other. Returns
 * what runs it as a user would, with neither a terminal nor colours.
 */
export function buildProgram(name: string): (args: readonly string[], input?: string) => Ran {
  const folder = join(ROOT, 'node_modules/.cache', name)
  execFileSync(process.execPath, [join(ROOT, '.build/bundle.mjs'), folder])
  return (args, input = '') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'podwire.js'), ...args], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    return { code: status, out: stdout, err: stderr }
  }
}
