import { describe, expect, it } from 'vitest'
import { sleep, spawn } from '../../../sim/process.ts'
import { MILLISECOND, SECOND } from '../../../sim/time.ts'
import { text, utf8 } from '../../../util/bytes.ts'
import { ACK, RST, SYN } from '../../../wire/fast/tcp.ts'
import { B4, type Pair, pair } from '../testing/hosts.ts'
import { failing, run } from '../testing/run.ts'
import { flagsOf, forge, segments } from '../testing/segments.ts'
import { connected, readAll } from '../testing/streams.ts'

/** A connection with nothing under way; `skip` hides the handshake from `flagsOf`. */
function quiet(net: Pair) {
  const [mine, theirs] = connected(net)
  net.kernel.simulation.run()
  return { mine, theirs, a: net.a.sent.length, b: net.b.sent.length }
}

const states = (net: Pair, port: number): string[] =>
  net.steps('tcp-state').flatMap(({ event }) => (event.local.port === port ? [event.to] : []))

describe('RFC 9293 3.6: closing', () => {
  it('figure 12: FIN, FIN,ACK, ACK; the first to close waits in TIME-WAIT for 60 s', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs, a, b } = quiet(net)
    mine.close()
    expect(run(simulation, () => theirs.read(1))).toBeNull()
    theirs.close()
    simulation.run()
    expect(flagsOf(net.a, a)).toEqual(['FA', 'A'])
    expect(flagsOf(net.b, b)).toEqual(['FA'])
    expect(states(net, mine.local.port).slice(2)).toEqual(['FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'])
    expect(states(net, 80).slice(2)).toEqual(['CLOSE-WAIT', 'LAST-ACK', 'CLOSED'])
    simulation.run(simulation.now + 61 * SECOND)
    expect(states(net, mine.local.port).at(-1)).toBe('CLOSED')
  })

  it('a FIN that nobody answers with data is acknowledged within 40 ms', () => {
    const net = pair()
    const { mine, b } = quiet(net)
    const before = net.kernel.simulation.now
    mine.shutdown()
    net.kernel.simulation.run()
    expect(flagsOf(net.b, b)).toEqual(['A'])
    expect(segments(net.b, b)[0].at - before).toBeLessThan(41 * MILLISECOND)
  })

  it('figure 13: both close at once', () => {
    const net = pair()
    const { mine, theirs } = quiet(net)
    mine.close()
    theirs.close()
    net.kernel.simulation.run()
    expect(states(net, 80).slice(2)).toEqual(['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'])
    expect(states(net, mine.local.port).slice(2)).toEqual(['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'])
  })

  it('half-close: the other side may send on', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs } = quiet(net)
    const answer = spawn(simulation, readAll(mine), 'reader')
    run(simulation, function* () {
      yield* mine.write(utf8('question'))
      mine.shutdown()
      expect(text(yield* readAll(theirs))).toBe('question')
      yield* sleep(SECOND)
      yield* theirs.write(new Uint8Array(30_000))
      theirs.close()
    })
    simulation.run()
    expect(answer.outcome?.kind === 'returned' && answer.outcome.value.length).toBe(30_000)
    expect(run(simulation, () => failing(mine.write(utf8('more'))))).toBe('EPIPE')
  })

  it('RFC 2525 2.17: closed with unread data, it resets; the other end reads what came and then ECONNRESET', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs, b } = quiet(net)
    run(simulation, function* () {
      yield* theirs.write(utf8('an answer'))
      yield* mine.write(utf8('nobody reads this'))
    })
    simulation.run()
    theirs.close()
    simulation.run()
    expect(flagsOf(net.b, b).at(-1)).toBe('RA')
    expect(text(run(simulation, () => mine.read(100))!)).toBe('an answer')
    expect(run(simulation, () => failing(mine.read(100)))).toBe('ECONNRESET')
    expect(run(simulation, () => failing(mine.write(utf8('x'))))).toBe('EPIPE')
  })

  it('abort sends a reset whatever was read', () => {
    const net = pair()
    const { mine, theirs, a } = quiet(net)
    mine.abort()
    net.kernel.simulation.run()
    expect(flagsOf(net.a, a)).toEqual(['RA'])
    expect(run(net.kernel.simulation, () => failing(theirs.read(1)))).toBe('ECONNRESET')
    expect(run(net.kernel.simulation, () => failing(mine.read(1)))).toBe('EBADF')
  })

  it('data for a socket that its program has closed is answered with a reset (tcp_rcv_state_process)', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs } = quiet(net)
    mine.close()
    simulation.run(simulation.now + MILLISECOND)
    const skip = net.a.sent.length
    run(simulation, () => theirs.write(utf8('too late')))
    simulation.run()
    expect(flagsOf(net.a, skip)).toEqual(['R'])
    expect(net.steps('drop').at(-1)?.event.reason).toBe('tcp-close')
    expect(run(simulation, () => failing(theirs.write(utf8('x'))))).toBe('EPIPE')
  })

  it('an orphan in FIN-WAIT-2 is forgotten after tcp_fin_timeout, and later segments are reset', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs } = quiet(net)
    mine.close()
    simulation.run(simulation.now + 61 * SECOND)
    expect(states(net, mine.local.port).slice(-2)).toEqual(['FIN-WAIT-2', 'CLOSED'])
    const skip = net.a.sent.length
    theirs.close()
    simulation.run()
    expect(flagsOf(net.a, skip)).toEqual(['R'])
  })

  it('a lost FIN goes again', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs, a } = quiet(net)
    let count = 0
    net.a.lose = () => count++ === 0
    mine.close()
    expect(run(simulation, () => theirs.read(1))).toBeNull()
    expect(flagsOf(net.a, a)).toEqual(['FA', 'FA'])
  })

  it('an orphan whose peer is gone gives up after eight retries', () => {
    const net = pair()
    const { simulation } = net.kernel
    const { mine } = quiet(net)
    net.a.lose = () => true
    mine.close()
    const start = simulation.now
    simulation.run()
    expect((simulation.now - start) / SECOND).toBeGreaterThan(102)
    expect((simulation.now - start) / SECOND).toBeLessThan(215)
    expect(flagsOf(net.a).at(-1)).toBe('RA')
  })
})

