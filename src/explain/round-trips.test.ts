import { describe, expect, it } from 'vitest'
import { exampleHandshake } from '../ui/testing/handshake.ts'
import type { Opening } from './request/opening.ts'
import { roundTripsOf } from './round-trips.ts'

const packet = (flags: Opening['flags'], at: number, lost = false): Opening => ({
  flags,
  by: flags === 'SYN, ACK' ? 'server' : 'client',
  packet: at,
  at,
  length: 60,
  lost: lost ? { hop: 1, node: 'n', netns: 'host', device: 'eth0', reason: 'link-cut', why: '', length: null } : null,
})

describe('round trips', () => {
  const { rungs } = exampleHandshake()

  it('begin with the SYN that was answered, not with one that was lost', () => {
    const opening = [
      packet('SYN', 0, true),
      packet('SYN', 1e9),
      packet('SYN, ACK', 1e9 + 2e5),
      packet('ACK', 1e9 + 2e5),
    ]
    expect(roundTripsOf(opening, [])).toEqual([{ rung: 'tcp', took: 2e5 }])
    expect(roundTripsOf(opening.slice(0, 2), [])).toEqual([])
  })

  it('last from the first that the client says to the first of the answer', () => {
    const [hello, answer, ...more] = rungs
    const again = [{ ...hello, at: 5e5 }, { ...hello, at: 6e5 }, { ...answer, at: 9e5 }, ...more]
    expect(roundTripsOf([], [hello, answer, ...again])).toEqual([
      { rung: 1, took: 1e5 },
      { rung: 4, took: 4e5 },
    ])
  })

  it('end with the first data of the server', () => {
    const [hello, answer] = rungs
    const data = { ...answer, at: 3e5, event: answer.record! }
    expect(roundTripsOf([], [hello, data, { ...hello, at: 4e5 }, { ...answer, at: 5e5 }])).toEqual([
      { rung: 1, took: 3e5 },
    ])
  })
})
