import { describe, expect, test } from 'vitest'
import { FakeNode, icmpError, show, showQuoted, tcpPacket, udpPacket } from '../../../../test/support/netfilter.ts'
import { SECOND } from '../../../sim/time.ts'
import { type Address, familyOf, v4, v6 } from '../../../util/address.ts'
import { ACK, FIN, RST, SYN } from '../../../wire/fast/tcp.ts'
import { formatConntrack, listConntrack } from '../conntrack/list.ts'
import { keyOfServer, type VirtualServer, VirtualServers } from './virtual-server.ts'

const CLIENT = v4('10.244.1.2')
const VIP = v4('10.96.0.80')
const REAL = v4('10.244.2.2')
const OTHER = v4('10.244.2.3')

type Fields = Partial<VirtualServer> & { readonly to?: readonly Address[] }

function virtualServer({ to = [REAL], ...fields }: Fields = {}): VirtualServer {
  return {
    protocol: 6,
    address: VIP,
    port: 80,
    scheduler: 'rr',
    hashPorts: false,
    persistence: 0,
    origin: 'Service default/web',
    reals: to.map((address) => ({ address, port: 8080, weight: 1 })),
    ...fields,
  }
}

function serve(node: FakeNode, ...servers: VirtualServer[]): void {
  const family = familyOf(servers[0].address)
  node.stack.setVirtualServers(family, new VirtualServers([new Map(servers.map((s) => [keyOfServer(s), s]))]))
}

function nodeWith(fields: Fields = {}): FakeNode {
  const node = new FakeNode({}, { '10.96.0.80': 'kube-ipvs0', '192.168.56.11': 'eth0', '10.244.1.1': 'cni0' })
  serve(node, virtualServer(fields))
  return node
}

/** What leaves when a client's packet comes in: IPVS takes it at INPUT and sends it by itself. */
function inbound(node: FakeNode, flags: number, port = 40_000): string {
  const skb = tcpPacket(CLIENT, port, VIP, 80, { flags })
  const kept = node.deliver(skb)
  return kept ? `kept ${show(skb)}` : show(skb)
}

function answer(node: FakeNode, flags: number, from = REAL, port = 40_000): string {
  const skb = tcpPacket(from, 8080, CLIENT, port, { flags, ack: 1001 })
  node.forward(skb, node.eth0, node.cni0)
  return show(skb)
}

const chosen = (node: FakeNode): (string | null)[] =>
  node.events('ipvs').map(({ chosen: c }) => (c === null ? null : c.address === REAL ? 'REAL' : 'OTHER'))

const destinations = (node: FakeNode) =>
  node.stack.ipvs!.stateOf(virtualServer()).destinations.map((d) => ({
    real: d.address === REAL ? 'REAL' : 'OTHER',
    weight: d.weight,
    active: d.active,
    inactive: d.inactive,
  }))