describe('TIME-WAIT', () => {
  /** a has closed first and waits. */
  function waiting() {
    const net = pair()
    const { simulation } = net.kernel
    const { mine, theirs } = quiet(net)
    mine.close()
    run(simulation, () => theirs.read(1))
    theirs.close()
    simulation.run()
    expect(mine.state).toBe('TIME-WAIT')
    return { net, simulation, mine, last: segments(net.a).at(-1)!.segment }
  }

  it('acknowledges a FIN that comes again, and starts over', () => {
    const { net, simulation, mine, last } = waiting()
    simulation.run(simulation.now + 50 * SECOND)
    // Lost, or the other host, which knows nothing any more, would answer with a reset.
    net.a.lose = () => true
    const skip = net.a.sent.length
    forge(net.a, net.b, {
      seq: (last.ack - 1) | 0,
      ack: last.seq,
      flags: ACK | 1,
      fromPort: 80,
      toPort: mine.local.port,
    })
    expect(flagsOf(net.a, skip)).toEqual(['A'])
    simulation.run(simulation.now + 50 * SECOND)
    expect(mine.state).toBe('TIME-WAIT')
    simulation.run(simulation.now + 11 * SECOND)
    expect(mine.state).toBe('CLOSED')
  })

  it('RFC 6191: a SYN that is newer begins the next connection', () => {
    const { net, mine, last } = waiting()
    const accepted: unknown[] = []
    net.a.sockets.listen('any', mine.local.port, (stream) => accepted.push(stream))
    const skip = net.a.sent.length
    forge(net.a, net.b, { seq: (last.ack + 1000) | 0, flags: SYN, fromPort: 80, toPort: mine.local.port })
    expect(mine.state).toBe('CLOSED')
    const [answer] = segments(net.a, skip)
    expect(answer.flags).toBe('SA')
    expect(answer.segment.seq).toBe((last.seq + 65_537) | 0)
  })

  it('an old SYN is answered with an ACK', () => {
    const { net, mine, last } = waiting()
    const skip = net.a.sent.length
    forge(net.a, net.b, { seq: (last.ack - 1000) | 0, flags: SYN, fromPort: 80, toPort: mine.local.port })
    expect(flagsOf(net.a, skip)).toEqual(['A'])
    expect(mine.state).toBe('TIME-WAIT')
  })

  it('a reset ends it (RFC 1337 is not heeded by default)', () => {
    const { net, mine, last } = waiting()
    forge(net.a, net.b, { seq: last.ack, flags: RST, fromPort: 80, toPort: mine.local.port })
    expect(mine.state).toBe('CLOSED')
  })

  it('its port is not chosen for the same destination, and a server may listen anew', () => {
    const { net, simulation, mine } = waiting()
    const ports = run(simulation, function* () {
      const all: number[] = []
      for (let i = 0; i < 20; i++) all.push((yield* net.a.sockets.connect(B4, 80)).local.port)
      return all
    })
    expect(ports).not.toContain(mine.local.port)
    expect(() => net.a.sockets.listen('any', mine.local.port, () => {}, { reuseAddress: false })).toThrow('EADDRINUSE')
    expect(() => net.a.sockets.listen('any', mine.local.port, () => {})).not.toThrow()
  })
})

describe('a namespace that is deleted', () => {
  it('sends nothing, and whoever waits fails', () => {
    const net = pair()
    const { mine, a } = quiet(net)
    const reader = spawn(net.kernel.simulation, failing(mine.read(1)), 'reader')
    net.kernel.simulation.run()
    net.a.sockets.destroy()
    net.kernel.simulation.run()
    expect(flagsOf(net.a, a)).toEqual([])
    expect(reader.outcome).toMatchObject({ kind: 'returned' })
  })
})
