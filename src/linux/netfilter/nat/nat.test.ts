import { describe, expect, test } from 'vitest'
import {
  FakeNode,
  icmpError,
  ping,
  show,
  showQuoted,
  tcpPacket,
  udpPacket,
} from '../../../../test/support/netfilter.ts'
import { SECOND } from '../../../sim/time.ts'
import { type Address, isV4, v4, v6 } from '../../../util/address.ts'
import { ACK, SYN } from '../../../wire/fast/tcp.ts'
import { formatConntrack, listConntrack } from '../conntrack/list.ts'
import { Chain, type Rule, type Target } from '../rules/rule.ts'
import type { RuleSet } from '../rules/table.ts'

const CLIENT = v4('10.244.1.2')
const VIP = v4('10.96.0.80')
const ENDPOINT = v4('10.244.2.2')
const CLIENT6 = v6('fd00:10:244:1::2')
const VIP6 = v6('fd00:10:96::50')
const ENDPOINT6 = v6('fd00:10:244:2::2')

const single = (address: Address): { low: Address; high: Address } => ({ low: address, high: address })

function service(vip: Address, endpoint: Address, masquerade: Target | null = null): RuleSet {
  const length = isV4(vip) ? 32 : 128
  const dnat: Rule = {
    matches: [
      { kind: 'protocol', protocol: 6, module: true },
      { kind: 'destination', prefix: { address: vip, length } },
      { kind: 'destination-port', ports: { low: 80, high: 80 } },
    ],
    target: { kind: 'dnat', to: single(endpoint), ports: { low: 8080, high: 8080 }, choice: 'keep' },
    origin: 'Service default/web',
  }
  const ping: Rule = {
    matches: [
      { kind: 'protocol', protocol: isV4(vip) ? 1 : 58 },
      { kind: 'destination', prefix: { address: vip, length } },
    ],
    target: { kind: 'dnat', to: single(endpoint), ports: null, choice: 'keep' },
  }
  const post: Rule[] = masquerade === null ? [] : [{ matches: [], target: masquerade }]
  return {
    nat: {
      name: 'nat',
      chains: {
        PREROUTING: Chain.of('PREROUTING', [dnat, ping], 'ACCEPT'),
        OUTPUT: Chain.of('OUTPUT', [dnat], 'ACCEPT'),
        POSTROUTING: Chain.of('POSTROUTING', post, 'ACCEPT'),
      },
    },
  }
}

function nodeWith(masquerade: Target | null = null): FakeNode {
  const node = new FakeNode({}, { '192.168.56.11': 'eth0', 'fd00:56::11': 'eth0' })
  node.stack.setRules(4, service(VIP, ENDPOINT, masquerade))
  node.stack.setRules(6, service(VIP6, ENDPOINT6, masquerade))
  return node
}

describe.each([
  ['IPv4', CLIENT, VIP, ENDPOINT, '10.244.1.2', '10.96.0.80', '10.244.2.2', '192.168.56.11'],
  ['IPv6', CLIENT6, VIP6, ENDPOINT6, '[fd00:10:244:1::2]', '[fd00:10:96::50]', '[fd00:10:244:2::2]', '[fd00:56::11]'],
] as const)('%s', (_family, client, vip, endpoint, clientText, vipText, endpointText, nodeText) => {
  test('DNAT there and back, rules asked once', () => {
    const node = nodeWith()
    const syn = tcpPacket(client, 40_112, vip, 80)
    expect(node.forward(syn)).toBe(true)
    expect(show(syn)).toBe(`${clientText}:40112 > ${endpointText}:8080`)
    const answer = tcpPacket(endpoint, 8080, client, 40_112, { flags: SYN | ACK, sequence: 5000, ack: 1001 })
    expect(node.forward(answer, node.eth0, node.cni0)).toBe(true)
    expect(show(answer)).toBe(`${vipText}:80 > ${clientText}:40112`)
    const ack = tcpPacket(client, 40_112, vip, 80, { flags: ACK, sequence: 1001, ack: 5001 })
    node.forward(ack)
    expect(show(ack)).toBe(`${clientText}:40112 > ${endpointText}:8080`)
    expect(node.events('rule').map(({ verdict, rule }) => [verdict, rule.origin])).toEqual([
      ['DNAT', 'Service default/web'],
    ])
    expect(node.events('nat').map(({ nat, hook, reverse }) => [nat, hook, reverse])).toEqual([
      ['dnat', 'PREROUTING', false],
      ['dnat', 'POSTROUTING', true],
      ['dnat', 'PREROUTING', false],
    ])
    expect(node.events('conntrack').map(({ change, state }) => [change, state])).toEqual([
      ['new', 'SYN_SENT'],
      ['established', 'SYN_RECV'],
      ['state', 'ESTABLISHED'],
    ])
  })

  test('MASQUERADE takes the address of the device it leaves by, and keeps a free port', () => {
    const node = nodeWith({ kind: 'masquerade', ports: null, choice: 'keep' })
    const first = tcpPacket(client, 40_112, vip, 80)
    node.forward(first)
    expect(show(first)).toBe(`${nodeText}:40112 > ${endpointText}:8080`)
    const answer = tcpPacket(endpoint, 8080, isV4(client) ? v4('192.168.56.11') : v6('fd00:56::11'), 40_112, {
      flags: SYN | ACK,
      ack: 1001,
    })
    node.forward(answer, node.eth0, node.cni0)
    expect(show(answer)).toBe(`${vipText}:80 > ${clientText}:40112`)
    const other = tcpPacket(isV4(client) ? v4('10.244.1.3') : v6('fd00:10:244:1::3'), 40_112, vip, 80)
    node.forward(other)
    expect(show(other)).not.toContain(':40112 >')
    expect(show(other)).toContain(nodeText)
    expect(node.events('nat').map(({ nat }) => nat)).toContain('masquerade')
  })

  test('echo keeps its id, and is undone', () => {
    const node = nodeWith()
    const request = ping(client, vip, 77, isV4(client) ? 8 : 128)
    node.forward(request)
    expect(show(request)).toBe(`${clientText}:77 > ${endpointText}:77`)
    const reply = ping(endpoint, client, 77, isV4(client) ? 0 : 129)
    node.forward(reply, node.eth0, node.cni0)
    expect(show(reply)).toBe(`${vipText}:77 > ${clientText}:77`)
  })

  test('an ICMP error about a translated packet is translated, quote and all', () => {
    const node = nodeWith({ kind: 'masquerade', ports: { low: 50_000, high: 50_000 }, choice: 'keep' })
    const syn = tcpPacket(client, 40_112, vip, 80)
    node.forward(syn)
    expect(show(syn)).toBe(`${nodeText}:50000 > ${endpointText}:8080`)
    const router = isV4(client) ? v4('192.168.56.12') : v6('fd00:56::12')
    const error = icmpError(router, syn, isV4(client) ? 11 : 3, 0)
    expect(node.forward(error, node.eth0, node.cni0)).toBe(true)
    expect(show(error)).toMatch(
      new RegExp(`^${vipText.replace(/[[\]]/g, '\\$&')}:.* > ${clientText.replace(/[[\]]/g, '\\$&')}:`),
    )
    expect(showQuoted(error)).toBe(`${clientText}:40112 > ${vipText}:80`)
    expect(node.events('conntrack').at(-1)).toMatchObject({ change: 'related' })
  })
})

