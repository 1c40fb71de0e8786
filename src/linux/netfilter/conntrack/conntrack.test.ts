import { describe, expect, test } from 'vitest'
import { FakeNode, icmpError, ping, tcpPacket, udpPacket } from '../../../../test/support/netfilter.ts'
import { SECOND } from '../../../sim/time.ts'
import { v4 } from '../../../util/address.ts'
import { ACK, FIN, RST, SYN } from '../../../wire/fast/tcp.ts'
import type { Skb } from '../../skb.ts'
import type { Match } from '../rules/match.ts'
import { Chain } from '../rules/rule.ts'
import type { RuleSet } from '../rules/table.ts'
import { listConntrack } from './list.ts'

const A = v4('10.244.1.2')
const B = v4('10.244.2.2')

const invalid: Match = { kind: 'ctstate', states: ['INVALID'] }
const DROP_INVALID: RuleSet = {
  filter: {
    name: 'filter',
    chains: { FORWARD: Chain.of('FORWARD', [{ matches: [invalid], target: { kind: 'drop' } }], 'ACCEPT') },
  },
}

class Wire {
  readonly node = new FakeNode()

  constructor(rules: RuleSet = DROP_INVALID) {
    this.node.stack.setRules(4, rules)
  }

  there(flags: number, sequence: number, ack = 0, payload = 0): boolean {
    return this.node.forward(tcpPacket(A, 40_000, B, 80, { flags, sequence, ack, payload }))
  }

  back(flags: number, sequence: number, ack = 0, payload = 0): boolean {
    const { node } = this
    return node.forward(tcpPacket(B, 80, A, 40_000, { flags, sequence, ack, payload }), node.eth0, node.cni0)
  }

  open(): void {
    this.there(SYN, 999)
    this.back(SYN | ACK, 4999, 1000)
    this.there(ACK, 1000, 5000)
  }

  get entry(): string {
    const [first] = listConntrack(this.node.stack.conntrack.table, this.node.simulation.now)
    if (first === undefined) return ''
    return `${first.state} ${first.timeout}${first.unreplied ? ' [UNREPLIED]' : ''}${first.assured ? ' [ASSURED]' : ''}`
  }
}

describe('TCP', () => {
  test('a connection opens, carries data and closes', () => {
    const wire = new Wire()
    wire.there(SYN, 999)
    expect(wire.entry).toBe('SYN_SENT 120 [UNREPLIED]')
    wire.back(SYN | ACK, 4999, 1000)
    expect(wire.entry).toBe('SYN_RECV 60')
    wire.there(ACK, 1000, 5000)
    expect(wire.entry).toBe('ESTABLISHED 432000 [ASSURED]')
    wire.there(ACK, 1000, 5000, 100)
    expect(wire.entry).toBe('ESTABLISHED 300 [ASSURED]')
    wire.back(ACK, 5000, 1100)
    expect(wire.entry).toBe('ESTABLISHED 432000 [ASSURED]')
    wire.there(FIN | ACK, 1100, 5000)
    expect(wire.entry).toBe('FIN_WAIT 120 [ASSURED]')
    wire.back(ACK, 5000, 1101)
    expect(wire.entry).toBe('CLOSE_WAIT 60 [ASSURED]')
    wire.back(FIN | ACK, 5000, 1101)
    expect(wire.entry).toBe('LAST_ACK 30 [ASSURED]')
    wire.there(ACK, 1101, 5001)
    expect(wire.entry).toBe('TIME_WAIT 120 [ASSURED]')
  })

  test('an unanswered SYN is refused by a reset, and forgotten at once', () => {
    const wire = new Wire()
    wire.there(SYN, 999)
    expect(wire.back(RST | ACK, 0, 1000)).toBe(true)
    expect(wire.entry).toBe('')
  })

  test('a SYN reopens a connection in TIME_WAIT', () => {
    const wire = new Wire()
    wire.open()
    wire.there(FIN | ACK, 1000, 5000)
    wire.back(FIN | ACK, 5000, 1001)
    wire.there(ACK, 1001, 5001)
    expect(wire.entry).toBe('TIME_WAIT 120 [ASSURED]')
    wire.there(SYN, 70_000)
    expect(wire.entry).toBe('SYN_SENT 120 [UNREPLIED]')
  })

  test('segments outside the window are invalid', () => {
    const wire = new Wire()
    wire.open()
    expect(wire.back(ACK, 5000, 1000, 10)).toBe(true)
    expect(wire.back(ACK, 900_000, 1000, 10)).toBe(false)
    expect(wire.back(ACK, 5010, 900_000)).toBe(false)
    expect(wire.there(RST, 4)).toBe(false)
    expect(wire.node.events('conntrack').filter(({ change }) => change === 'invalid')).toHaveLength(3)
  })

  test('a SYN+ACK to nobody, a null segment and a wrong checksum are invalid', () => {
    const wire = new Wire()
    expect(wire.back(SYN | ACK, 1, 1)).toBe(false)
    expect(wire.there(0, 1)).toBe(false)
    const bad = tcpPacket(A, 1, B, 2)
    bad.frame.bytes[bad.frame.end - 1] ^= 1
    expect(wire.node.forward(bad)).toBe(false)
    expect(wire.entry).toBe('')
  })

  test('a connection older than the table is picked up', () => {
    const wire = new Wire()
    expect(wire.there(ACK, 1, 1, 5)).toBe(true)
    expect(wire.entry).toBe('ESTABLISHED 300 [UNREPLIED]')
    expect(wire.back(ACK, 1, 6, 5)).toBe(true)
    expect(wire.entry).toBe('ESTABLISHED 300')
    wire.there(ACK, 6, 6)
    expect(wire.entry).toBe('ESTABLISHED 432000 [ASSURED]')
  })

  test('a segment sent again without an answer shortens the timeout', () => {
    const wire = new Wire()
    wire.open()
    wire.back(ACK, 5000, 1000)
    for (let i = 0; i < 4; i++) wire.there(ACK, 1000, 5000)
    expect(wire.entry).toBe('ESTABLISHED 300 [ASSURED]')
  })
})

