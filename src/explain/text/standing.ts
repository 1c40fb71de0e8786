import { en } from '../messages/en.ts'

/** What stands beside a verdict: what was assumed, and what is not modelled and could change it. A section each, or none. */
export function standing(of: {
  readonly assumed: readonly string[]
  readonly unmodelled: readonly string[]
}): string[][] {
  const { heading } = en
  return [sentences(heading.assumed, of.assumed), sentences(heading.unmodelled, of.unmodelled)]
}

function sentences(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)]
}
