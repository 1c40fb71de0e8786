/** The bytes a user wrote that are not acknowledged yet, sent or not. Offset 0 is the oldest. */
export class SendBuffer {
  private readonly chunks: Uint8Array[] = []
  /** Bytes of the first chunk that are gone. */
  private skipped = 0
  length = 0

  /** Keeps a copy. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.chunks.push(bytes.slice())
    this.length += bytes.length
  }

  /** Drops the oldest `count` bytes. */
  release(count: number): void {
    this.length -= count
    this.skipped += count
    let whole = 0
    while (whole < this.chunks.length && this.skipped >= this.chunks[whole].length) {
      this.skipped -= this.chunks[whole++].length
    }
    this.chunks.splice(0, whole)
  }

  /** Copies `count` bytes from `offset` on to `target[at…]`. */
  copy(offset: number, count: number, target: Uint8Array, at: number): void {
    let from = this.skipped + offset
    let to = at
    let left = count
    for (const chunk of this.chunks) {
      if (from >= chunk.length) {
        from -= chunk.length
        continue
      }
      const part = Math.min(left, chunk.length - from)
      target.set(chunk.subarray(from, from + part), to)
      to += part
      left -= part
      from = 0
      if (left === 0) return
    }
  }

  clear(): void {
    this.chunks.length = 0
    this.skipped = 0
    this.length = 0
  }
}
