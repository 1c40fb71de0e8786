import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeNode, tcpPacket } from '../../../../test/support/netfilter.ts'
import { v4 } from '../../../util/address.ts'
import { Packet } from '../packet.ts'
import type { Match } from './match.ts'
import { Chain, type Rule, type Target } from './rule.ts'
import { ruleText } from './text.ts'
import { Walk } from './walk.ts'

interface Outcome {
  readonly rule: Rule | null
  readonly path: readonly string[]
  readonly evaluated: number
  readonly counted: readonly string[]
  readonly mark: number
}

function walk(chain: Chain, to: string, port: number, linear: boolean, draws: readonly boolean[] = []): Outcome {
  const node = new FakeNode()
  const skb = tcpPacket(v4('10.0.0.1'), 4000, v4(to), port)
  const p = new Packet()
  const counted: string[] = []
  let drawn = 0
  const draw = (): boolean => draws[drawn++] ?? false
  p.load(Object.assign(Object.create(node.stack), { draw }), 'PREROUTING', 4, skb, node.eth0, null)
  const w = new Walk(
    {
      count: (c, rule, bytes) => counted.push(`${c.name} ${rule} ${bytes}`),
      effect: (effect) => {
        if (effect.kind === 'mark') skb.mark = (skb.mark & ~effect.mask) ^ effect.value
      },
      returned: () => {},
    },
    linear,
  )
  const rule = w.run(chain, p)
  const path = w.path.slice(0, w.depth).map(({ name }) => name)
  return { rule, path, evaluated: w.evaluated, counted, mark: skb.mark }
}

const to = (address: string): Match => ({ kind: 'destination', prefix: { address: v4(address), length: 32 } })
const port = (n: number): Match => ({ kind: 'destination-port', ports: { low: n, high: n } })
const accept: Target = { kind: 'accept' }

test('a chain returns to the rule after the jump; a goto does not', () => {
  const back: Rule = { matches: [], target: { kind: 'return' } }
  const drop: Rule = { matches: [], target: { kind: 'drop' } }
  const mark: Rule = { matches: [], target: { kind: 'mark', value: 1, mask: 1 } }
  const inner = Chain.of('inner', [mark, back, drop])
  const gone = Chain.of('gone', [{ matches: [], target: { kind: 'goto', chain: inner } }, drop])
  const top = Chain.of(
    'PREROUTING',
    [
      { matches: [], target: { kind: 'jump', chain: gone } },
      { matches: [], target: accept },
    ],
    'DROP',
  )
  const outcome = walk(top, '10.0.0.2', 80, true)
  expect(outcome).toMatchObject({ path: ['PREROUTING'], evaluated: 5, mark: 1 })
  expect(outcome.rule?.target).toEqual(accept)
  const only = Chain.of('PREROUTING', [{ matches: [], target: { kind: 'goto', chain: inner } }, drop], 'ACCEPT')
  expect(walk(only, '10.0.0.2', 80, true)).toMatchObject({ rule: null, evaluated: 3 })
})

test('a looked-up chain decides, counts and evaluates as a linear walk', () => {
  const address = fc.integer({ min: 0, max: 9 }).map((n) => `10.96.0.${n}`)
  const portNumber = fc.integer({ min: 80, max: 84 })
  const leaf = Chain.of('leaf', [{ matches: [port(81)], target: accept }])
  const target = fc.constantFrom<Target>(
    { kind: 'none' },
    { kind: 'mark', value: 4, mask: 4 },
    { kind: 'jump', chain: leaf },
    accept,
    { kind: 'return' },
  )
  const match = fc.oneof(
    address.map(to),
    address.map((a): Match => ({ kind: 'destination', prefix: { address: v4(a), length: 32 }, negate: true })),
    portNumber.map(port),
    fc.constant<Match>({ kind: 'random', probability: 0.5 }),
  )
  const anyRule = fc.record({ matches: fc.array(match, { maxLength: 2 }), target })
  const keyed = fc.oneof(
    { weight: 8, arbitrary: fc.record({ matches: fc.tuple(address.map(to), portNumber.map(port)), target }) },
    { weight: 1, arbitrary: anyRule },
  )
  const byPort = fc.oneof(
    { weight: 8, arbitrary: fc.record({ matches: fc.tuple(portNumber.map(port)), target }) },
    { weight: 1, arbitrary: anyRule },
  )
  const chain = fc
    .oneof(fc.array(keyed, { minLength: 16, maxLength: 60 }), fc.array(byPort, { minLength: 16, maxLength: 60 }))
    .map((rules) => Chain.of('PREROUTING', rules, 'ACCEPT'))
  fc.assert(
    fc.property(chain, address, portNumber, fc.array(fc.boolean()), (c, a, n, draws) => {
      expect(walk(c, a, n, false, draws)).toEqual(walk(c, a, n, true, draws))
    }),
    { numRuns: 500 },
  )
})

test('ten thousand Services are looked up', () => {
  const rules = Array.from(
    { length: 10_000 },
    (_, i): Rule => ({
      matches: [to(`10.96.${i >> 8}.${i & 255}`), port(80)],
      target: accept,
    }),
  )
  const chain = Chain.of('PREROUTING', rules, 'ACCEPT')
  expect(chain.blocks[0].index).not.toBeNull()
  const last = walk(chain, '10.96.39.15', 80, false)
  expect(last.rule).toBe(rules[9_999])
  expect(last.evaluated).toBe(10_000)
  expect(walk(chain, '10.96.39.15', 81, false)).toMatchObject({ rule: null, evaluated: 10_000 })
})

test('rules print as iptables-save does, and as kube-proxy wrote them', () => {
  const rule: Rule = {
    matches: [
      { kind: 'comment', text: 'ns1/svc1:p80 cluster IP' },
      { kind: 'protocol', protocol: 6, module: true },
      to('172.30.0.41'),
      port(80),
      { kind: 'source', prefix: { address: v4('10.0.0.0'), length: 8 }, negate: true },
    ],
    target: { kind: 'mark', value: 0x4000, mask: 0x4000, written: 'or' },
  }
  expect(ruleText('X', rule, 4)).toBe(
    '-A X ! -s 10.0.0.0/8 -d 172.30.0.41/32 -p tcp -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp --dport 80 -j MARK --set-xmark 0x4000/0x4000',
  )
  expect(ruleText('X', rule, 4, 'written')).toBe(
    '-A X -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 ! -s 10.0.0.0/8 -j MARK --or-mark 0x4000',
  )
})
