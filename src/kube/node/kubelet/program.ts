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
}

/**
 * Reads a command as far as it says how long it takes: `sleep 5`, `true`, `false`, `sh -c 'sleep 5; exit 3'`. Any other
 * program is a server in a pod that keeps running, and a short task in an init container or a Job.
 */
export function lifeOf(container: Container, task: boolean, settings: KubeletSettings): Life {
  const words = [...container.command, ...container.args]
  const own = words.length === 0 ? null : lifeOfCommand(words)
  if (own !== null) return own
  return { duration: task ? settings.task : null, code: 0, ignoresTerm: false }
}

export const isTask = (policy: RestartPolicy, init: boolean): boolean => init || policy !== 'Always'

/** Null for a program that is not known. */
export function lifeOfCommand(words: readonly string[]): Life | null {
  const [program, ...rest] = words
  const name = program.split('/').at(-1)
  if ((name === 'sh' || name === 'bash') && rest[0]?.endsWith('c')) return lifeOfScript(rest[1] ?? '')
  return lifeOfWords(name ?? '', rest)
}

function lifeOfWords(name: string, rest: readonly string[]): Life | null {
  switch (name) {
    case 'sleep': {
      const duration = sleepOf(rest[0] ?? '')
      return duration === undefined ? null : { duration, code: 0, ignoresTerm: true }
    }
    case 'true':
    case 'echo':
      return { duration: 0, code: 0, ignoresTerm: true }
    case 'false':
      return { duration: 0, code: 1, ignoresTerm: true }
    case 'exit':
      return { duration: 0, code: Number(rest[0] ?? 0), ignoresTerm: true }
    default:
      return null
  }
}

/** Commands one after the other; one that is not known decides nothing, so the whole is unknown. */
function lifeOfScript(script: string): Life | null {
  let total = 0
  let code = 0
  for (const part of script.split(/;|&&|\n/)) {
    const words = part.trim().split(/\s+/)
    if (words[0] === '') continue
    const life = lifeOfWords(words[0], words.slice(1))
    if (life === null) return null
    if (life.duration === null) return { duration: null, code: 0, ignoresTerm: true }
    total += life.duration
    code = life.code
    if (words[0] === 'exit') break
  }
  return { duration: total, code, ignoresTerm: true }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** null for `infinity`, undefined for what is no time. */
function sleepOf(text: string): Nanos | null | undefined {
  if (text === 'infinity' || text === 'inf') return null
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * UNITS[match[2]] * 1e9)
}