describe('a connection', () => {
  test('goes to its real server, and its answers come from the virtual one', () => {
    const node = nodeWith()
    expect(inbound(node, SYN)).toBe('10.244.1.2:40000 > 10.244.2.2:8080')
    expect(answer(node, SYN | ACK)).toBe('10.96.0.80:80 > 10.244.1.2:40000')
    expect(inbound(node, ACK)).toBe('10.244.1.2:40000 > 10.244.2.2:8080')
    const [entry] = listConntrack(node.stack.conntrack.table, node.simulation.now)
    expect(formatConntrack(entry)).toContain(
      'src=10.244.1.2 dst=10.96.0.80 sport=40000 dport=80 src=10.244.2.2 dst=10.244.1.2 sport=8080 dport=40000',
    )
    const [first, back, second] = node.events('nat')
    expect([first, back, second].map(({ by, reverse, first: begins }) => [by, reverse, begins === true])).toEqual([
      ['ipvs', false, true],
      ['ipvs', true, false],
      ['ipvs', false, false],
    ])
  })

  test('counts as active from the handshake to the FIN', () => {
    const node = nodeWith()
    inbound(node, SYN)
    expect(destinations(node)).toEqual([{ real: 'REAL', weight: 1, active: 0, inactive: 1 }])
    answer(node, SYN | ACK)
    inbound(node, ACK)
    expect(destinations(node)[0]).toMatchObject({ active: 1, inactive: 0 })
    inbound(node, FIN | ACK)
    expect(destinations(node)[0]).toMatchObject({ active: 0, inactive: 1 })
    node.simulation.run(node.simulation.now + 61 * SECOND)
    expect(destinations(node)[0]).toMatchObject({ active: 0, inactive: 0 })
  })

  test('is forgotten after 15 idle minutes, and its conntrack entry with it: what follows goes nowhere', () => {
    const node = nodeWith()
    inbound(node, SYN)
    answer(node, SYN | ACK)
    inbound(node, ACK)
    node.simulation.run(node.simulation.now + 901 * SECOND)
    expect(inbound(node, ACK)).toBe('kept 10.244.1.2:40000 > 10.96.0.80:80')
    expect(node.events('conntrack').filter(({ change }) => change === 'destroyed')).toHaveLength(1)
  })

  test('begins anew from the port of one that is over', () => {
    const node = nodeWith({ to: [REAL, OTHER] })
    inbound(node, SYN)
    answer(node, SYN | ACK)
    inbound(node, ACK)
    inbound(node, FIN | ACK)
    answer(node, FIN | ACK)
    inbound(node, ACK)
    inbound(node, RST | ACK)
    expect(chosen(node)).toEqual(['REAL'])
    expect(inbound(node, SYN)).toMatch(/> 10.244.2.[23]:8080/)
  })

  test('without a SYN is none: the packet is left to the node', () => {
    expect(inbound(nodeWith(), ACK)).toBe('kept 10.244.1.2:40000 > 10.96.0.80:80')
  })

  test('of IPv6', () => {
    const node = new FakeNode({}, { 'fd00:96::50': 'kube-ipvs0' })
    serve(node, virtualServer({ address: v6('fd00:96::50'), to: [v6('fd00:10::2')] }))
    const skb = tcpPacket(v6('fd00:10:1::2'), 40_000, v6('fd00:96::50'), 80)
    node.deliver(skb)
    expect(show(skb)).toBe('[fd00:10:1::2]:40000 > [fd00:10::2]:8080')
  })

  test('of the node itself is taken at OUTPUT', () => {
    const node = nodeWith()
    const skb = tcpPacket(VIP, 40_000, VIP, 80)
    expect(node.run('OUTPUT', skb, null, node.eth0)).toBe(false)
    expect(show(skb)).toBe('10.96.0.80:40000 > 10.244.2.2:8080')
  })
})

describe('without a real server', () => {
  test('the client is told, whatever the protocol', () => {
    const node = nodeWith({ to: [] })
    inbound(node, SYN)
    expect(node.errors).toEqual([{ type: 3, code: 3 }])
    expect(chosen(node)).toEqual([null])
    expect(node.events('drop').map(({ reason }) => reason)).toEqual(['ipvs-no-destination'])
  })

  test('a packet for what no virtual server serves is left alone', () => {
    const node = nodeWith()
    const skb = tcpPacket(CLIENT, 40_000, VIP, 81)
    expect(node.deliver(skb)).toBe(true)
    expect(show(skb)).toBe('10.244.1.2:40000 > 10.96.0.80:81')
  })
})

