/** Fires an event with the argument it was posted with. */
export type Fire<A> = (argument: A) => void

/**
 * A binary heap of events keyed by (time, sequence), over typed arrays: events of one instant fire in the order they were
 * posted. Nothing is allocated for an event beyond its argument.
 */
export class EventHeap {
  private times = new Float64Array(256)
  private sequences = new Float64Array(256)
  private slots = new Int32Array(256)
  private fires: (Fire<never> | null)[] = []
  private arguments: unknown[] = []
  private free: number[] = []
  private sequence = 0
  size = 0

  push<A>(time: number, fire: Fire<A>, argument: A): void {
    const slot = this.free.pop() ?? this.fires.length
    this.fires[slot] = fire as Fire<never>
    this.arguments[slot] = argument
    if (this.size === this.times.length) this.widen()
    this.siftUp(this.size++, time, this.sequence++, slot)
  }

  /** The time of the next event; Infinity when there is none. */
  peek(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.times[0]
  }

  /** Takes the next event off the heap and fires it. */
  fireNext(): void {
    const slot = this.slots[0]
    const fire = this.fires[slot] as Fire<unknown>
    const argument = this.arguments[slot]
    this.fires[slot] = null
    this.arguments[slot] = undefined
    this.free.push(slot)
    const last = --this.size
    if (last > 0) this.siftDown(0, this.times[last], this.sequences[last], this.slots[last])
    fire(argument)
  }

  /** Takes off the heap what `dead` says of an event's argument will do nothing; the others fire in the order they would have. */
  sweep(dead: (argument: unknown) => boolean): void {
    let kept = 0
    for (let at = 0; at < this.size; at++) {
      const slot = this.slots[at]
      if (dead(this.arguments[slot])) {
        this.fires[slot] = null
        this.arguments[slot] = undefined
        this.free.push(slot)
        continue
      }
      this.times[kept] = this.times[at]
      this.sequences[kept] = this.sequences[at]
      this.slots[kept++] = slot
    }
    this.size = kept
    for (let at = (kept >> 1) - 1; at >= 0; at--) {
      this.siftDown(at, this.times[at], this.sequences[at], this.slots[at])
    }
  }

  private siftUp(start: number, time: number, sequence: number, slot: number): void {
    const { times, sequences, slots } = this
    let at = start
    while (at > 0) {
      const parent = (at - 1) >> 1
      // A new event has the highest sequence, so a parent of the same time goes first.
      if (times[parent] <= time) break
      times[at] = times[parent]
      sequences[at] = sequences[parent]
      slots[at] = slots[parent]
      at = parent
    }
    times[at] = time
    sequences[at] = sequence
    slots[at] = slot
  }

  private siftDown(start: number, time: number, sequence: number, slot: number): void {
    const { times, sequences, slots, size } = this
    let at = start
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      const right = child + 1
      if (right < size && this.before(right, times[child], sequences[child])) child = right
      if (!this.before(child, time, sequence)) break
      times[at] = times[child]
      sequences[at] = sequences[child]
      slots[at] = slots[child]
      at = child
    }
    times[at] = time
    sequences[at] = sequence
    slots[at] = slot
  }

  private before(at: number, time: number, sequence: number): boolean {
    return this.times[at] < time || (this.times[at] === time && this.sequences[at] < sequence)
  }

  private widen(): void {
    const grow = <T extends Float64Array | Int32Array>(old: T, wider: T): T => {
      wider.set(old)
      return wider
    }
    const length = this.times.length * 2
    this.times = grow(this.times, new Float64Array(length))
    this.sequences = grow(this.sequences, new Float64Array(length))
    this.slots = grow(this.slots, new Int32Array(length))
  }
}
