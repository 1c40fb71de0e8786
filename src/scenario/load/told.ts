import { type Meta, nameOf } from '../../kube/api/meta.ts'
import type { SourcePosition } from '../../util/diagnostics.ts'
import type { Problems } from './source.ts'

/** Messages of one sort are summed up beyond this many. */
const SHOWN = 5

/** Warns of the first few things of a sort, and counts the rest. */
export class Told {
  private count = 0

  constructor(
    private readonly problems: Problems,
    private readonly rest: (more: number) => string,
  ) {}

  warn({ at }: Pick<Meta, 'at'>, message: string): void {
    if (++this.count <= SHOWN) this.problems.warn(at, message)
  }

  finish(): void {
    if (this.count > SHOWN) this.problems.warn(null, this.rest(this.count - SHOWN))
  }
}

/** `default/web (web.yaml:12)`. */
export const where = (meta: Meta): string => `${nameOf(meta)}${place(meta.at)}`
const place = (at: SourcePosition | null): string => (at === null ? '' : ` (${at.file}:${at.line})`)
