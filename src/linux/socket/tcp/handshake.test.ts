import { describe, expect, it } from 'vitest'
import { sleep, spawn } from '../../../sim/process.ts'
import { MICROSECOND, SECOND } from '../../../sim/time.ts'
import { RST, SYN } from '../../../wire/fast/tcp.ts'
import { A4, B4, B6, isTcp, pair } from '../testing/hosts.ts'
import { errnoOf, failing, run } from '../testing/run.ts'
import { flagsOf, forge, segments } from '../testing/segments.ts'
import { connected } from '../testing/streams.ts'
import { KIND } from './options.ts'

const seconds = (host: Parameters<typeof segments>[0]): number[] =>
  segments(host).map(({ at }) => Math.round(at / SECOND))

describe('RFC 9293 3.5: establishing a connection', () => {
  it('the first packets are those of Linux: sizes, windows, options in order, DF', () => {
    const net = pair()
    connected(net)
    net.kernel.simulation.run()
    expect(flagsOf(net.a)).toEqual(['S', 'A'])
    expect(flagsOf(net.b)).toEqual(['SA'])
    const [syn] = net.a.sent.filter(isTcp)
    expect(syn.bytes.length + 20).toBe(60)
    expect(syn.options.dontFragment).toBe(true)
    const kinds = [syn.bytes[20], syn.bytes[24], syn.bytes[26], syn.bytes[36], syn.bytes[37]]
    expect(kinds).toEqual([KIND.mss, KIND.sackPermitted, KIND.timestamps, KIND.nop, KIND.windowScale])
    const [first, third] = segments(net.a)
    const [second] = segments(net.b)
    expect(first.segment).toMatchObject({ window: 64_240, mss: 1460, windowScale: 7, sackPermitted: true, tsEcho: 0 })
    expect(second.segment).toMatchObject({ window: 65_160, mss: 1460, windowScale: 7, sackPermitted: true })
    expect(second.segment.tsEcho).toBe(first.segment.tsValue)
    expect(third.segment).toMatchObject({ window: 502, dataStart: 32, ack: (second.segment.seq + 1) | 0 })
  })

  it.each([
    [1450, B4, 1410],
    [1500, B6, 1440],
    [1450, B6, 1390],
  ])('an MTU of %i to %s gives an MSS of %i', (mtu, to, mss) => {
    const net = pair()
    net.a.mtu = mtu
    net.a.device.mtu = mtu
    net.b.sockets.listen('any', 80, () => {})
    run(net.kernel.simulation, () => net.a.sockets.connect(to, 80))
    expect(segments(net.a)[0].segment.mss).toBe(mss)
  })

  it('each step has the one before it as its cause', () => {
    const net = pair()
    connected(net, { cause: net.kernel.recorder.skip() })
    net.kernel.simulation.run()
    const [syn, synAck, ack] = net.steps('transmit')
    const [listener, client, server] = net.steps('deliver')
    expect(listener.event.to).toBe('listener')
    const causes = (id: number): number[] => {
      const step = net.kernel.recorder.steps.find((candidate) => candidate.id === id)
      return step === undefined ? [] : [step.id, ...causes(step.cause)]
    }
    expect(causes(synAck.id)).toContain(listener.id)
    expect(causes(listener.id)).toContain(syn.id)
    expect(causes(ack.id)).toEqual(expect.arrayContaining([client.id, synAck.id, syn.id]))
    expect(causes(server.id)).toContain(ack.id)
    const states = net.steps('tcp-state').map(({ event }) => `${event.from} ${event.to}`)
    expect(states).toEqual([
      'CLOSED SYN-SENT',
      'LISTEN SYN-RECEIVED',
      'SYN-SENT ESTABLISHED',
      'SYN-RECEIVED ESTABLISHED',
    ])
  })

  it('figure 7: both sides open at once', () => {
    const net = pair()
    const { simulation } = net.kernel
    const open = (from: typeof net.a, to: typeof A4, port: number, source: number) =>
      spawn(simulation, from.sockets.connect(to, port, { sourcePort: source }), 'open')
    const mine = open(net.a, B4, 2000, 1000)
    const theirs = open(net.b, A4, 1000, 2000)
    simulation.run(simulation.now + 10 * SECOND)
    expect(mine.outcome?.kind).toBe('returned')
    expect(theirs.outcome?.kind).toBe('returned')
    expect(flagsOf(net.a)).toEqual(['S', 'SA'])
    expect(flagsOf(net.b)).toEqual(['S', 'SA'])
  })

  it('initial sequence numbers differ by tuple, and grow with time (RFC 6528)', () => {
    const net = pair()
    connected(net)
    run(net.kernel.simulation, () => net.a.sockets.connect(B4, 80))
    const [one, , two] = segments(net.a)
    expect(two.segment.seq - one.segment.seq).not.toBe(0)
    expect(Math.abs(two.segment.seq - one.segment.seq)).toBeGreaterThan(1000)
  })
})

