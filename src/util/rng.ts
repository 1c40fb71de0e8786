/**
 * A seeded generator (sfc32). The only source of chance in the engine: the same seed gives the same numbers on any machine.
 * `fork(label)` gives an independent stream, so that drawing more in one place changes nothing in another.
 */
export class Rng {
  private a: number
  private b: number
  private c: number
  private d = 1
  private readonly seed: string
  private readonly given = new Map<string, number>()

  constructor(seed: number | string) {
    this.seed = String(seed)
    const hash = fnv(this.seed)
    this.a = hash
    this.b = Math.imul(hash ^ 0x9e3779b9, 0x85ebca6b)
    this.c = Math.imul(hash ^ 0xc2b2ae35, 0x27d4eb2f)
    for (let i = 0; i < 15; i++) this.u32()
  }

  fork(label: string): Rng {
    return new Rng(`${this.seed}/${label}`)
  }

  /** As `fork`, but another stream each time: for what comes again under the same name, such as a program that runs twice. */
  next(label: string): Rng {
    const count = (this.given.get(label) ?? 0) + 1
    this.given.set(label, count)
    return this.fork(count === 1 ? label : `${label} ${count}`)
  }

  /** 0 to 0xffffffff. */
  u32(): number {
    const t = (this.a + this.b + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + t
    this.c |= 0
    return t >>> 0
  }

  u16(): number {
    return this.u32() >>> 16
  }

  /** 0 <= x < 1. */
  float(): number {
    return this.u32() / 0x100000000
  }

  /** 0 <= n < limit, for limits up to 2^32. */
  below(limit: number): number {
    return Math.floor(this.float() * limit)
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.u32() >>> 24
    return out
  }
}

function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
