import { describeCluster } from '../../src/export/netns-cluster.ts'
import { formatConntrack, listConntrack } from '../../src/linux/netfilter/conntrack/list.ts'
import { NetfilterStack } from '../../src/linux/netfilter/stack.ts'
import { SocketError } from '../../src/linux/socket/error.ts'
import type { Sockets } from '../../src/linux/socket/table.ts'
import type { TcpStream } from '../../src/linux/socket/tcp/stream.ts'
import type { UdpSocket } from '../../src/linux/socket/udp/socket.ts'
import type { Emulation } from '../../src/scenario/emulation.ts'
import type { Host } from '../../src/scenario/host.ts'
import { type Process, spawn } from '../../src/sim/process.ts'
import { MILLISECOND, SECOND } from '../../src/sim/time.ts'
import { address, familyOf } from '../../src/util/address.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { prefix } from '../../src/util/prefix.ts'
import type { Sighting } from './capture.ts'
import { type Tracked, tracked } from './conntrack.ts'
import { ECHO, type Flow } from './flows.ts'
import { PAYLOAD, type Probe } from './probe.ts'
import { type Recording, Teller } from './record.ts'

/** The same flow in podwire: what its taps saw, until 200 ms after the program ended, as the lab waits. */
export function emulate(emulation: Emulation, flow: Flow): Recording {
  const { simulation } = emulation.kernel
  const hosts = hostsOf(emulation)
  for (const { namespace } of hosts.values()) namespace.configure({ icmpRateLimit: 0 })
  for (const [netns, { sockets }] of hosts) if (!netns.includes('_')) serve(sockets, emulation)
  if (flow.blackhole) {
    const { namespace } = hosts.get(flow.blackhole.netns)!
    namespace.addRoute({ destination: prefix(`${flow.blackhole.address}/32`), kind: 'blackhole' })
  }
  const task = spawn(simulation, program(hosts.get(flow.from)!, flow.probe), flow.name, expected)
  simulation.runWhile(() => task.outcome === null, simulation.now + 60 * SECOND)
  simulation.run(simulation.now + 200 * MILLISECOND)
  const teller = new Teller(describeCluster(emulation, ''), flow)
  return { seen: teller.tell(sightingsOf(emulation)), tracked: trackedBy(hosts, simulation.now, teller) }
}

/** By namespace name, as the lab calls it. */
function hostsOf({ cluster, plan }: Emulation): Map<string, Host> {
  const hosts = new Map<string, Host>([['laptop', cluster.external()]])
  for (const name of plan.nodes.keys()) {
    const node = cluster.node(name)
    hosts.set(name, node)
    for (const [pod, host] of node.sandboxes) hosts.set(pod.replace('/', '_'), host)
  }
  return hosts
}

/** A system call that fails ends the program, as it ends the script in the lab. */
function expected(error: unknown): void {
  if (!(error instanceof SocketError)) throw error
}

/** What a tap on each device sees; on lo, as libpcap has it, only what comes in. */
function sightingsOf({ recorder }: Emulation): Omit<Sighting, 'at'>[] {
  return recorder.steps.flatMap(({ event, place, frame }) => {
    if ((event.kind !== 'transmit' && event.kind !== 'receive') || frame === null) return []
    const { node, netns, device } = recorder.places[place]
    if (device === 'lo' && event.kind === 'transmit') return []
    const where = netns === 'host' ? node : netns.replace('/', '_')
    const direction = event.kind === 'transmit' ? ('out' as const) : ('in' as const)
    return [{ netns: where, device, direction, frame: recorder.frame(frame) }]
  })
}

function trackedBy(hosts: ReadonlyMap<string, Host>, now: number, teller: Teller): Tracked[] {
  return Array.from(hosts).flatMap(
    ([
      netns,
      {
        namespace: { netfilter },
      },
    ]) => {
      if (!(netfilter instanceof NetfilterStack)) return []
      return listConntrack(netfilter.conntrack.table, now).map((entry) => {
        const line = `${entry.family === 4 ? 'ipv4 2' : 'ipv6 10'} ${formatConntrack(entry)}`
        return { netns, text: tracked(line, teller.labels) }
      })
    },
  )
}

/** Machines echo too; in pods podwire does so by itself, as their annotation says. */
function serve(sockets: Sockets, { kernel: { simulation } }: Emulation): void {
  sockets.listen('any', ECHO.tcp, (stream) => void spawn(simulation, echoStream(stream), 'echo'))
  const socket = sockets.udp()
  socket.bind('any', ECHO.udp)
  spawn(simulation, echoDatagrams(socket), 'echo')
}

function* echoStream(stream: TcpStream): Process {
  for (;;) {
    const bytes = yield* stream.read(65_536)
    if (bytes === null) break
    yield* stream.write(bytes)
  }
  stream.close()
}

function* echoDatagrams(socket: UdpSocket): Process {
  for (;;) {
    const datagram = yield* socket.receive()
    if (datagram !== null) socket.sendTo(datagram.bytes, datagram.from.address, datagram.from.port)
  }
}

/** What the shell command of the probe does, with podwire's sockets. Errors of system calls end it. */
function* program({ sockets }: Host, probe: Probe): Process {
  const to = address(probe.to)
  switch (probe.kind) {
    case 'ping': {
      const discover = probe.df ? 'do' : 'want'
      const socket = sockets.ping()
      socket.echo(to, 1, new Uint8Array(probe.size ?? 56), { ttl: probe.ttl, discover })
      yield* socket.receive((probe.wait ?? 1) * SECOND)
      return
    }
    case 'udp': {
      const socket = sockets.udp({ discover: probe.pmtu, ttl: probe.ttl })
      socket.connect(to, probe.port)
      socket.send(new Uint8Array(probe.size).fill(0x78))
      yield* socket.receive(SECOND / 2)
      return
    }
    case 'tcp': {
      const stream = yield* sockets.connect(to, probe.port, { timeout: (probe.wait ?? 3) * SECOND })
      if (probe.exchange) {
        yield* stream.write(utf8(PAYLOAD))
        yield* stream.read(100)
      }
      stream.close()
      return
    }
    case 'traceroute':
      for (let ttl = 1; ttl <= 30; ttl++) {
        const socket = sockets.udp({ ttl, discover: 'dont', receiveErrors: true })
        socket.connect(to, probe.port ?? 33_433 + ttl)
        socket.send(new Uint8Array(32))
        try {
          if ((yield* socket.receive(SECOND)) !== null) return
        } catch {
          if (socket.errors.some(({ type }) => type !== (familyOf(to) === 4 ? 11 : 3))) return
        }
        socket.close()
      }
  }
}
