import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { PcapStream } from './pcap.ts'

/** What one tap saw. `at` orders the sightings of one flow across namespaces. */
export interface Sighting {
  /** Namespace, less the lab's prefix: `node-1`, `default_a1`. */
  readonly netns: string
  readonly device: string
  readonly direction: 'in' | 'out'
  readonly at: bigint
  /** An Ethernet frame, whole. */
  readonly frame: Uint8Array
}

export interface Tap {
  readonly netns: string
  /** Device names by ifindex. */
  readonly devices: ReadonlyMap<number, string>
}

const LINUX_SLL2 = 276
const SLL2_HEADER = 20
const PACKET_OUTGOING = 4

interface Dump {
  readonly child: ChildProcess
  readonly stream: PcapStream
  readonly ready: Promise<void>
  complaints: string
}

/**
 * tcpdump on every interface of every namespace at once, never promiscuous: a bridge port behaves otherwise when somebody is.
 *
 * A namespace's order of events cannot be told from timestamps: a frame that a bridge passes up keeps the time at which it
 * came in by the port. So each namespace has one more tcpdump, on `any`, whose records come in the kernel's own order and
 * say the device and the direction; the frames themselves come from the device's tcpdump, the n-th of one being the n-th of
 * the other.
 */
export class Capture {
  private readonly order = new Map<string, Dump>()
  private readonly frames = new Map<string, Dump>()

  private constructor(private readonly taps: readonly Tap[]) {}

  static async start(prefix: string, taps: readonly Tap[]): Promise<Capture> {
    const capture = new Capture(taps)
    for (const { netns, devices } of taps) {
      capture.order.set(netns, tcpdump(`${prefix}-${netns}`, 'any', ['-y', 'LINUX_SLL2']))
      for (const device of devices.values()) {
        capture.frames.set(`${netns} ${device}`, tcpdump(`${prefix}-${netns}`, device, []))
      }
    }
    try {
      await Promise.all(capture.dumps().map((dump) => dump.ready))
      await capture.agree()
    } catch (error) {
      await capture.stop()
      throw error
    }
    return capture
  }

  /** Waits until nothing has been seen for `quiet` milliseconds. */
  async settle(quiet = 200, limit = 5000): Promise<void> {
    const end = Date.now() + limit
    let seen = this.seen()
    let since = Date.now()
    while (Date.now() < end && Date.now() - since < quiet) {
      await sleep(20)
      const now = this.seen()
      if (now !== seen) [seen, since] = [now, Date.now()]
    }
  }

  /** Everything seen since the last call, in order. */
  take(): Sighting[] {
    const lists = this.taps.map((tap) => this.takeNamespace(tap))
    return merge(lists)
  }

  async stop(): Promise<string[]> {
    const dumps = this.dumps()
    await Promise.all(dumps.map(({ child }) => end(child)))
    return dumps.flatMap((d) => /^([1-9]\d*) packets dropped by kernel/m.exec(d.complaints)?.[0] ?? [])
  }

  /** Taps open one after the other: what passed meanwhile was seen by some of them. */
  private async agree(): Promise<void> {
    await this.settle(150)
    for (const { stream } of this.dumps()) stream.records.length = 0
  }

  private dumps(): Dump[] {
    return [...this.order.values(), ...this.frames.values()]
  }

  private seen(): number {
    return this.dumps().reduce((sum, dump) => sum + dump.stream.records.length, 0)
  }

  private takeNamespace({ netns, devices }: Tap): Sighting[] {
    const out: Sighting[] = []
    let latest = 0n
    for (const record of this.order.get(netns)!.stream.records.splice(0)) {
      const header = new DataView(record.bytes.buffer, record.bytes.byteOffset)
      const device = devices.get(header.getUint32(4))
      if (device === undefined) continue
      const frame = this.frames.get(`${netns} ${device}`)!.stream.records.shift()
      if (frame === undefined || frame.length - 14 !== record.length - SLL2_HEADER) {
        throw new Error(`captures of ${netns} disagree at ${device}: ${frame?.length} and ${record.length}`)
      }
      latest = record.at > latest ? record.at : latest
      const direction = header.getUint8(10) === PACKET_OUTGOING ? 'out' : 'in'
      out.push({ netns, device, direction, at: latest, frame: whole(frame.bytes, record.bytes) })
    }
    return out
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  await ended
}

/** libpcap cuts at the device's MTU, but a bridge carries reassembled packets that are larger: `any` has no MTU. */
function whole(ethernet: Uint8Array, cooked: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + cooked.length - SLL2_HEADER)
  frame.set(ethernet.subarray(0, 14))
  frame.set(cooked.subarray(SLL2_HEADER), 14)
  return frame
}

function tcpdump(netns: string, device: string, more: readonly string[]): Dump {
  const args = ['-p', '-i', device, '-U', '--immediate-mode', '--time-stamp-precision=nano', '-s', '9216', '-Z', 'root']
  const child = spawn('ip', ['netns', 'exec', netns, 'tcpdump', ...args, ...more, '-w', '-'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stream = new PcapStream()
  child.stdout.on('data', (chunk: Buffer) => stream.push(chunk))
  const ready = new Promise<void>((done, fail) => {
    child.stderr.on('data', (text: Buffer) => {
      dump.complaints += text
      if (/listening on/.test(dump.complaints) && stream.linktype >= 0) done()
    })
    child.stdout.once('data', () => /listening on/.test(dump.complaints) && done())
    child.once('exit', () => fail(new Error(`tcpdump on ${netns} ${device}: ${dump.complaints}`)))
  })
  const dump: Dump = { child, stream, ready, complaints: '' }
  if (device === 'any')
    ready.then(
      () => expectLinktype(stream),
      () => {},
    )
  return dump
}

function expectLinktype(stream: PcapStream): void {
  if (stream.linktype !== LINUX_SLL2) throw new Error(`tcpdump on any wrote linktype ${stream.linktype}`)
}

/** Merges lists that are each in order, the earliest head first. */
function merge(lists: readonly Sighting[][]): Sighting[] {
  const heads = lists.map(() => 0)
  const out: Sighting[] = []
  for (;;) {
    let best = -1
    for (let i = 0; i < lists.length; i++) {
      const item = lists[i][heads[i]]
      if (item !== undefined && (best < 0 || item.at < lists[best][heads[best]].at)) best = i
    }
    if (best < 0) return out
    out.push(lists[best][heads[best]++])
  }
}
