/**
 * Room before a payload for every header that may be pushed, so that encapsulation moves the window instead of copying: TCP
 * with all options over IPv6 over Ethernet takes 114, VXLAN over IPv6 70 more.
 */
export const HEADROOM = 192

/**
 * A frame in flight: the window `[start, end)` of a buffer. It has one owner, who edits it in place; handing it to a device
 * gives it away. `version` goes up at every write, so that the recorder copies a frame only when it changed.
 *
 * Frames share large buffers, because a typed array of its own costs more than forwarding a packet: a frame may touch
 * `[floor, ceiling)` only, and its own bytes are found at `start`, never at 0.
 */
export class Frame {
  version = 0

  /** As given, the frame owns the whole buffer; `floor` and `ceiling` say which part of a shared one is its own. */
  constructor(
    public bytes: Uint8Array,
    public start: number,
    public end: number,
    private floor = 0,
    private ceiling = bytes.length,
  ) {}

  /** An empty window with `capacity` bytes behind it and HEADROOM before it, all zero. */
  static allocate(capacity: number): Frame {
    const floor = carve(HEADROOM + capacity)
    return new Frame(slab, floor + HEADROOM, floor + HEADROOM, floor, floor + HEADROOM + capacity)
  }

  /** A frame that holds a copy of `bytes`. */
  static of(bytes: Uint8Array): Frame {
    const frame = Frame.allocate(bytes.length)
    frame.append(bytes)
    frame.version = 0
    return frame
  }

  get length(): number {
    return this.end - this.start
  }

  /** What `push` can open without moving to another buffer. */
  get headroom(): number {
    return this.start - this.floor
  }

  /**
   * Opens `count` bytes at the front and returns the new start. When the headroom is used up the frame moves to another
   * buffer, and offsets known before are void: read `bytes` after, not before.
   */
  push(count: number): number {
    if (this.start - this.floor < count) this.move(count, 0)
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

  /** Opens `count` bytes at the back and returns where they start. Moves to another buffer when there is no room. */
  put(count: number): number {
    if (this.ceiling - this.end < count) this.move(0, count)
    this.version++
    this.end += count
    return this.end - count
  }

  /** Keeps the first `length` bytes: padding and what a length field does not cover go. */
  trim(length: number): void {
    if (length >= this.length) return
    this.version++
    this.end = this.start + length
  }

  /** Copies `bytes` in at the front, for what has no builder of its own. Returns the new start. */
  prepend(bytes: Uint8Array): number {
    const at = this.push(bytes.length)
    this.bytes.set(bytes, at)
    return at
  }

  /** Copies `bytes` in at the back. Returns where they start. */
  append(bytes: Uint8Array): number {
    const at = this.put(bytes.length)
    this.bytes.set(bytes, at)
    return at
  }

  clone(): Frame {
    const room = this.start - this.floor
    const floor = carve(this.end - this.floor)
    copy(this.bytes, this.start, this.end, slab, floor + room)
    return new Frame(slab, floor + room, floor + room + this.length, floor, floor + room + this.length)
  }

  /** A view of the window: valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  /** A copy of the window. */
  copy(): Uint8Array {
    return this.bytes.slice(this.start, this.end)
  }

  private move(front: number, back: number): void {
    const length = this.length
    const capacity = HEADROOM + front + length + back
    const from = this.bytes
    const floor = carve(capacity)
    const start = floor + HEADROOM + front
    copy(from, this.start, this.end, slab, start)
    this.bytes = slab
    this.floor = floor
    this.ceiling = floor + capacity
    this.start = start
    this.end = start + length
  }
}

/** The buffer new frames are cut from. It is freed when the last frame on it is. */
const SLAB = 1 << 16
let slab = new Uint8Array(0)
let used = 0

/** Where `size` fresh bytes start in `slab`, at a multiple of 8. */
function carve(size: number): number {
  if (used + size > slab.length) {
    slab = new Uint8Array(Math.max(SLAB, size))
    used = 0
  }
  const at = used
  used += (size + 7) & ~7
  return at
}

/** `set` would need a view, which costs as much as copying a small frame. */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (from === to) to.copyWithin(at, start, end)
  else if (end - start > 512) to.set(from.subarray(start, end), at)
  else for (let i = start, j = at; i < end; i++, j++) to[j] = from[i]
}
