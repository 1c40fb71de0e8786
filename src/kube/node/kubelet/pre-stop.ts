import type { Nanos } from '../../../sim/time.ts'
import type { LifecycleHandler } from '../../api/pod-spec.ts'
import { lifeOfCommand } from './program.ts'

/** What a pause or a command of preStop takes; a program of unknown length is over at once. */
export function preStopTime(handler: LifecycleHandler): Nanos {
  if (handler.kind === 'sleep') return handler.seconds * 1e9
  return handler.kind === 'exec' ? (lifeOfCommand(handler.command)?.duration ?? 0) : 0
}

export function describePreStop(handler: LifecycleHandler): string {
  switch (handler.kind) {
    case 'sleep':
      return `sleep ${handler.seconds}s`
    case 'exec':
      return handler.command.join(' ')
    case 'httpGet':
      return `GET ${handler.path}`
  }
}
