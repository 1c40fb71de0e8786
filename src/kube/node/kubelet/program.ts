import type { Nanos } from '../../../sim/time.ts'
import type { Container, RestartPolicy } from '../../api/pod-spec.ts'
import type { KubeletSettings } from './settings.ts'

/** What a container's process does by itself: how long it runs, and what it leaves with. */
export interface Life {
  /** null: until somebody ends it. */
  readonly duration: Nanos | null
  readonly code: number
  /** As process 1 without a handler (sleep, sh) it does not hear SIGTERM. */
  readonly ignoresTerm: boolean
  /** What the script before the program takes: it opens its ports after that. */
  readonly opensAfter: Nanos
}

/**
 * Reads a command as far as it says how long it takes: `sleep 5`, `true`, `false`, `sh -c 'sleep 5; exit 3'`. Any other
 * program is a server in a pod that keeps running, and a short task in an init container or a Job.
 */
export function lifeOf(container: Container, task: boolean, settings: KubeletSettings): Life {
  const words = [...container.command, ...container.args]
  const own = words.length === 0 ? null : lifeOfCommand(words)
  if (own !== null) return own
  const opensAfter = lead(words)
  return { duration: task ? opensAfter + settings.task : null, code: 0, ignoresTerm: false, opensAfter }
}

/** How long the part of a shell script takes that is known, before the first program that is not: `sleep 40; exec nginx`. */
function lead(words: readonly string[]): Nanos {
  if (words.length === 0 || !isShell(words)) return 0
  let total = 0
  for (const part of partsOf(words[2] ?? '')) {
    const life = lifeOfWords(part[0], part.slice(1))
    if (life === null || life.duration === null) break
    total += life.duration
  }
  return total
}

const isShell = ([program, flag]: readonly string[]): boolean =>
  /(^|\/)(ba)?sh$/.test(program) && flag?.endsWith('c') === true

const partsOf = (script: string): string[][] =>
  script
    .split(/;|&&|\n/)
    .map((part) => part.trim().split(/\s+/))
    .filter(([first]) => first !== '')

export const isTask = (policy: RestartPolicy, init: boolean): boolean => init || policy !== 'Always'

/** Null for a program that is not known. */
export function lifeOfCommand(words: readonly string[]): Life | null {
  const [program, ...rest] = words
  if (isShell(words)) return lifeOfScript(rest[1] ?? '')
  return lifeOfWords(program.split('/').at(-1) ?? '', rest)
}

function lifeOfWords(name: string, rest: readonly string[]): Life | null {
  switch (name) {
    case 'sleep': {
      const duration = sleepOf(rest[0] ?? '')
      return duration === undefined ? null : known(duration, 0)
    }
    case 'true':
    case 'echo':
      return known(0, 0)
    case 'false':
      return known(0, 1)
    case 'exit':
      return known(0, Number(rest[0] ?? 0))
    default:
      return null
  }
}

const known = (duration: Nanos | null, code: number): Life => ({ duration, code, ignoresTerm: true, opensAfter: 0 })

/** Commands one after the other; one that is not known decides nothing, so the whole is unknown. */
function lifeOfScript(script: string): Life | null {
  let total = 0
  let code = 0
  for (const words of partsOf(script)) {
    const life = lifeOfWords(words[0], words.slice(1))
    if (life === null) return null
    if (life.duration === null) return { ...life, duration: null }
    total += life.duration
    code = life.code
    if (words[0] === 'exit') break
  }
  return known(total, code)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** null for `infinity`, undefined for what is no time. */
function sleepOf(text: string): Nanos | null | undefined {
  if (text === 'infinity' || text === 'inf') return null
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * UNITS[match[2]] * 1e9)
}