test('--random-fully never keeps the port', () => {
  const ports = new Set<string>()
  const node = nodeWith({ kind: 'masquerade', ports: null, choice: 'random-fully' })
  for (let i = 0; i < 20; i++) {
    const skb = tcpPacket(v4(`10.244.1.${i + 2}`), 40_112, VIP, 80)
    node.forward(skb)
    ports.add(show(skb).split(' ')[0])
  }
  expect(ports.size).toBe(20)
  expect(ports).not.toContain('192.168.56.11:40112')
})

test('when every port is taken the packet is dropped', () => {
  const node = nodeWith({ kind: 'masquerade', ports: { low: 5000, high: 5003 }, choice: 'keep' })
  const sent = [2, 3, 4, 5, 6].map((host) => node.forward(tcpPacket(v4(`10.244.1.${host}`), 40_112, VIP, 80)))
  expect(sent).toEqual([true, true, true, true, false])
  expect(node.events('drop')).toEqual([{ kind: 'drop', reason: 'nat-ports-exhausted' }])
})

test('a connection without a rule still gets a tuple of its own', () => {
  const node = nodeWith()
  node.forward(udpPacket(CLIENT, 40_000, ENDPOINT, 53))
  const node2 = nodeWith({ kind: 'snat', to: single(CLIENT), ports: null, choice: 'keep' })
  node2.forward(udpPacket(CLIENT, 40_000, ENDPOINT, 53))
  const other = udpPacket(v4('10.244.1.9'), 40_000, ENDPOINT, 53)
  node2.forward(other)
  expect(show(other)).toMatch(/^10\.244\.1\.2:(?!40000)\d+ > 10\.244\.2\.2:53$/)
  expect(node.events('nat')).toEqual([])
})

test('conntrack -L', () => {
  const node = nodeWith()
  const lines = (): string[] =>
    listConntrack(node.stack.conntrack.table, node.simulation.now).map((entry) => formatConntrack(entry))
  node.forward(tcpPacket(CLIENT, 40_112, VIP, 80))
  expect(lines()).toEqual([
    'tcp      6 120 SYN_SENT src=10.244.1.2 dst=10.96.0.80 sport=40112 dport=80 [UNREPLIED] src=10.244.2.2 dst=10.244.1.2 sport=8080 dport=40112 mark=0 use=1',
  ])
  node.forward(tcpPacket(ENDPOINT, 8080, CLIENT, 40_112, { flags: SYN | ACK, ack: 1001 }), node.eth0, node.cni0)
  node.forward(tcpPacket(CLIENT, 40_112, VIP, 80, { flags: ACK, sequence: 1001, ack: 1001 }))
  node.forward(ping(CLIENT, VIP, 5, 8))
  expect(lines()).toEqual([
    'tcp      6 432000 ESTABLISHED src=10.244.1.2 dst=10.96.0.80 sport=40112 dport=80 src=10.244.2.2 dst=10.244.1.2 sport=8080 dport=40112 [ASSURED] mark=0 use=1',
    'icmp     1 30 src=10.244.1.2 dst=10.96.0.80 type=8 code=0 id=5 [UNREPLIED] src=10.244.2.2 dst=10.244.1.2 type=0 code=0 id=5 mark=0 use=1',
  ])
  node.simulation.run(31 * SECOND)
  expect(lines()).toHaveLength(1)
})
