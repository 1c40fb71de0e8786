/**
 * Room before a payload for every header that may be pushed, so that encapsulation moves the window instead of copying: TCP
 * with all options over IPv6 over Ethernet takes 114, VXLAN over IPv6 70 more.
 */
export const HEADROOM = 192

/**
 * A frame in flight: the window `[start, end)` of a buffer. It has one owner, who edits it in place; handing it to a device
 * gives it away. `version` goes up at every write, so that the recorder copies a frame only when it changed.
 */
export class Frame {
  version = 0

  constructor(
    public bytes: Uint8Array,
    public start: number,
    public end: number,
  ) {}

  /** An empty window with `capacity` bytes behind it and HEADROOM before it. */
  static allocate(capacity: number): Frame {
    return new Frame(new Uint8Array(HEADROOM + capacity), HEADROOM, HEADROOM)
  }

  /** A frame that holds a copy of `bytes`. */
  static of(bytes: Uint8Array): Frame {
    const frame = Frame.allocate(bytes.length)
    frame.bytes.set(bytes, HEADROOM)
    frame.end = HEADROOM + bytes.length
    return frame
  }

  get length(): number {
    return this.end - this.start
  }

  /**
   * Opens `count` bytes at the front and returns the new start. When the headroom is used up the buffer grows, and offsets
   * known before are void.
   */
  push(count: number): number {
    if (this.start < count) this.reserve(count)
    this.version++
    this.start -= count
    return this.start
  }

  /** Drops `count` bytes from the front. */
  pull(count: number): void {
    if (count > this.length) throw new RangeError(`pull of ${count} bytes from a frame of ${this.length}`)
    this.version++
    this.start += count
  }

  clone(): Frame {
    const bytes = new Uint8Array(this.bytes.length)
    bytes.set(this.bytes.subarray(this.start, this.end), this.start)
    return new Frame(bytes, this.start, this.end)
  }

  /** A view of the window: valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  /** A copy of the window. */
  copy(): Uint8Array {
    return this.bytes.slice(this.start, this.end)
  }

  private reserve(count: number): void {
    const headroom = HEADROOM + count
    const wider = new Uint8Array(headroom + this.length)
    wider.set(this.view(), headroom)
    this.end = headroom + this.length
    this.bytes = wider
    this.start = headroom
  }
}
