import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Segment } from '../../src/linux/socket/tcp/segment.ts'
import { B4, type Pair, pair } from '../../src/linux/socket/testing/hosts.ts'
import { failing, run } from '../../src/linux/socket/testing/run.ts'
import { segments } from '../../src/linux/socket/testing/segments.ts'
import { connected, type readAll } from '../../src/linux/socket/testing/streams.ts'
import { sleep, spawn as start } from '../../src/sim/process.ts'
import { SECOND } from '../../src/sim/time.ts'
import { PcapStream } from './pcap.ts'
import { missing, skip } from './requirements.ts'

/** Two namespaces and a cable between them, beside the labs: other names, no bridge. */
const A = 'podwire-tcp-a'
const B = 'podwire-tcp-b'
const TO = '10.99.0.2'
const children = new Set<ChildProcess>()

function shell(script: string): void {
  execFileSync('sh', ['-ec', script], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The receive buffer sysctls of kernels before 6.17, which is where a window scale of 7 comes from. */
function setUp(): void {
  const ends = [
    [A, 'a0', '10.99.0.1'],
    [B, 'b0', TO],
  ]
  shell(`ip netns add ${A}; ip netns add ${B}; ip link add a0 netns ${A} type veth peer name b0 netns ${B}`)
  for (const [netns, device, address] of ends) {
    shell(`ip -n ${netns} addr add ${address}/24 dev ${device}; ip -n ${netns} link set ${device} up; ip -n ${netns} link set lo up
      ip netns exec ${netns} ethtool -K ${device} tso off gso off gro off >/dev/null 2>&1 || true
      ip netns exec ${netns} sysctl -qw net.ipv4.tcp_rmem='4096 131072 6291456' net.ipv4.tcp_no_metrics_save=1`)
  }
  shell(`ip netns exec ${A} ping -qc1 ${TO}`)
}

function tearDown(): void {
  for (const child of children) child.kill('SIGKILL')
  for (const netns of [A, B]) spawnQuietly(`ip netns del ${netns}`)
}

function spawnQuietly(script: string): void {
  try {
    shell(script)
  } catch {
    // There was none.
  }
}

function python(netns: string, program: string): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', netns, 'python3', '-c', program], { stdio: 'pipe' })
  children.add(child)
  return child
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve))

/** What tcpdump sees at a's end while `work` runs. */
async function captured(work: () => Promise<unknown>): Promise<Line[]> {
  const options = ['-p', '-n', '-i', 'a0', '-U', '--immediate-mode', '--time-stamp-precision=nano', '-w', '-', 'tcp']
  const dump = spawn('ip', ['netns', 'exec', A, 'tcpdump', ...options], { stdio: 'pipe' })
  children.add(dump)
  const stream = new PcapStream()
  dump.stdout.on('data', (chunk) => stream.push(chunk))
  await new Promise<void>((resolve) =>
    dump.stderr.on('data', (text) => String(text).includes('listening') && resolve()),
  )
  await work()
  await new Promise((resolve) => setTimeout(resolve, 300))
  dump.kill('SIGINT')
  await ended(dump)
  const first = stream.records[0]?.at ?? 0n
  return stream.records.map(({ at, bytes }) => {
    const t = 14 + ((bytes[14] & 15) << 2)
    const total = (bytes[16] << 8) | bytes[17]
    const from = bytes[29] === 1 ? 'a' : 'b'
    return line(from, Number(at - first) / SECOND, new Segment(bytes, t, 14 + total), t)
  })
}

/** A segment, less what chance decides. */
interface Line {
  readonly from: 'a' | 'b'
  readonly at: number
  readonly flags: string
  readonly data: number
  readonly text: string
}

/** `t`: where the header begins in the segment's bytes. */
function line(from: 'a' | 'b', at: number, segment: Segment, t: number): Line {
  const flags = [...'FSRPA'].filter((_, bit) => segment.flags & (1 << bit)).join('')
  const options: number[] = []
  const header = segment.bytes.subarray(t + 20, segment.dataStart)
  for (let i = 0; i < header.length; i += header[i] < 2 ? 1 : Math.max(2, header[i + 1])) options.push(header[i])
  const agreed = `mss ${segment.mss} scale ${segment.windowScale} sack ${segment.sackPermitted}`
  const text = `${from} ${flags} win ${segment.window} data ${segment.dataLength} options ${options.join(',')} ${agreed}`
  return { from, at, flags, data: segment.dataLength, text }
}

function emulated(net: Pair): Line[] {
  const sent = [
    ...segments(net.a).map((shown) => ({ ...shown, from: 'a' as const })),
    ...segments(net.b).map((shown) => ({ ...shown, from: 'b' as const })),
  ]
  return sent.sort((x, y) => x.at - y.at).map(({ from, at, segment }) => line(from, at / SECOND, segment, 0))
}

const times = (lines: readonly Line[], pick: (line: Line) => boolean): number[] => {
  const picked = lines.filter(pick).map(({ at }) => at)
  return picked.slice(1).map((at, i) => at - picked[i])
}

