import { after, before, distance, later } from './sequence.ts'

interface Piece {
  readonly seq: number
  /** A FIN counts, though it has no byte. */
  readonly end: number
  readonly bytes: Uint8Array
}

/** How many SACK blocks fit beside timestamps (RFC 2018 3). */
const SACK_BLOCKS = 3

/** What has arrived: bytes in order that the user has not read, and pieces beyond a gap (RFC 9293 3.10.7.4). */
export class ReceiveBuffer {
  private readonly ready: Uint8Array[] = []
  /** Sorted, with no overlaps. */
  private pieces: Piece[] = []
  /** Edges for the SACK option, the block that changed last first (RFC 2018 4). */
  private recent: [number, number][] = []
  private duplicate: [number, number] | null = null
  /** Bytes that can be read. */
  available = 0

  get hasGap(): boolean {
    return this.pieces.length > 0
  }

  /** Takes data that starts at or before `next`; returns the next sequence number expected, after a FIN held if it comes to that. */
  accept(next: number, seq: number, bytes: Uint8Array): number {
    this.queue(bytes.subarray(distance(next, seq)))
    let expected = (seq + bytes.length) | 0
    while (this.pieces.length > 0 && !after(this.pieces[0].seq, expected)) {
      const piece = this.pieces.shift()!
      if (!after(piece.end, expected)) continue
      this.queue(piece.bytes.subarray(distance(expected, piece.seq)))
      expected = piece.end
    }
    this.recent = this.recent.filter(([, end]) => after(end, expected))
    return expected
  }

  /** Keeps data from beyond a gap, and the FIN after it; of what overlaps, what came first stays. */
  hold(seq: number, bytes: Uint8Array, fin: boolean): void {
    const end = (seq + bytes.length + (fin ? 1 : 0)) | 0
    const kept: Piece[] = []
    let from = seq
    for (const piece of this.pieces) {
      const until = before(piece.seq, end) ? piece.seq : end
      if (before(from, until)) kept.push(slice(seq, bytes, from, until))
      kept.push(piece)
      from = later(from, piece.end)
    }
    if (before(from, end)) kept.push(slice(seq, bytes, from, end))
    this.pieces = kept
    const block = this.blockAround(seq)
    this.recent = [block, ...this.recent.filter(([a, b]) => before(b, block[0]) || after(a, block[1]))]
  }

  /** Notes data that was here already, for a D-SACK block (RFC 2883 4). */
  repeated(seq: number, end: number): void {
    this.duplicate = [seq, end]
  }

  /** Edges of the blocks to report, a D-SACK first; reports each D-SACK once. */
  takeSack(): number[] {
    const blocks = this.duplicate === null ? this.recent : [this.duplicate, ...this.recent]
    this.duplicate = null
    return blocks.slice(0, SACK_BLOCKS).flat()
  }

  /** How many blocks `takeSack` would report. */
  get sackBlocks(): number {
    return Math.min(SACK_BLOCKS, this.recent.length + (this.duplicate === null ? 0 : 1))
  }

  /** Up to `max` bytes in order; null when there are none. */
  read(max: number): Uint8Array | null {
    const first = this.ready[0]
    if (first === undefined) return null
    if (this.ready.length === 1 || first.length >= max) return this.readFirst(first, max)
    const out = new Uint8Array(Math.min(max, this.available))
    let at = 0
    while (at < out.length) {
      const part = this.readFirst(this.ready[0], out.length - at)
      out.set(part, at)
      at += part.length
    }
    return out
  }

  clear(): void {
    this.ready.length = 0
    this.pieces = []
    this.recent = []
    this.available = 0
  }

  private readFirst(first: Uint8Array, max: number): Uint8Array {
    if (first.length <= max) this.ready.shift()
    else this.ready[0] = first.subarray(max)
    const part = first.length <= max ? first : first.subarray(0, max)
    this.available -= part.length
    return part
  }

  private queue(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.ready.push(bytes)
    this.available += bytes.length
  }

  /** The run of pieces without gaps that holds `seq`. */
  private blockAround(seq: number): [number, number] {
    let start = this.pieces[0].seq
    let end = start
    for (const piece of this.pieces) {
      if (after(piece.seq, end)) {
        if (after(end, seq)) break
        start = piece.seq
      }
      end = piece.end
    }
    return [start, end]
  }
}

function slice(seq: number, bytes: Uint8Array, from: number, to: number): Piece {
  return { seq: from, end: to, bytes: bytes.subarray(distance(from, seq), distance(to, seq)) }
}
