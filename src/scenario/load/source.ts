import { type Diagnostic, InputError, type SourcePosition } from '../../util/diagnostics.ts'

/** Text to read, with the name that its messages carry: a path as the user gave it, or `-`. */
export interface Source {
  readonly name: string
  readonly text: string
}

/** One Kubernetes object (or List) as plain data, alive only while it is read. */
export interface RawObject {
  readonly value: unknown
  /** Where the value at `path` was written; of the nearest value above it when it is absent. */
  at(path: readonly (string | number)[]): SourcePosition
}

/** YAML above this many characters is refused: its parser takes about a second a megabyte. JSON is not slow. */
export const MAX_YAML = 32 * 1024 * 1024
/** A JavaScript string cannot hold much more. */
export const MAX_TEXT = 500 * 1024 * 1024

/** Line and column of offsets into a text; the lines are counted when first asked. */
export class Lines {
  private starts: number[] | null = null

  constructor(
    private readonly file: string,
    private readonly text: string,
  ) {}

  at(offset: number): SourcePosition {
    const starts = (this.starts ??= lineStarts(this.text))
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle
    }
    return { file: this.file, line: low + 1, column: offset - starts[low] + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return starts
}

/** Collects what is to be told about the input. Past `limit` errors reading stops: the first ones are what matters. */
export class Problems {
  readonly all: Diagnostic[] = []
  private errors = 0

  constructor(private readonly limit = 50) {}

  get failed(): boolean {
    return this.errors > 0
  }

  error(at: SourcePosition | null, message: string, expected?: string): void {
    this.all.push({ severity: 'error', at, message, expected })
    if (++this.errors >= this.limit) throw new InputError(this.all.filter((d) => d.severity === 'error'))
  }

  warn(at: SourcePosition | null, message: string, expected?: string): void {
    this.all.push({ severity: 'warning', at, message, expected })
  }

  note(at: SourcePosition | null, message: string): void {
    this.all.push({ severity: 'note', at, message })
  }

  /** Throws InputError with every error found, if there is one. */
  check(): void {
    if (this.failed) throw new InputError(this.all.filter((d) => d.severity === 'error'))
  }
}