/** Within a fifth and 60 ms: a kernel's timers tick, and this machine is busy. */
function expectAlike(ours: readonly number[], theirs: readonly number[], least: number): void {
  expect(theirs.length).toBeGreaterThanOrEqual(least)
  for (let i = 0; i < least; i++) expect(Math.abs(ours[i] - theirs[i])).toBeLessThan(0.2 * theirs[i] + 0.06)
}

const SERVER = `
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('', 80)); s.listen(5); print('up', flush=True)
while True:
    c, _ = s.accept()
    if c.recv(65536): c.sendall(b'A' * 5000)
    c.recv(1); c.close()
`

describe.skipIf(skip(missing(), 'the TCP oracle'))('TCP, against the kernel', () => {
  beforeAll(async () => {
    tearDown()
    setUp()
    const server = python(B, SERVER)
    await new Promise((resolve) => server.stdout!.once('data', resolve))
  })
  afterAll(tearDown)

  it('a question and its answer: the handshake to the bit, the sizes of the segments, the end', async () => {
    const client = `
import socket
c = socket.create_connection(('${TO}', 80)); c.sendall(b'x' * 100)
n = 0
while n < 5000: n += len(c.recv(65536))
c.close()`
    const theirs = await captured(() => ended(python(A, client)))
    const net = pair()
    const [mine, other] = connected(net)
    const { simulation } = net.kernel
    start(simulation, answer(other), 'server')
    run(simulation, function* () {
      yield* mine.write(new Uint8Array(100))
      for (let n = 0; n < 5000; ) n += (yield* mine.read(65_536))!.length
      mine.close()
    })
    simulation.run()
    const ours = emulated(net)
    const shape = (lines: readonly Line[]): string[] => lines.slice(0, 4).map(({ text }) => text)
    expect(shape(ours)).toEqual(shape(theirs))
    expect([ours[4].flags, ours[4].from]).toEqual([theirs[4].flags, theirs[4].from])
    const data = (lines: readonly Line[]): string[] =>
      lines.filter((l) => l.from === 'b' && l.data > 0).map((l) => `${l.flags.replace('P', '')} ${l.data}`)
    expect(data(ours)).toEqual(data(theirs))
    // The first acknowledgment of data shows how the window grows.
    const grown = (lines: readonly Line[]): string => lines.filter((l) => l.from === 'a' && l.flags === 'A')[1].text
    expect(grown(ours)).toBe(grown(theirs))
    const fins = (lines: readonly Line[]): string[] => lines.filter((l) => l.flags.includes('F')).map((l) => l.from)
    expect(fins(ours)).toEqual(fins(theirs))
    expect(ours.at(-1)).toMatchObject({ from: theirs.at(-1)!.from, flags: theirs.at(-1)!.flags })
  })

  it('a closed port', async () => {
    const client = `import socket\nsocket.socket().connect_ex(('${TO}', 9))`
    const theirs = await captured(() => ended(python(A, client)))
    const net = pair()
    run(net.kernel.simulation, () => failing(net.a.sockets.connect(B4, 9)))
    expect(emulated(net).map(({ text }) => text)).toEqual(theirs.map(({ text }) => text))
  })

  it('lost data: probe, time-out, back-off', async () => {
    const client = `
import socket, subprocess, time
c = socket.create_connection(('${TO}', 80)); time.sleep(.2)
subprocess.run('ip netns exec ${B} iptables -w -I INPUT -p tcp -j DROP', shell=True, check=True)
c.send(b'x' * 100); time.sleep(3.6)`
    try {
      const theirs = await captured(() => ended(python(A, client)))
      const net = pair()
      const [mine] = connected(net)
      const { simulation } = net.kernel
      simulation.run()
      net.a.lose = () => true
      run(simulation, () => mine.write(new Uint8Array(100)))
      simulation.run(simulation.now + 4 * SECOND)
      const isData = ({ from, data }: Line): boolean => from === 'a' && data > 0
      expectAlike(times(emulated(net), isData), times(theirs, isData), 4)
    } finally {
      spawnQuietly(`ip netns exec ${B} iptables -w -D INPUT -p tcp -j DROP`)
    }
  })

  it('a host that is silent: SYN after SYN', async () => {
    shell(`ip netns exec ${B} iptables -w -I INPUT -p tcp --dport 81 -j DROP`)
    const client = `
import socket
c = socket.socket(); c.settimeout(7.6)
try: c.connect(('${TO}', 81))
except OSError: pass`
    const theirs = await captured(() => ended(python(A, client)))
    const net = pair()
    net.a.lose = () => true
    run(net.kernel.simulation, () => failing(net.a.sockets.connect(B4, 81, { timeout: 7.6 * SECOND })))
    const isSyn = ({ flags }: Line): boolean => flags === 'S'
    expectAlike(times(emulated(net), isSyn), times(theirs, isSyn), 6)
  })
})

function* answer(stream: Parameters<typeof readAll>[0]) {
  yield* stream.read(65_536)
  yield* stream.write(new Uint8Array(5000))
  while ((yield* stream.read(1)) !== null) yield* sleep(0)
  stream.close()
}
