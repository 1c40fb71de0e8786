import { describe, expect, it } from 'vitest'
import { sleep, spawn } from '../../../sim/process.ts'
import { MILLISECOND, SECOND } from '../../../sim/time.ts'
import { utf8 } from '../../../util/bytes.ts'
import { type Pair, pair } from '../testing/hosts.ts'
import { failing, run } from '../testing/run.ts'
import { flagsOf, segments } from '../testing/segments.ts'
import { connected } from '../testing/streams.ts'
import type { TcpOptions } from './connection.ts'
import type { ListenOptions } from './listener.ts'

function quiet(net: Pair, client: TcpOptions = {}, server: ListenOptions = {}) {
  const [mine, theirs] = connected(net, client, server)
  net.kernel.simulation.run()
  return { mine, theirs, a: net.a.sent.length, b: net.b.sent.length, start: net.kernel.simulation.now }
}

const sizes = (host: Pair['a'], skip: number): number[] => segments(host, skip).map(({ segment }) => segment.dataLength)

describe('RFC 9293 3.7.4: Nagle, as Minshall changed it', () => {
  it('a small segment waits while a small one is unacknowledged; a full one does not', () => {
    const net = pair()
    const { mine, a } = quiet(net)
    run(net.kernel.simulation, function* () {
      yield* mine.write(new Uint8Array(10))
      yield* mine.write(new Uint8Array(20))
      yield* mine.write(new Uint8Array(30))
    })
    net.kernel.simulation.run()
    expect(sizes(net.a, a)).toEqual([10, 50])
  })

  it('TCP_NODELAY sends each at once', () => {
    const net = pair()
    const { mine, a } = quiet(net, { noDelay: true })
    run(net.kernel.simulation, function* () {
      for (const size of [10, 20, 30]) yield* mine.write(new Uint8Array(size))
    })
    net.kernel.simulation.run()
    expect(sizes(net.a, a)).toEqual([10, 20, 30])
  })

  it('PSH is on the last segment of what was written', () => {
    const net = pair()
    const { mine, a } = quiet(net)
    run(net.kernel.simulation, () => mine.write(new Uint8Array(3000)))
    expect(flagsOf(net.a, a)).toEqual(['A', 'A', 'PA'])
    expect(sizes(net.a, a)).toEqual([1448, 1448, 104])
  })
})

describe('RFC 9293 3.8.6.3: when to acknowledge', () => {
  it('the first data at once; in a conversation the answer carries it; without an answer within 40 ms', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs, b } = quiet(net)
    const ask = (answer: boolean) =>
      run(simulation, function* () {
        yield* mine.write(utf8('ask'))
        yield* theirs.read(100)
        if (answer) yield* theirs.write(utf8('answer'))
        yield* sleep(SECOND)
      })
    ask(true)
    expect(flagsOf(net.b, b)).toEqual(['A', 'PA'])
    const second = net.b.sent.length
    run(simulation, function* () {
      yield* mine.write(utf8('ask'))
      yield* theirs.read(100)
      yield* theirs.write(utf8('answer'))
      yield* mine.read(100)
      yield* mine.write(utf8('more'))
      yield* theirs.read(100)
    })
    const at = simulation.now
    simulation.run()
    const last = segments(net.b, second).at(-1)!
    expect(last.flags).toBe('A')
    expect(last.at - at).toBe(40 * MILLISECOND)
  })

  it('every second full segment, once the quick ones are spent', () => {
    const net = pair(1, { delay: 5 * MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
    const { simulation } = net.kernel
    const { mine, theirs, a, b } = quiet(net)
    spawn(
      simulation,
      (function* () {
        while ((yield* theirs.read(65_536)) !== null);
      })(),
      'reader',
    )
    run(simulation, () => mine.write(new Uint8Array(200 * 1448)))
    simulation.run()
    const acks = segments(net.b, b).length
    expect(segments(net.a, a).length).toBeLessThan(205)
    expect(acks).toBeGreaterThanOrEqual(100)
    expect(acks).toBeLessThan(125)
  })
})

