import { describe, expect, it } from 'vitest'
import { spawn } from '../../../sim/process.ts'
import { MILLISECOND, SECOND } from '../../../sim/time.ts'
import { text, utf8 } from '../../../util/bytes.ts'
import { A4, A6, B4, B6, type Pair, pair } from '../testing/hosts.ts'
import { errnoOf, failing, run } from '../testing/run.ts'
import type { UdpSocket } from './socket.ts'

function echo(net: Pair, socket: UdpSocket): void {
  spawn(
    net.kernel.simulation,
    (function* () {
      for (;;) {
        const datagram = yield* socket.receive()
        if (datagram !== null) socket.sendTo(datagram.bytes, datagram.from.address, datagram.from.port)
      }
    })(),
    'echo',
  )
}

describe('UDP sockets', () => {
  it.each([
    ['IPv4', A4, B4],
    ['IPv6', A6, B6],
  ])('carry datagrams both ways over %s, and the answer is caused by the question', (_, a, b) => {
    const net = pair()
    const server = net.b.sockets.udp()
    server.bind('any', 53)
    echo(net, server)
    const client = net.a.sockets.udp({ cause: 7 })
    const answer = run(net.kernel.simulation, function* () {
      client.sendTo(utf8('hello'), b, 53)
      return yield* client.receive()
    })
    expect(answer).toMatchObject({ from: { address: b, port: 53 }, to: a, ttl: 64 })
    expect(text(answer!.bytes)).toBe('hello')
    const [asked, answered] = net.steps('deliver')
    const [question, reply] = net.steps('transmit')
    expect(question.cause).toBe(7)
    expect(asked).toMatchObject({ cause: question.id, packet: question.packet, event: { to: 'socket', protocol: 17 } })
    expect(reply.cause).toBe(asked.id)
    expect(answered.cause).toBe(reply.id)
    expect(answer!.cause).toBe(answered.id)
  })

  it('choose the best fit: connected, then a specific address, then one family, then any', () => {
    const net = pair()
    const [any, any4, exact, connected] = [0, 1, 2, 3].map(() => net.b.sockets.udp({ reuseAddress: true }))
    any.bind('any', 99)
    any4.bind('any4', 99)
    exact.bind(B4, 99)
    connected.bind(B4, 99)
    connected.connect(A4, 1000)
    const client = net.a.sockets.udp()
    const known = net.a.sockets.udp()
    known.bind('any', 1000)
    known.sendTo(utf8('connected'), B4, 99)
    client.sendTo(utf8('exact'), B4, 99)
    client.sendTo(utf8('any'), B6, 99)
    const got = run(net.kernel.simulation, function* () {
      const texts: (string | null)[] = []
      for (const socket of [connected, exact, any, any4]) {
        const datagram = yield* socket.receive(SECOND)
        texts.push(datagram === null ? null : text(datagram.bytes))
      }
      return texts
    })
    expect(got).toEqual(['connected', 'exact', 'any', null])
  })

  it('bind: EADDRINUSE, EADDRNOTAVAIL, EINVAL; SO_REUSEADDR shares; port 0 is ephemeral', () => {
    const { a } = pair()
    const first = a.sockets.udp()
    first.bind('any', 53)
    expect(errnoOf(() => a.sockets.udp().bind(A4, 53))).toBe('EADDRINUSE')
    expect(errnoOf(() => a.sockets.udp().bind(B4, 53))).toBe('EADDRNOTAVAIL')
    expect(errnoOf(() => first.bind('any', 54))).toBe('EINVAL')
    expect(errnoOf(() => a.sockets.udp().bind('any6', 54))).toBe('none')
    expect(errnoOf(() => a.sockets.udp().bind('any4', 54))).toBe('none')
    first.close()
    expect(errnoOf(() => a.sockets.udp().bind(A4, 53))).toBe('none')
    const ports = [1, 2, 3].map(() => {
      const socket = a.sockets.udp()
      socket.bind('any', 0)
      return socket.port
    })
    expect(new Set(ports).size).toBe(3)
    for (const port of ports) expect(port >= 32768 && port <= 60999).toBe(true)
  })

  it('connected, hear that the port is closed: ECONNREFUSED on the next call; unconnected, they do not', () => {
    const net = pair()
    const connected = net.a.sockets.udp()
    connected.connect(B4, 9)
    const unconnected = net.a.sockets.udp()
    const outcome = run(net.kernel.simulation, function* () {
      connected.send(utf8('x'))
      unconnected.sendTo(utf8('x'), B4, 9)
      expect(yield* unconnected.receive(10 * MILLISECOND)).toBeNull()
      return yield* failing(connected.receive())
    })
    expect(outcome).toBe('ECONNREFUSED')
    expect(errnoOf(() => connected.send(utf8('again')))).toBe('none')
    expect(net.steps('socket-error')[0].event).toMatchObject({ errno: 'ECONNREFUSED', call: 'recvfrom' })
  })

  it('with IP_RECVERR, are told of soft errors too, with who sent them', () => {
    const net = pair()
    const probe = net.a.sockets.udp({ receiveErrors: true, ttl: 1 })
    probe.bind(A4, 40000)
    probe.sendTo(utf8('x'), B4, 33434)
    const local = { address: A4, port: 40000 }
    const remote = { address: B4, port: 33434 }
    const error = { protocol: 17, local, remote, errno: 'EHOSTUNREACH', from: B6, type: 11, code: 0 } as const
    net.a.complain({ ...error, mtu: 0, sequence: 0 })
    expect(errnoOf(() => probe.sendTo(utf8('x'), B4, 33434))).toBe('EHOSTUNREACH')
    expect(probe.errors[0]).toMatchObject({ type: 11, from: B6 })
    expect(net.a.sent[0].options.ttl).toBe(1)
  })

  it('set DF on what fits, leave it off what does not; with IP_PMTUDISC_DO fail with EMSGSIZE', () => {
    const { a } = pair()
    a.mtu = 1450
    const socket = a.sockets.udp()
    socket.sendTo(new Uint8Array(1422), B4, 9)
    socket.sendTo(new Uint8Array(1423), B4, 9)
    socket.sendTo(new Uint8Array(1402), B6, 9)
    socket.sendTo(new Uint8Array(1403), B6, 9)
    expect(a.sent.map(({ options }) => options.dontFragment)).toEqual([true, false, true, false])
    const strict = a.sockets.udp({ discover: 'do' })
    expect(errnoOf(() => strict.sendTo(new Uint8Array(1423), B4, 9))).toBe('EMSGSIZE')
    expect(errnoOf(() => socket.sendTo(new Uint8Array(65508), B4, 9))).toBe('EMSGSIZE')
    expect(errnoOf(() => socket.sendTo(new Uint8Array(65507), B4, 9))).toBe('none')
  })

  it('drop what has a wrong checksum, is cut short, or finds the buffer full', () => {
    const net = pair()
    const server = net.b.sockets.udp({ receiveBuffer: 1000 })
    server.bind('any', 53)
    const client = net.a.sockets.udp()
    client.sendTo(new Uint8Array(200), B4, 53)
    client.sendTo(new Uint8Array(200), B4, 53)
    client.sendTo(new Uint8Array(200), B4, 53)
    net.a.tamper = ({ frame }) => frame.bytes[frame.start + 9]++
    client.sendTo(new Uint8Array(20), B4, 53)
    net.a.tamper = ({ frame }) => frame.trim(20)
    client.sendTo(new Uint8Array(20), B4, 53)
    net.kernel.simulation.run()
    const reasons = net.steps('drop').map(({ event }) => event.reason)
    expect(reasons).toEqual(['socket-receive-buffer', 'udp-checksum', 'packet-too-small'])
    expect(net.steps('deliver')).toHaveLength(2)
  })

  it('take a datagram without checksum over IPv4, not over IPv6', () => {
    const net = pair()
    const server = net.b.sockets.udp()
    server.bind('any', 53)
    net.a.tamper = ({ frame }) => frame.bytes.fill(0, frame.start + 6, frame.start + 8)
    const client = net.a.sockets.udp()
    client.sendTo(utf8('x'), B4, 53)
    client.sendTo(utf8('x'), B6, 53)
    net.kernel.simulation.run()
    expect(net.steps('deliver')).toHaveLength(1)
    expect(net.steps('drop')[0].event.reason).toBe('udp-checksum')
  })

  it('closed, fail whoever waits', () => {
    const net = pair()
    const socket = net.a.sockets.udp()
    net.kernel.simulation.post(SECOND, () => socket.close(), null)
    const outcome = run(net.kernel.simulation, function* () {
      return yield* failing(socket.receive())
    })
    expect(outcome).toBe('EBADF')
  })
})
