import { describe, expect, it } from 'vitest'
import { sleep, spawn } from '../../../sim/process.ts'
import { MILLISECOND, SECOND } from '../../../sim/time.ts'
import { B4, isTcp, type Pair, pair, type Sent } from '../testing/hosts.ts'
import { failing, run } from '../testing/run.ts'
import { type Shown, segments, show } from '../testing/segments.ts'
import { connected, readAll } from '../testing/streams.ts'
import type { TcpOptions } from './connection.ts'
import type { TcpStream } from './stream.ts'

const FULL = 1448

/** Loses the nth transmissions (from 1) of segments with data from `from`, and counts. */
function loseData(net: Pair, ...which: number[]): void {
  let count = 0
  net.a.lose = (sent: Sent) => isTcp(sent) && show(sent).segment.dataLength > 0 && which.includes(++count)
}

/** A connection on which a has sent ten segments' worth, some of them lost; runs to the end. */
function transfer(bytes: number, lost: number[], client: TcpOptions = {}, server: TcpOptions = {}) {
  const net = pair(1, { delay: 5 * MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
  const [mine, theirs] = connected(net, client, server)
  const { simulation } = net.kernel
  simulation.run()
  const skip = net.a.sent.length
  const start = simulation.now
  loseData(net, ...lost)
  const reader = spawn(simulation, readAll(theirs), 'reader')
  spawn(simulation, write(mine, bytes), 'writer')
  simulation.run()
  if (reader.outcome?.kind !== 'returned') throw new Error('not delivered')
  return { net, got: reader.outcome.value, sent: segments(net.a, skip).filter(hasData), start }
}

function* write(stream: TcpStream, bytes: number) {
  yield* stream.write(new Uint8Array(bytes).fill(7))
  yield* sleep(10 * SECOND)
  stream.close()
}

function* pour(stream: TcpStream) {
  yield* stream.write(new Uint8Array(300_000))
  stream.shutdown()
}

const hasData = ({ segment }: Shown): boolean => segment.dataLength > 0
const retransmissions = (net: Pair): string[] => net.steps('tcp-retransmit').map(({ event }) => event.cause)

describe('RFC 5681 3.2 and RFC 6675: fast retransmit and recovery', () => {
  it('a lost segment goes again after three segments above it were selectively acknowledged, and nothing else does', () => {
    const { net, got, sent, start } = transfer(10 * FULL, [3])
    expect(got.length).toBe(10 * FULL)
    expect(sent).toHaveLength(11)
    expect(sent[10].segment.seq).toBe(sent[2].segment.seq)
    expect(retransmissions(net)).toEqual(['fast'])
    expect(sent[10].at - start).toBe(10 * MILLISECOND)
    const blocks = segments(net.b).map(({ segment }) => segment.sack)
    expect(blocks).toContainEqual([sent[3].segment.seq, sent[3].segment.end])
    expect(blocks).toContainEqual([sent[3].segment.seq, sent[9].segment.end])
  })

  it('several lost segments go again in one round trip', () => {
    const { net, sent, start } = transfer(10 * FULL, [2, 4, 6])
    expect(sent).toHaveLength(13)
    expect(retransmissions(net)).toEqual(['fast', 'fast', 'fast'])
    for (const again of sent.slice(10)) expect(again.at - start).toBeLessThan(21 * MILLISECOND)
  })

  it('without SACK, three duplicate acknowledgments do it, and each partial acknowledgment one more (RFC 6582)', () => {
    const { net, sent } = transfer(10 * FULL, [2, 4], { sack: false })
    expect(sent.slice(10).map(({ segment }) => segment.seq)).toEqual([sent[1].segment.seq, sent[3].segment.seq])
    expect(retransmissions(net)).toEqual(['fast', 'fast'])
  })

  it('RFC 8985: nothing is sent again but what was lost, while new data goes on', () => {
    const { net, sent } = transfer(60 * FULL, [12, 33])
    expect(retransmissions(net)).toEqual(['fast', 'fast'])
    expect(sent).toHaveLength(62)
  })
})

describe('RFC 6298: the retransmission timer', () => {
  it('a lone segment is probed for and sent again at 200 ms + SRTT, then after a time-out, then doubling', () => {
    const { net, sent, start } = transfer(100, [1, 2, 3, 4])
    const times = sent.map(({ at }) => Math.round((at - start) / MILLISECOND))
    expect(times).toEqual([0, 210, 420, 840, 1680])
    expect(retransmissions(net)).toEqual(['timeout', 'timeout', 'timeout', 'timeout'])
    expect(net.steps('tcp-retransmit').map(({ event }) => event.attempt)).toEqual([1, 2, 3, 4])
  })

  it('RFC 8985 7: the last segments of several are probed for after two round trips, long before the timer', () => {
    const { sent, start } = transfer(5 * FULL, [4, 5])
    expect(sent.slice(5).map(({ segment }) => segment.seq)).toEqual([sent[4].segment.seq, sent[3].segment.seq])
    expect(sent[5].at - start).toBeLessThan(50 * MILLISECOND)
  })

  it('the last data segment, with the FIN behind it: the FIN is selectively acknowledged, and the data goes again', () => {
    const net = pair(1, { delay: 5 * MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
    const [mine, theirs] = connected(net)
    const { simulation } = net.kernel
    simulation.run()
    loseData(net, 1)
    const start = simulation.now
    const reader = spawn(simulation, readAll(theirs), 'reader')
    run(simulation, () => mine.write(new Uint8Array(100)))
    mine.close()
    simulation.run()
    expect(reader.outcome?.kind === 'returned' && reader.outcome.value.length).toBe(100)
    const again = segments(net.a).filter(hasData)[1]
    expect(again.at - start).toBeLessThan(20 * MILLISECOND)
  })

  it('without SACK there is no probe: the timer alone', () => {
    const { sent, start } = transfer(100, [1, 2], { sack: false })
    expect(sent.map(({ at }) => Math.round((at - start) / MILLISECOND))).toEqual([0, 210, 630])
  })

  it('everything lost: slow start from one segment (RFC 5681 3.1)', () => {
    const lost = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    const { net, got, sent } = transfer(10 * FULL, lost)
    expect(got.length).toBe(10 * FULL)
    expect(net.steps('tcp-retransmit')).toHaveLength(11)
    expect(sent[11].segment.seq).toBe(sent[0].segment.seq)
    expect(sent[12].at - sent[11].at).toBe(10 * MILLISECOND)
  })

  it('tcp_retries2: 924.6 s after the first loss the connection ends with ETIMEDOUT', () => {
    const net = pair()
    const [mine] = connected(net)
    const { simulation } = net.kernel
    simulation.run()
    const start = simulation.now
    net.a.lose = () => true
    const errno = run(simulation, function* () {
      yield* mine.write(new Uint8Array(10))
      return yield* failing(mine.read(1))
    })
    expect(errno).toBe('ETIMEDOUT')
    const seconds = (simulation.now - start) / SECOND
    expect(seconds).toBeGreaterThanOrEqual(924.6)
    expect(seconds).toBeLessThan(1050)
    expect(net.steps('tcp-retransmit').length).toBeGreaterThanOrEqual(15)
  })

  it('an ICMP error meanwhile says why instead (RFC 5461, tcp_write_err)', () => {
    const net = pair()
    const [mine, theirs] = connected(net)
    const { simulation } = net.kernel
    simulation.run()
    net.a.lose = () => true
    const errno = run(simulation, function* () {
      yield* mine.write(new Uint8Array(10))
      const { seq } = segments(net.a).at(-1)!.segment
      const ends = { local: mine.local, remote: theirs.local, from: theirs.local.address }
      net.a.complain({ ...ends, protocol: 6, errno: 'EHOSTUNREACH', type: 3, code: 1, mtu: 0, sequence: seq })
      return yield* failing(mine.read(1))
    })
    expect(errno).toBe('EHOSTUNREACH')
  })
})

describe('RFC 2883: D-SACK', () => {
  it('reports what came twice, and sends it to nobody else', () => {
    const net = pair(1, { delay: MILLISECOND, jitter: 0, loss: 0, duplication: 0 })
    const [mine] = connected(net)
    const { simulation } = net.kernel
    simulation.run()
    net.b.lose = () => true
    run(simulation, () => mine.write(new Uint8Array(10)))
    simulation.run(simulation.now + 100 * MILLISECOND)
    net.b.lose = () => false
    const skip = net.b.sent.length
    simulation.run(simulation.now + 200 * MILLISECOND)
    const [answer] = segments(net.b, skip)
    const { seq, end } = segments(net.a).at(-1)!.segment
    expect(answer.segment.sack).toEqual([seq, end])
    expect(net.steps('drop').at(-1)?.event.reason).toBe('tcp-old-data')
  })
})

describe('path MTU discovery (RFC 1191 6.4)', () => {
  it('what was too big is cut and sent again at once, with no change of the congestion window', () => {
    const net = pair()
    const [mine, theirs] = connected(net)
    const { simulation } = net.kernel
    simulation.run()
    const limit = (sent: Sent): boolean => isTcp(sent) && sent.bytes.length + 20 > 1450
    net.a.lose = (sent) => {
      if (!limit(sent)) return false
      const ends = { local: mine.local, remote: theirs.local, from: theirs.local.address }
      const error = { ...ends, protocol: 6, errno: 'EMSGSIZE', type: 3, code: 4, mtu: 1450 } as const
      const { seq } = show(sent).segment
      simulation.post(MILLISECOND, () => net.a.complain({ ...error, sequence: seq }), null)
      return true
    }
    const skip = net.a.sent.length
    const reader = spawn(simulation, readAll(theirs), 'reader')
    spawn(simulation, write(mine, 5 * FULL), 'writer')
    simulation.run()
    expect(reader.outcome).toMatchObject({ kind: 'returned' })
    const sizes = segments(net.a, skip)
      .filter(hasData)
      .map(({ segment }) => segment.dataLength)
    expect(sizes.slice(0, 5)).toEqual([FULL, FULL, FULL, FULL, FULL])
    expect(Math.max(...sizes.slice(5))).toBe(1398)
    expect(sizes.slice(5).reduce((sum, size) => sum + size, 0)).toBe(5 * FULL)
    expect(segments(net.a, skip).filter(hasData).at(-1)!.at).toBeLessThan(100 * MILLISECOND)
  })

  it('a route that shrank under the connection is asked again (EMSGSIZE)', () => {
    const net = pair()
    const [mine, theirs] = connected(net)
    net.a.mtu = 1400
    const reader = spawn(net.kernel.simulation, readAll(theirs), 'reader')
    spawn(net.kernel.simulation, write(mine, 20 * FULL), 'writer')
    net.kernel.simulation.run()
    expect(reader.outcome?.kind === 'returned' && reader.outcome.value.length).toBe(20 * FULL)
  })
})

describe('RFC 2018 3 and RFC 6691: SACK blocks leave less room for data', () => {
  it('both directions lose segments at once, and no segment is larger than the path takes', () => {
    const net = pair(5, { delay: MILLISECOND, jitter: 0, loss: 0.2, duplication: 0 })
    const { simulation } = net.kernel
    let up: Uint8Array | null = null
    net.b.sockets.listen('any', 80, (stream) => {
      spawn(simulation, pour(stream), 'writer')
      spawn(
        simulation,
        (function* () {
          up = yield* readAll(stream)
        })(),
        'reader',
      )
    })
    const down = run(simulation, function* () {
      const stream = yield* net.a.sockets.connect(B4, 80, { timestamps: false })
      spawn(simulation, pour(stream), 'writer')
      return yield* readAll(stream)
    })
    simulation.run()
    expect([down.length, up!.length]).toEqual([300_000, 300_000])
    const blocks = [...segments(net.a), ...segments(net.b)].map(({ segment }) => segment.sack?.length ?? 0)
    expect(Math.max(...blocks)).toBe(6)
    for (const sent of [...net.a.sent, ...net.b.sent]) expect(sent.bytes.length + 20).toBeLessThanOrEqual(1500)
    expect(net.a.refused + net.b.refused).toBe(0)
  })
})
