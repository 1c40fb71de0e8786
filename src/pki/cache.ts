/**
 * Remembers the results of a pure function, oldest out first. Handshakes see the same few certificates over and over, and
 * parsing, importing and verifying them costs more than everything else about them.
 */
export class Cache<V> {
  private readonly kept = new Map<string, V>()

  constructor(private readonly limit: number) {}

  of(key: string, make: (key: string) => V): V {
    const known = this.kept.get(key)
    if (known !== undefined) return known
    const made = make(key)
    if (this.kept.size >= this.limit) this.kept.delete(this.kept.keys().next().value as string)
    this.kept.set(key, made)
    return made
  }
}

/** The bytes as a key: exact, one character a byte. */
export const keyOfBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
