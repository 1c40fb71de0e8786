import type { Nanos } from '../../sim/time.ts'

/** duration.HumanDuration: `45s`, `3m12s`, `25m`, `2d3h`. */
export function ageOf(time: Nanos): string {
  const seconds = Math.floor(time / 1e9)
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 && hours % 24 !== 0 ? `${days}d${hours % 24}h` : `${days}d`
}