describe('a real server that goes', () => {
  test('keeps its TCP connections with weight 0 until they are over', () => {
    const node = nodeWith({ to: [REAL, OTHER] })
    inbound(node, SYN)
    answer(node, SYN | ACK)
    inbound(node, ACK)
    serve(node, virtualServer({ to: [OTHER] }))
    expect(destinations(node)).toEqual([
      { real: 'REAL', weight: 0, active: 1, inactive: 0 },
      { real: 'OTHER', weight: 1, active: 0, inactive: 0 },
    ])
    expect(inbound(node, ACK)).toContain('> 10.244.2.2:8080')
    expect(inbound(node, SYN, 40_001)).toContain('> 10.244.2.3:8080')
    expect(inbound(node, SYN, 40_002)).toContain('> 10.244.2.3:8080')
    inbound(node, RST)
    node.simulation.run(node.simulation.now + 11 * SECOND)
    expect(destinations(node).map(({ real }) => real)).toEqual(['OTHER'])
  })

  test('takes its UDP flows with it: one datagram is lost, the next goes elsewhere', () => {
    const node = nodeWith({ protocol: 17, to: [REAL, OTHER] })
    const send = (): string => {
      const skb = udpPacket(CLIENT, 40_000, VIP, 80)
      node.deliver(skb)
      return show(skb)
    }
    expect(send()).toContain('> 10.244.2.2:8080')
    serve(node, virtualServer({ protocol: 17, to: [OTHER] }))
    send()
    expect(node.events('drop').map(({ reason }) => reason)).toEqual(['ipvs-server-gone'])
    expect(send()).toContain('> 10.244.2.3:8080')
  })
})

describe('persistence', () => {
  const open = (node: FakeNode, port: number): string => inbound(node, SYN, port).split(' > ')[1]

  test('keeps a client at its real server for so long after its last connection', () => {
    const node = nodeWith({ to: [REAL, OTHER], persistence: 10 })
    expect([1, 2, 3].map((port) => open(node, port))).toEqual(Array(3).fill('10.244.2.2:8080'))
    node.simulation.run(node.simulation.now + 9 * SECOND)
    expect(open(node, 4)).toBe('10.244.2.2:8080')
    node.simulation.run(node.simulation.now + 9 * SECOND)
    expect(open(node, 5)).toBe('10.244.2.2:8080')
    node.simulation.run(node.simulation.now + 11 * SECOND)
    expect(open(node, 6)).toBe('10.244.2.3:8080')
    expect(node.events('ipvs').map(({ bound }) => bound)).toEqual([false, true, true, true, true, false])
  })

  test('not at one that takes no new connections (expire_quiescent_template)', () => {
    const node = nodeWith({ to: [REAL, OTHER], persistence: 10 })
    open(node, 1)
    serve(node, virtualServer({ to: [OTHER], persistence: 10 }))
    expect(open(node, 2)).toBe('10.244.2.3:8080')
  })
})

describe('ICMP errors', () => {
  test('about what went to a real server tell of the virtual one', () => {
    const node = nodeWith()
    const syn = tcpPacket(CLIENT, 40_000, VIP, 80)
    node.deliver(syn)
    const error = icmpError(v4('192.168.56.12'), syn, 3, 4)
    node.forward(error, node.eth0, node.cni0)
    expect(showQuoted(error)).toBe('10.244.1.2:40000 > 10.96.0.80:80')
  })

  test('about an answer reach the real server that sent it', () => {
    const node = nodeWith()
    inbound(node, SYN)
    const back = tcpPacket(REAL, 8080, CLIENT, 40_000, { flags: SYN | ACK, ack: 1001 })
    node.forward(back, node.eth0, node.cni0)
    const error = icmpError(CLIENT, back, 3, 4)
    expect(node.deliver(error)).toBe(false)
    expect(showQuoted(error)).toBe('10.244.2.2:8080 > 10.244.1.2:40000')
  })
})

test('setting the same servers again changes no turn', () => {
  const node = nodeWith({ to: [REAL, OTHER] })
  inbound(node, SYN, 1)
  serve(node, virtualServer({ to: [REAL, OTHER] }))
  inbound(node, SYN, 2)
  expect(chosen(node)).toEqual(['REAL', 'OTHER'])
})
