import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../sim/time.ts'
import { utf8 } from '../../../util/bytes.ts'
import { ACK, PSH, RST, SYN } from '../../../wire/fast/tcp.ts'
import { type Pair, pair } from '../testing/hosts.ts'
import { failing, run } from '../testing/run.ts'
import { flagsOf, forge, segments } from '../testing/segments.ts'
import { connected } from '../testing/streams.ts'
import { OptionWriter } from './options.ts'

/** A connection over which the client has written a little; segments are forged towards the client. */
function target(timestamps = false) {
  const net = pair()
  const [mine, theirs] = connected(net, { timestamps }, { timestamps })
  net.kernel.simulation.run()
  const { segment } = segments(net.a).at(-1)!
  const ends = { fromPort: 80, toPort: mine.local.port }
  const skip = net.a.sent.length
  return { net, mine, theirs, ends, skip, next: segment.ack, una: segment.seq }
}

const reasons = (net: Pair): string[] => net.steps('drop').map(({ event }) => event.reason)

describe('RFC 5961: blind attacks', () => {
  it('3.2: a reset exactly at RCV.NXT is taken; elsewhere in the window it is challenged; outside it is ignored', () => {
    const { net, mine, ends, skip, next } = target()
    forge(net.a, net.b, { ...ends, seq: (next + 90_000) | 0, flags: RST })
    expect(flagsOf(net.a, skip)).toEqual([])
    forge(net.a, net.b, { ...ends, seq: (next + 10) | 0, flags: RST })
    expect(flagsOf(net.a, skip)).toEqual(['A'])
    expect(reasons(net)).toEqual(['tcp-invalid-sequence', 'tcp-reset'])
    expect(mine.state).toBe('ESTABLISHED')
    forge(net.a, net.b, { ...ends, seq: next, flags: RST })
    expect(mine.state).toBe('CLOSED')
    expect(run(net.kernel.simulation, () => failing(mine.read(1)))).toBe('ECONNRESET')
  })

  it('4.2: a SYN is challenged', () => {
    const { net, mine, ends, skip, next } = target()
    forge(net.a, net.b, { ...ends, seq: next, flags: SYN })
    expect(flagsOf(net.a, skip)).toEqual(['A'])
    expect(reasons(net)).toEqual(['tcp-syn'])
    expect(mine.state).toBe('ESTABLISHED')
  })

  it('5.2: data whose acknowledgment is beyond what was sent, or too old, is challenged and dropped', () => {
    const { net, ends, skip, next, una } = target()
    forge(net.a, net.b, { ...ends, seq: next, ack: (una + 5) | 0, flags: ACK | PSH, data: utf8('evil') })
    net.kernel.simulation.run(net.kernel.simulation.now + SECOND)
    forge(net.a, net.b, { ...ends, seq: next, ack: (una - 200_000) | 0, flags: ACK | PSH, data: utf8('evil') })
    expect(flagsOf(net.a, skip)).toEqual(['A', 'A'])
    expect(reasons(net)).toEqual(['tcp-invalid-ack', 'tcp-invalid-ack'])
  })

  it('7: challenges are limited to one in 500 ms a connection', () => {
    const { net, ends, skip, next } = target()
    for (let i = 0; i < 9; i++) forge(net.a, net.b, { ...ends, seq: next, flags: SYN })
    net.kernel.simulation.run(net.kernel.simulation.now + 600 * MILLISECOND)
    forge(net.a, net.b, { ...ends, seq: next, flags: SYN })
    expect(flagsOf(net.a, skip)).toEqual(['A', 'A'])
  })
})

describe('RFC 9293 3.10.7.4: what is not acceptable', () => {
  it('data outside the window is answered with an ACK of what is expected', () => {
    const { net, ends, skip, next, una } = target()
    forge(net.a, net.b, { ...ends, seq: (next + 90_000) | 0, ack: una, flags: ACK, data: utf8('far') })
    const [answer] = segments(net.a, skip)
    expect(answer.segment.ack).toBe(next)
    expect(reasons(net)).toEqual(['tcp-invalid-sequence'])
  })

  it('a segment without ACK is dropped', () => {
    const { net, ends, skip, next } = target()
    forge(net.a, net.b, { ...ends, seq: next, flags: PSH, data: utf8('x') })
    expect(flagsOf(net.a, skip)).toEqual([])
    expect(reasons(net)).toEqual(['tcp-flags'])
  })

  it('what fits no connection is answered with a reset that the sender will believe; a reset never is', () => {
    const { net, skip } = target()
    forge(net.a, net.b, { seq: 7, ack: 99, flags: ACK, data: utf8('abc'), fromPort: 1, toPort: 2 })
    forge(net.a, net.b, { seq: 7, flags: SYN, fromPort: 1, toPort: 2 })
    forge(net.a, net.b, { seq: 7, flags: RST, fromPort: 1, toPort: 2 })
    const sent = segments(net.a, skip)
    expect(sent.map(({ flags }) => flags)).toEqual(['R', 'RA'])
    expect(sent[0].segment.seq).toBe(99)
    expect(sent[1].segment).toMatchObject({ seq: 0, ack: 8 })
  })
})

describe('RFC 7323 5: PAWS', () => {
  it('a segment with an old timestamp is dropped and acknowledged, unless it is a reset', () => {
    const { net, mine, ends, skip, next, una } = target(true)
    const old = new OptionWriter().timestamps(segments(net.b).at(-1)!.segment.tsValue - 1000, 0)
    const options = old.bytes.slice(0, old.length)
    forge(net.a, net.b, { ...ends, seq: next, ack: una, flags: ACK, data: utf8('old'), options })
    expect(reasons(net)).toEqual(['tcp-paws'])
    expect(flagsOf(net.a, skip)).toEqual(['A'])
    forge(net.a, net.b, { ...ends, seq: next, ack: una, flags: RST | ACK, options })
    expect(mine.state).toBe('CLOSED')
  })
})