test('UDP becomes a stream when it still flows both ways after two seconds', () => {
  const { node } = new Wire()
  const entry = (): string => {
    const [first] = listConntrack(node.stack.conntrack.table, node.simulation.now)
    return first === undefined ? '' : `${first.timeout}${first.unreplied ? ' U' : ''}${first.assured ? ' A' : ''}`
  }
  const there = (): boolean => node.forward(udpPacket(A, 4000, B, 53))
  const back = (): boolean => node.forward(udpPacket(B, 53, A, 4000), node.eth0, node.cni0)
  there()
  expect(entry()).toBe('30 U')
  back()
  expect(entry()).toBe('30')
  node.simulation.run(3 * SECOND)
  there()
  expect(entry()).toBe('120 A')
  node.simulation.run(123 * SECOND)
  expect(entry()).toBe('')
  there()
  expect(entry()).toBe('30 U')
  expect(node.events('conntrack').map(({ change }) => change)).toEqual(['new', 'established', 'destroyed', 'new'])
})

test('an echo reply without a request is invalid; so is an error about nothing known', () => {
  const { node } = new Wire()
  expect(node.forward(ping(B, A, 3, 0))).toBe(false)
  expect(node.forward(icmpError(B, udpPacket(A, 1, B, 2), 3, 3))).toBe(false)
})

test('an error is related only when it goes to whom it concerns', () => {
  const { node } = new Wire()
  node.forward(udpPacket(A, 4000, B, 53))
  const states: string[] = []
  for (const to of [A, v4('10.244.1.99')]) {
    const quoted = udpPacket(A, 4000, B, 53)
    const error = icmpError(B, quoted, 3, 3)
    if (to !== A) error.frame = icmpError(B, udpPacket(to, 4000, B, 53), 3, 3).frame
    node.forward(error, node.eth0, node.cni0)
    states.push(error.connectionState)
  }
  expect(states).toEqual(['related', 'invalid'])
})

test('two packets that began one UDP flow share an entry; for TCP the later one is dropped', () => {
  const { node } = new Wire()
  const race = (make: () => Skb): boolean[] => {
    const [first, second] = [make(), make()]
    for (const skb of [first, second]) node.run('PREROUTING', skb, node.cni0, null)
    return [first, second].map((skb) => node.run('POSTROUTING', skb, null, node.eth0))
  }
  expect(race(() => udpPacket(A, 4000, B, 53))).toEqual([true, true])
  expect(race(() => tcpPacket(A, 4000, B, 53))).toEqual([true, false])
  expect(node.events('drop')).toEqual([{ kind: 'drop', reason: 'conntrack-clash' }])
  expect(node.stack.conntrack.table.size).toBe(2)
})

test('a rejected or dropped packet leaves no entry', () => {
  const node = new FakeNode()
  node.stack.setRules(4, {
    filter: {
      name: 'filter',
      chains: {
        FORWARD: Chain.of(
          'FORWARD',
          [{ matches: [{ kind: 'ctstate', states: ['NEW'] }], target: { kind: 'reject', with: null } }],
          'ACCEPT',
        ),
      },
    },
  })
  expect(node.forward(tcpPacket(A, 1, B, 80))).toBe(false)
  expect(node.errors).toEqual([{ type: 3, code: 3 }])
  expect(node.stack.conntrack.table.size).toBe(0)
  expect(node.events('rule')).toMatchObject([
    {
      verdict: 'REJECT',
      rule: { text: '-A FORWARD -m conntrack --ctstate NEW -j REJECT --reject-with icmp-port-unreachable' },
    },
  ])
})

test('the table forgets nothing it was not told to, however large it grows', () => {
  const { node } = new Wire()
  for (let i = 0; i < 5_000; i++) node.forward(udpPacket(A, 1 + i, B, 53))
  expect(listConntrack(node.stack.conntrack.table, node.simulation.now)).toHaveLength(5_000)
  expect(node.stack.conntrack.delete(({ original }) => original.sourcePort % 2 === 0)).toBe(2_500)
  const back = udpPacket(B, 53, A, 4_999)
  node.forward(back, node.eth0, node.cni0)
  expect(back.direction).toBe(1)
})
