import { InvalidArgumentError } from 'commander'

/** `--dport 8443`. */
export function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 65_535) throw new InvalidArgumentError('expected a port, 1 to 65535')
  return value
}

/** `--port 8443`, where to listen; 0: the system picks one that is free. */
export function listenPort(text: string): number {
  return text === '0' ? 0 : port(text)
}

/** `--count 10`. */
export function count(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 1_000_000)
    throw new InvalidArgumentError('expected a number, 1 to 1000000')
  return value
}

export function integer(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

/** Collects a repeatable option: `-f a.yaml -f b.yaml`. */
export function repeated(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}

/** RFC 3339, or a date alone: its first second, in UTC. */
export function time(text: string): number {
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/i
  const millis = form.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(millis))
    throw new InvalidArgumentError('expected RFC 3339, such as 2026-03-01T09:00:00Z or 2026-03-01')
  return millis
}

const UNITS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** `20s`, `1m30s`: nanoseconds of virtual time. */
export function moment(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw new InvalidArgumentError('expected a time such as 20s or 1m30s')
  let sum = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) sum += Number(amount) * UNITS[unit]
  return Math.round(sum)
}
