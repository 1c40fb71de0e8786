import { describe, expect, it } from 'vitest'
import { SECOND } from '../../../sim/time.ts'
import { equalBytes, utf8 } from '../../../util/bytes.ts'
import { A4, A6, B4, B6, pair } from '../testing/hosts.ts'
import { errnoOf, failing, run } from '../testing/run.ts'

describe('ping sockets', () => {
  it.each([
    ['IPv4', A4, B4, 1],
    ['IPv6', A6, B6, 58],
  ])('hear the reply to their own request over %s', (_, a, b, protocol) => {
    const net = pair()
    const payload = utf8('a payload of 31 bytes, more or less')
    const mine = net.a.sockets.ping(5)
    const other = net.a.sockets.ping()
    const [answer, silence] = run(net.kernel.simulation, function* () {
      mine.echo(b, 3, payload, { ttl: 9 })
      return [yield* mine.receive(SECOND), yield* other.receive(SECOND)]
    })
    if (answer?.kind !== 'reply') throw new Error('no reply')
    expect(answer).toMatchObject({ from: b, sequence: 3, ttl: 64 })
    expect(equalBytes(answer.bytes, payload)).toBe(true)
    expect(silence).toBeNull()
    expect(net.a.sent[0].options).toMatchObject({ protocol, source: a, ttl: 9, dontFragment: true })
    expect(net.steps('transmit')[0].cause).toBe(5)
    expect(net.steps('deliver')[0].event).toMatchObject({
      protocol,
      to: 'socket',
      local: { address: a, port: mine.id },
    })
  })

  it('hear ICMP errors about their requests, by id', () => {
    const net = pair()
    const socket = net.a.sockets.ping()
    const ends = { local: { address: A4, port: socket.id }, remote: { address: B4, port: socket.id } }
    const error = {
      ...ends,
      protocol: 1,
      errno: 'EHOSTUNREACH',
      from: B6,
      type: 11,
      code: 0,
      mtu: 0,
      sequence: 4,
    } as const
    const answer = run(net.kernel.simulation, function* () {
      net.a.complain({ ...error, local: { address: A4, port: socket.id ^ 1 } })
      net.a.complain(error)
      return yield* socket.receive(SECOND)
    })
    expect(answer).toMatchObject({ kind: 'error', error })
  })

  it('drop replies that nobody waits for or whose checksum is wrong', () => {
    const net = pair()
    const socket = net.a.sockets.ping()
    socket.echo(B4, 1, utf8('x'))
    socket.close()
    const second = net.a.sockets.ping()
    net.kernel.simulation.run()
    net.b.tamper = ({ frame }) => void (frame.bytes[frame.start + 8] ^= 1)
    second.echo(B4, 1, utf8('x'))
    net.kernel.simulation.run()
    net.b.tamper = ({ frame }) => frame.trim(7)
    second.echo(B4, 1, utf8('x'))
    net.kernel.simulation.run()
    expect(net.steps('drop').map(({ event }) => event.reason)).toEqual([
      'no-socket',
      'icmp-checksum',
      'packet-too-small',
    ])
  })

  it('fail as system calls do', () => {
    const net = pair()
    const socket = net.a.sockets.ping()
    expect(errnoOf(() => socket.echo(B4, 1, new Uint8Array(1473), { discover: 'do' }))).toBe('EMSGSIZE')
    net.a.refuse = 'EHOSTUNREACH'
    expect(errnoOf(() => socket.echo(B4, 1, new Uint8Array(1473)))).toBe('EHOSTUNREACH')
    socket.close()
    expect(run(net.kernel.simulation, () => failing(socket.receive()))).toBe('EBADF')
    expect(net.steps('socket-error').map(({ event }) => event.errno)).toEqual(['EMSGSIZE', 'EHOSTUNREACH', 'EBADF'])
  })
})
