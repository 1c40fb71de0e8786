import { describe, expect, it } from 'vitest'
import { B6, pair } from '../linux/socket/testing/hosts.ts'
import { SECOND } from '../sim/time.ts'
import { formatAddress } from '../util/address.ts'
import { Hosts } from './names.ts'
import { ping } from './ping.ts'
import { PodProcess } from './pod-process.ts'
import { AppLab } from './testing/lab.ts'
import { traceroute } from './traceroute.ts'

const untimed = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/[0-9.]+ ms/g, 'T ms'))

describe('ping', () => {
  it('prints what iputils prints', () => {
    const lab = new AppLab()
    const { code, output } = lab.run(lab.process(1, 1, 'ping'), ping('10.244.2.2', { count: 2 }))
    expect(code).toBe(0)
    expect(output[0]).toBe('PING 10.244.2.2 (10.244.2.2) 56(84) bytes of data.')
    expect(output[1]).toMatch(/^64 bytes from 10\.244\.2\.2: icmp_seq=1 ttl=62 time=[0-9.]+ ms$/)
    expect(output[2]).toMatch(/^64 bytes from 10\.244\.2\.2: icmp_seq=2 ttl=62 time=[0-9.]+ ms$/)
    expect(output.slice(3, 5)).toEqual(['', '--- 10.244.2.2 ping statistics ---'])
    expect(output[5]).toMatch(/^2 packets transmitted, 2 received, 0% packet loss, time 100\dms$/)
    expect(output[6]).toMatch(/^rtt min\/avg\/max\/mdev = \d\.\d{3}\/\d\.\d{3}\/\d\.\d{3}\/\d\.\d{3} ms$/)
  })

  it('over IPv6', () => {
    const net = pair()
    const process = new PodProcess({ program: 'ping', ip: net.a, sockets: net.a.sockets, names: () => new Hosts() })
    const to = formatAddress(B6)
    const task = process.run(ping(to, { count: 1 }))
    net.kernel.simulation.run()
    expect(task.outcome).toEqual({ kind: 'returned', value: 0 })
    expect(process.output[0]).toBe(`PING ${to}(${to}) 56 data bytes`)
    expect(process.output[1]).toBe(`64 bytes from ${to}: icmp_seq=1 ttl=64 time=0.200 ms`)
  })

  it('an absent neighbour: host unreachable from the node before it, and exit code 1', () => {
    const lab = new AppLab()
    const { code, output } = lab.run(lab.process(1, 1, 'ping'), ping('10.244.2.77', { count: 1 }))
    expect(code).toBe(1)
    expect(untimed(output).slice(1)).toEqual([
      'From 10.244.2.0 icmp_seq=1 Destination Host Unreachable',
      '',
      '--- 10.244.2.77 ping statistics ---',
      expect.stringMatching(/^1 packets transmitted, 0 received, \+1 errors, 100% packet loss, time \d+ms$/),
    ])
  })

  it('-t 1 and -M do meet the first router', () => {
    const lab = new AppLab()
    const short = lab.run(lab.process(1, 1, 'ping'), ping('10.244.2.2', { count: 1, ttl: 1 }))
    expect(short.output[1]).toBe('From 10.244.1.1 icmp_seq=1 Time to live exceeded')
    const tight = new AppLab({ podMtu: 1450 })
    const big = tight.run(
      tight.process(1, 1, 'ping'),
      ping('10.244.2.2', { count: 1, size: 1472, discover: 'do', timeout: SECOND }),
    )
    expect(big.output[1]).toBe('ping: local error: message too long, mtu=1450')
  })

  it('records its beginning, every line and its end', () => {
    const lab = new AppLab()
    const { output } = lab.run(lab.process(1, 1, 'ping'), ping('10.244.1.3', { count: 1 }))
    const events = lab.lab.steps().map(({ event }) => event)
    const printed = events.flatMap((event) => (event.kind === 'output' ? [event.line] : []))
    expect(printed).toEqual(output)
    const program = events.filter(({ kind }) => kind === 'program')
    expect(program).toEqual([
      { kind: 'program', program: 'ping', change: 'start', code: null },
      { kind: 'program', program: 'ping', change: 'exit', code: 0 },
    ])
  })
})

describe('traceroute', () => {
  it.each([
    ['UDP', false],
    ['ICMP (-I)', true],
  ])('with %s names every router', (_, icmp) => {
    const lab = new AppLab()
    const { code, output } = lab.run(lab.process(1, 1, 'traceroute'), traceroute('10.244.2.2', { icmp }))
    expect(code).toBe(0)
    const times = '  T ms  T ms  T ms'
    expect(untimed(output)).toEqual([
      'traceroute to 10.244.2.2 (10.244.2.2), 30 hops max, 60 byte packets',
      ` 1  10.244.1.1 (10.244.1.1)${times}`,
      ` 2  10.244.2.0 (10.244.2.0)${times}`,
      ` 3  10.244.2.2 (10.244.2.2)${times}`,
    ])
  })

  it('says what a router said, and shows silence as stars', () => {
    const lab = new AppLab({ overlay: 'host-gw' })
    const absent = lab.run(lab.process(1, 1, 'traceroute'), traceroute('10.244.2.77', { numeric: true, queries: 1 }))
    expect(untimed(absent.output).slice(1)).toEqual([
      ' 1  10.244.1.1  T ms',
      ' 2  192.168.56.12  T ms',
      ' 3  192.168.56.12  T ms !H',
    ])
    lab.lab.pod(1, 2).namespace.transport = null
    lab.lab.pod(1, 2).device.up = false
    const silent = lab.run(
      lab.process(1, 1, 'traceroute'),
      traceroute('10.244.1.3', { numeric: true, queries: 2, hops: 2, timeout: SECOND }),
    )
    expect(silent.output.slice(1)).toEqual([' 1  * *', ' 2  * *'])
  })
})
