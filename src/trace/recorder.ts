import type { Frame } from '../wire/frame.ts'
import type { Event, FrameRef, PacketId, Place, PlaceId, Step, StepId } from './step.ts'

/** How much is kept: nothing, steps, or steps with the bytes of every frame. */
export type Recording = 'off' | 'steps' | 'frames'

/** Bytes for frames that are allocated at once: none of what was recorded is ever copied again. */
const CHUNK = 1 << 17

/**
 * Collects steps. Callers write `rec.on ? rec.step(…) : rec.skip()`: with recording off nothing is built, yet ids count on,
 * so that turning it on changes nothing else.
 */
export class Recorder {
  on: boolean
  readonly steps: Step[] = []
  readonly places: Place[] = []
  private readonly placeIds = new Map<string, PlaceId>()
  private readonly keepFrames: boolean
  private nextStep = 1
  private nextPacket = 1
  /** Frames lie in chunks, one after another; `free` is where the last has room. */
  private chunk = new Uint8Array(0)
  private free = 0
  private readonly frameChunks: Uint8Array[] = []
  private readonly frameStarts: number[] = []
  private readonly frameEnds: number[] = []
  private lastFrame: Frame | null = null
  private lastVersion = -1
  private lastRef: FrameRef = -1

  constructor(recording: Recording = 'frames') {
    this.on = recording !== 'off'
    this.keepFrames = recording === 'frames'
  }

  /** Interns a place; the same place always has the same id. */
  place(node: string, netns: string, device: string): PlaceId {
    const key = `${node}\n${netns}\n${device}`
    const known = this.placeIds.get(key)
    if (known !== undefined) return known
    this.placeIds.set(key, this.places.length)
    return this.places.push({ node, netns, device }) - 1
  }

  packet(): PacketId {
    return this.nextPacket++
  }

  /** Records a step and returns its id. The frame's bytes are copied only when they changed since the last step. */
  step(at: number, place: PlaceId, cause: StepId, packet: PacketId, frame: Frame | null, event: Event): StepId {
    const id = this.nextStep++
    const ref = frame === null || !this.keepFrames ? null : this.keep(frame)
    this.steps.push({ id, at, place, cause, packet, frame: ref, event })
    return id
  }

  /** Counts a step that nobody records. */
  skip(): StepId {
    return this.nextStep++
  }

  /** The bytes of a recorded frame: a view, not to be written to. */
  frame(ref: FrameRef): Uint8Array {
    return this.frameChunks[ref].subarray(this.frameStarts[ref], this.frameEnds[ref])
  }

  private keep(frame: Frame): FrameRef {
    if (frame === this.lastFrame && frame.version === this.lastVersion) return this.lastRef
    const length = frame.end - frame.start
    if (this.free + length > this.chunk.length) {
      this.chunk = new Uint8Array(Math.max(CHUNK, length))
      this.free = 0
    }
    const { chunk, free } = this
    const { bytes, start } = frame
    for (let i = 0; i < length; i++) chunk[free + i] = bytes[start + i]
    this.free += length
    this.lastFrame = frame
    this.lastVersion = frame.version
    this.frameChunks.push(chunk)
    this.frameStarts.push(free)
    this.lastRef = this.frameEnds.push(this.free) - 1
    return this.lastRef
  }
}
