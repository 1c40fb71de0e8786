/** Text that is not JSON (RFC 8259). `offset` counts UTF-16 units from the start of the text. */
export class JsonError extends Error {
  constructor(
    readonly offset: number,
    readonly expected: string,
  ) {
    super(`expected ${expected} at ${offset}`)
    this.name = 'JsonError'
  }
}

/** Deeper nesting than this is refused; Kubernetes objects need about 20. */
export const MAX_DEPTH = 200

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/**
 * Finds where JSON values lie without building them, so that a List of a hundred thousand items is parsed an item at a
 * time and an error's line is looked up only when there is one.
 */
export class JsonScanner {
  constructor(readonly text: string) {}

  /** The offset of the next thing that is no white space. */
  space(at: number): number {
    for (;;) {
      const c = this.text.charCodeAt(at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return at
      at++
    }
  }

  /** The offset just past the value at `at`. Throws JsonError where the text is no JSON. */
  skip(at: number, depth = 0): number {
    const start = this.space(at)
    if (depth > MAX_DEPTH) throw new JsonError(start, `at most ${MAX_DEPTH} levels of nesting`)
    const c = this.text.charCodeAt(start)
    if (c === QUOTE) return this.string(start)
    if (c === OPEN_BRACE) return this.object(start, depth)
    if (c === OPEN_BRACKET) return this.array(start, depth)
    return this.scalar(start)
  }

  /** The members of the object at `at`, which `skip` found to be well formed. */
  *members(at: number): Generator<{ key: string; start: number; end: number }> {
    let i = this.space(this.space(at) + 1)
    while (this.text.charCodeAt(i) === QUOTE) {
      const keyEnd = this.string(i)
      const start = this.space(this.space(keyEnd) + 1)
      const end = this.skip(start)
      yield { key: JSON.parse(this.text.slice(i, keyEnd)) as string, start, end }
      i = this.space(this.space(end) + 1)
    }
  }

  /** The elements of the array at `at`; throws JsonError as it comes to a fault. */
  *elements(at: number): Generator<{ start: number; end: number }> {
    let i = this.space(this.space(at) + 1)
    if (this.text.charCodeAt(i) === CLOSE_BRACKET) return
    for (;;) {
      const start = this.space(i)
      const end = this.skip(start, 1)
      yield { start, end }
      i = this.space(end)
      const c = this.text.charCodeAt(i++)
      if (c === CLOSE_BRACKET) return
      if (c !== COMMA) throw new JsonError(i - 1, "',' or ']'")
    }
  }

  /** The offset of the value that `path` leads to from the value at `at`; of the last one that exists if it does not. */
  find(at: number, path: readonly (string | number)[]): number {
    let here = this.space(at)
    for (const step of path) {
      const next = this.step(here, step)
      if (next < 0) return here
      here = next
    }
    return here
  }

  private step(at: number, step: string | number): number {
    if (typeof step === 'string') {
      if (this.text[at] !== '{') return -1
      for (const { key, start } of this.members(at)) if (key === step) return start
      return -1
    }
    if (this.text[at] !== '[') return -1
    let n = 0
    for (const { start } of this.elements(at)) if (n++ === step) return start
    return -1
  }

  private object(at: number, depth: number): number {
    let i = this.space(at + 1)
    if (this.text.charCodeAt(i) === CLOSE_BRACE) return i + 1
    for (;;) {
      i = this.space(i)
      if (this.text.charCodeAt(i) !== QUOTE) throw new JsonError(i, 'a property name in double quotes')
      i = this.space(this.string(i))
      if (this.text.charCodeAt(i) !== COLON) throw new JsonError(i, "':'")
      i = this.space(this.skip(i + 1, depth + 1))
      const c = this.text.charCodeAt(i++)
      if (c === CLOSE_BRACE) return i
      if (c !== COMMA) throw new JsonError(i - 1, "',' or '}'")
    }
  }

  private array(at: number, depth: number): number {
    let i = this.space(at + 1)
    if (this.text.charCodeAt(i) === CLOSE_BRACKET) return i + 1
    for (;;) {
      i = this.space(this.skip(i, depth + 1))
      const c = this.text.charCodeAt(i++)
      if (c === CLOSE_BRACKET) return i
      if (c !== COMMA) throw new JsonError(i - 1, "',' or ']'")
    }
  }

  private string(at: number): number {
    const { text } = this
    for (let i = at + 1; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (c === QUOTE) return i + 1
      if (c === BACKSLASH) i = this.escape(i)
      else if (c < 32) throw new JsonError(i, 'no control character in a string')
    }
    throw new JsonError(text.length, "'\"' at the end of a string")
  }

  private escape(at: number): number {
    const c = this.text[at + 1] ?? ''
    if (c !== '' && '"\\/bfnrt'.includes(c)) return at + 1
    if (c === 'u' && /^[0-9a-fA-F]{4}$/.test(this.text.slice(at + 2, at + 6))) return at + 5
    throw new JsonError(at, 'an escape sequence')
  }

  private scalar(at: number): number {
    const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    pattern.lastIndex = at
    if (!pattern.test(this.text)) throw new JsonError(at, 'a JSON value')
    return pattern.lastIndex
  }
}