describe('RFC 9293 3.8.6: the window', () => {
  it('closes when nobody reads, is probed with back-off, and opens with an update', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs, start } = quiet(net, {}, { receiveSpace: 20_000 })
    const writer = spawn(simulation, mine.write(new Uint8Array(60_000)), 'writer')
    simulation.run(start + 10 * SECOND)
    expect(segments(net.b).at(-1)!.segment.window).toBe(0)
    const blocked = segments(net.a).filter(({ at }) => at > start + 100 * MILLISECOND)
    // The last sliver of the window is used by the first probe (tcp_write_wakeup); then it is shut.
    expect(blocked.map(({ segment }) => segment.dataLength > 0)).toEqual([true, false, false, false, false, false])
    const times = blocked.map(({ at }) => Math.round((at - start) / (100 * MILLISECOND)))
    expect(times).toEqual([2, 4, 8, 16, 32, 64])
    let got = 0
    run(simulation, function* () {
      while (got < 60_000) got += (yield* theirs.read(65_536))!.length
    })
    expect(got).toBe(60_000)
    expect(writer.outcome?.kind).toBe('returned')
    expect(simulation.now - start).toBeLessThan(10.1 * SECOND)
  })

  it('a window that stays shut ends the connection after fifteen probes that nobody answers', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine } = quiet(net, {}, { receiveSpace: 10_000 })
    spawn(simulation, mine.write(new Uint8Array(60_000)), 'writer', () => {})
    simulation.run(simulation.now + SECOND)
    net.b.lose = () => true
    expect(run(simulation, () => failing(mine.read(1)))).toBe('ETIMEDOUT')
  })

  it('never shrinks, and never offers a sliver', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs, b } = quiet(net, {}, { receiveSpace: 20_000 })
    spawn(simulation, mine.write(new Uint8Array(60_000)), 'writer')
    run(simulation, function* () {
      for (let got = 0; got < 60_000; ) {
        got += (yield* theirs.read(100))!.length
        if (got % 5 === 0) yield* sleep(MILLISECOND)
      }
    })
    let edge = 0
    const first = segments(net.b, b)[0].segment.ack
    for (const { segment } of segments(net.b, b)) {
      const next = ((segment.ack - first) | 0) + (segment.window << 7)
      expect(next).toBeGreaterThanOrEqual(edge)
      expect(segment.window === 0 || segment.window << 7 >= 1300 || next - edge < 128).toBe(true)
      edge = next
    }
  })

  it('grows as data comes, and with a reader who keeps up it follows the path (tcp_rcv_space_adjust)', () => {
    const net = pair(1, { delay: 20 * MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
    const { simulation } = net.kernel
    const { mine, theirs, b, start } = quiet(net, { sendSpace: 4_000_000 })
    spawn(simulation, mine.write(new Uint8Array(3_000_000)), 'writer')
    run(simulation, function* () {
      for (let got = 0; got < 3_000_000; ) got += (yield* theirs.read(65_536))!.length
    })
    const windows = segments(net.b, b).map(({ segment }) => segment.window << 7)
    expect(windows[0]).toBe(65_280 + 2 * 1408)
    expect(Math.max(...windows)).toBeGreaterThan(500_000)
    expect((simulation.now - start) / SECOND).toBeLessThan(0.6)
  })

  it('write waits for room in the send buffer', () => {
    const net = pair()
    const { mine, theirs } = quiet(net, { sendSpace: 10_000 }, { receiveSpace: 10_000 })
    const writer = spawn(net.kernel.simulation, mine.write(new Uint8Array(21_000)), 'writer')
    net.kernel.simulation.run(net.kernel.simulation.now + SECOND)
    expect(writer.outcome).toBeNull()
    run(net.kernel.simulation, () => theirs.read(9_000))
    net.kernel.simulation.run(net.kernel.simulation.now + 10 * SECOND)
    expect(writer.outcome?.kind).toBe('returned')
  })
})

describe('congestion', () => {
  it('RFC 6928: ten segments at first, then twice as many each round trip', () => {
    const net = pair(1, { delay: 50 * MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
    const { mine, theirs, a, start } = quiet(net)
    spawn(
      net.kernel.simulation,
      (function* () {
        while ((yield* theirs.read(65_536)) !== null);
      })(),
      'reader',
    )
    run(net.kernel.simulation, () => mine.write(new Uint8Array(80_000)))
    net.kernel.simulation.run()
    const rounds = segments(net.a, a).map(({ at }) => Math.round((at - start) / (100 * MILLISECOND)))
    expect(rounds.filter((round) => round === 0)).toHaveLength(10)
    expect(rounds.filter((round) => round === 1)).toHaveLength(20)
  })

  it('RFC 5681 4.1: after an idle time it starts from ten again', () => {
    const net = pair(1, { delay: 50 * MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
    const { simulation } = net.kernel
    const { mine, theirs } = quiet(net)
    spawn(
      simulation,
      (function* () {
        while ((yield* theirs.read(65_536)) !== null);
      })(),
      'reader',
    )
    run(simulation, () => mine.write(new Uint8Array(80_000)))
    simulation.run()
    run(simulation, () => sleep(10 * SECOND))
    const skip = net.a.sent.length
    const start = simulation.now
    run(simulation, () => mine.write(new Uint8Array(80_000)))
    simulation.run()
    expect(segments(net.a, skip).filter(({ at }) => at === start)).toHaveLength(10)
  })
})

describe('RFC 9293 3.8.4: keep-alive', () => {
  const keepAlive = { idle: 10 * SECOND, interval: 2 * SECOND, count: 3 }

  it('is off by default; on, an idle peer that is there answers', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { a, b, start } = quiet(net, { keepAlive })
    simulation.run(start + 35 * SECOND)
    expect(flagsOf(net.a, a)).toEqual(['A', 'A', 'A'])
    expect(flagsOf(net.b, b)).toEqual(['A', 'A', 'A'])
  })

  it('and one that is gone is given up after so many probes', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, start } = quiet(net, { keepAlive })
    net.a.lose = () => true
    const reader = spawn(simulation, failing(mine.read(1)), 'reader')
    simulation.run(start + 60 * SECOND)
    expect(reader.outcome).toEqual({ kind: 'returned', value: 'ETIMEDOUT' })
    expect(net.steps('tcp-state').at(-1)!.at - start).toBeGreaterThan(15 * SECOND)
    expect(net.steps('tcp-state').at(-1)!.at - start).toBeLessThan(17 * SECOND)
  })
})