describe('RFC 9293 3.10.7: attempts that fail', () => {
  it('a closed port answers with a reset that acknowledges the SYN: ECONNREFUSED', () => {
    const net = pair()
    expect(run(net.kernel.simulation, () => failing(net.a.sockets.connect(B4, 80)))).toBe('ECONNREFUSED')
    const [{ segment: syn }] = segments(net.a)
    const [{ segment: reset, flags }] = segments(net.b)
    expect(flags).toBe('RA')
    expect(reset).toMatchObject({ seq: 0, ack: (syn.seq + 1) | 0, window: 0, dataStart: 20 })
    expect(net.steps('drop')[0].event.reason).toBe('no-socket')
    expect(net.steps('transmit')[1].cause).toBe(net.steps('drop')[0].id)
    expect(net.steps('socket-error')[0].event).toMatchObject({ call: 'connect', errno: 'ECONNREFUSED' })
  })

  it('silence: five SYNs a second apart, then doubling (tcp_syn_linear_timeouts); ETIMEDOUT after 131 s', () => {
    const net = pair()
    net.a.lose = () => true
    expect(run(net.kernel.simulation, () => failing(net.a.sockets.connect(B4, 80)))).toBe('ETIMEDOUT')
    expect(seconds(net.a)).toEqual([0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67])
    expect(Math.round(net.kernel.simulation.now / SECOND)).toBe(131)
    expect(net.steps('tcp-retransmit').map(({ event }) => event.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('a SYN,ACK goes again at 1, 3, 7, 15 and 31 s, and the attempt is forgotten at 63 s (tcp_synack_retries)', () => {
    const net = pair()
    net.b.sockets.listen('any', 80, () => {})
    net.b.lose = () => true
    forge(net.b, net.a, { seq: 1, flags: SYN, fromPort: 5, toPort: 80 })
    net.kernel.simulation.run()
    expect(seconds(net.b)).toEqual([0, 1, 3, 7, 15, 31])
    expect(Math.round(net.kernel.simulation.now / SECOND)).toBe(63)
  })

  it.each([
    ['port', 3, 'ECONNREFUSED'],
    ['host', 1, 'EHOSTUNREACH'],
    ['net', 0, 'ENETUNREACH'],
  ] as const)('ICMP %s unreachable ends the attempt; one with a forged sequence number does not', (_, code, errno) => {
    const net = pair()
    net.a.lose = () => true
    const { simulation } = net.kernel
    const task = spawn(simulation, failing(net.a.sockets.connect(B4, 80)), 'connect')
    simulation.run(1000)
    const syn = net.a.sent[0].bytes
    const local = { address: A4, port: (syn[0] << 8) | syn[1] }
    const error = { protocol: 6, local, remote: { address: B4, port: 80 }, errno, from: B4, type: 3, code, mtu: 0 }
    const { seq } = segments(net.a)[0].segment
    net.a.complain({ ...error, sequence: (seq + 5) | 0 })
    simulation.run(2000)
    expect(task.outcome).toBeNull()
    net.a.complain({ ...error, sequence: seq })
    simulation.run(3000)
    expect(task.outcome).toEqual({ kind: 'returned', value: errno })
  })

  it('an acknowledgment of something never sent is reset, and the attempt goes on', () => {
    const net = pair()
    net.a.lose = () => true
    const { simulation } = net.kernel
    const task = spawn(simulation, failing(net.a.sockets.connect(B4, 80)), 'connect')
    simulation.run(1000)
    const [{ segment: syn }] = segments(net.a)
    const toPort = (net.a.sent[0].bytes[0] << 8) | net.a.sent[0].bytes[1]
    forge(net.a, net.b, { seq: 9, ack: (syn.seq + 7) | 0, flags: SYN | 0x10, fromPort: 80, toPort })
    const [, answer] = segments(net.a)
    expect(answer).toMatchObject({ flags: 'R', segment: { seq: (syn.seq + 7) | 0 } })
    forge(net.a, net.b, { seq: 0, flags: RST, fromPort: 80, toPort })
    simulation.run(2000)
    expect(task.outcome).toBeNull()
  })

  it('no route: the call fails at once, and nothing is sent', () => {
    const net = pair()
    const { simulation } = net.kernel
    net.a.route = () => 'ENETUNREACH'
    expect(run(simulation, () => failing(net.a.sockets.connect(B4, 80)))).toBe('ENETUNREACH')
    expect(net.a.sent).toEqual([])
  })

  it('a limit of the caller ends it before; killed while waiting, it sends nothing more', () => {
    const net = pair()
    net.a.lose = () => true
    const { simulation } = net.kernel
    expect(run(simulation, () => failing(net.a.sockets.connect(B4, 80, { timeout: 2.5 * SECOND })))).toBe('ETIMEDOUT')
    expect(simulation.now).toBe(2.5 * SECOND)
    const task = spawn(simulation, net.a.sockets.connect(B4, 80), 'connect')
    simulation.run(simulation.now + 100)
    const before = net.a.sent.length
    task.kill()
    simulation.run()
    expect(net.a.sent.length).toBe(before)
  })
})

describe('listening', () => {
  it('EADDRINUSE on overlap, EADDRNOTAVAIL on an address of another host', () => {
    const { a } = pair()
    a.sockets.listen('any', 80, () => {})
    expect(errnoOf(() => a.sockets.listen(A4, 80, () => {}))).toBe('EADDRINUSE')
    expect(errnoOf(() => a.sockets.listen(B4, 81, () => {}))).toBe('EADDRNOTAVAIL')
    a.sockets.listen('any4', 82, () => {})
    expect(errnoOf(() => a.sockets.listen('any6', 82, () => {}))).toBe('none')
    const ephemeral = a.sockets.listen('any', 0, () => {}).port
    expect(ephemeral >= 32768 && ephemeral % 2).toBe(1)
  })

  it('a specific address is chosen over a wildcard; v4 reaches a dual-stack [::], v6 never an IPv4 listener', () => {
    const net = pair()
    const log: string[] = []
    net.b.sockets.listen('any4', 80, () => log.push('any4'))
    net.b.sockets.listen('any', 81, () => log.push('any'))
    const first = net.b.sockets.listen(B4, 82, () => log.push('exact'))
    net.b.sockets.listen('any6', 82, () => log.push('any6'))
    run(net.kernel.simulation, function* () {
      yield* net.a.sockets.connect(B4, 80)
      log.push(yield* failing(net.a.sockets.connect(B6, 80)))
      yield* net.a.sockets.connect(B4, 81)
      yield* net.a.sockets.connect(B6, 81)
      yield* net.a.sockets.connect(B4, 82)
      yield* sleep(SECOND)
      first.close()
      log.push(yield* failing(net.a.sockets.connect(B4, 82)))
    })
    expect(log).toEqual(['any4', 'ECONNREFUSED', 'any', 'any', 'exact', 'ECONNREFUSED'])
  })

  it('a program that does not accept: the backlog fills, then SYNs and final ACKs are dropped; it resumes', () => {
    const net = pair()
    const { simulation } = net.kernel
    const accepted: unknown[] = []
    const listener = net.b.sockets.listen('any', 80, (stream) => accepted.push(stream), { backlog: 1 })
    listener.pause()
    const tasks = [0, 1, 2].map(() => spawn(simulation, net.a.sockets.connect(B4, 80), 'connect'))
    simulation.run(500 * MICROSECOND)
    expect(tasks.map(({ outcome }) => outcome?.kind)).toEqual(['returned', 'returned', 'returned'])
    expect(net.steps('drop').map(({ event }) => event.reason)).toEqual(['listen-overflow'])
    const late = spawn(simulation, net.a.sockets.connect(B4, 80), 'connect')
    simulation.run(600 * MICROSECOND)
    expect(late.outcome).toBeNull()
    expect(net.steps('drop').map(({ event }) => event.reason)).toEqual(['listen-overflow', 'listen-overflow'])
    listener.resume()
    simulation.run(5 * SECOND)
    expect(accepted).toHaveLength(4)
    expect(late.outcome?.kind).toBe('returned')
  })

  it('closed, it resets what waits and forgets handshakes', () => {
    const net = pair()
    const listener = net.b.sockets.listen('any', 80, () => {})
    listener.pause()
    const stream = run(net.kernel.simulation, () => net.a.sockets.connect(B4, 80))
    net.kernel.simulation.run()
    listener.close()
    expect(run(net.kernel.simulation, () => failing(stream.read(1)))).toBe('ECONNRESET')
  })

  it('ephemeral ports are even first, as connect(2) takes them, and never one in use', () => {
    const net = pair()
    net.b.sockets.listen('any', 80, () => {})
    const ports = run(net.kernel.simulation, function* () {
      const all: number[] = []
      for (let i = 0; i < 50; i++) all.push((yield* net.a.sockets.connect(B4, 80)).local.port)
      return all
    })
    expect(new Set(ports).size).toBe(50)
    for (const port of ports) expect([port % 2, port >= 32768, port <= 60999]).toEqual([0, true, true])
  })
})
