import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { netnsScript } from '../../src/export/netns.ts'
import type { NetnsDescription } from '../../src/export/netns-description.ts'
import { Capture, type Tap } from './capture.ts'

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A cluster built from the exported script, in network namespaces of this machine. */
export class Lab {
  private readonly children = new Set<ChildProcess>()
  private readonly folder = mkdtempSync(join(tmpdir(), 'podwire-oracle-'))
  private readonly script = join(this.folder, 'cluster.sh')
  private readonly onExit = () => this.remove()
  private readonly onSignal = (signal: NodeJS.Signals) => {
    this.remove()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  private lock: Server | null = null

  private constructor(readonly description: NetnsDescription) {}

  static async build(description: NetnsDescription): Promise<Lab> {
    const lab = new Lab(description)
    lab.lock = await lock()
    process.on('exit', lab.onExit)
    process.on('SIGINT', lab.onSignal)
    process.on('SIGTERM', lab.onSignal)
    try {
      removeStale(description.prefix)
      writeFileSync(lab.script, netnsScript(description))
      execFileSync('sh', [lab.script, 'up'], { stdio: ['ignore', 'pipe', 'pipe'] })
      lab.calm()
    } catch (error) {
      await lab.destroy()
      throw error
    }
    return lab
  }

  get namespaces(): string[] {
    return this.description.namespaces.map(({ name }) => name)
  }

  get six(): boolean {
    return this.description.namespaces.some(({ routes }) => routes.some(({ via }) => via?.includes(':')))
  }

  /** Runs a shell command in a namespace and waits for it. */
  run(netns: string, command: string, timeout = 30_000): Promise<Outcome> {
    const child = this.spawn(netns, command)
    let [stdout, stderr] = ['', '']
    child.stdout!.on('data', (text) => (stdout += text))
    child.stderr!.on('data', (text) => (stderr += text))
    const timer = setTimeout(() => killGroup(child), timeout)
    return new Promise((done) => {
      child.once('close', (status) => {
        clearTimeout(timer)
        done({ status, stdout, stderr })
      })
    })
  }

  /** Starts a server in a namespace; it ends with the lab. */
  serve(netns: string, command: string): void {
    this.spawn(netns, command)
  }

  capture(): Promise<Capture> {
    return Capture.start(
      this.description.prefix,
      this.namespaces.map((netns) => this.tap(netns)),
    )
  }

  /** Forgets what earlier flows taught: neighbours, bridge FDBs, path MTUs and connections. */
  async forget(): Promise<void> {
    const { namespaces, networks } = this.description
    const flush = 'ip neigh flush all; ip -6 neigh flush all; ip route flush cache; ip -6 route flush cache'
    const fdb = (bridge: string) => `ip link set ${bridge} type bridge fdb_flush`
    await Promise.all([
      ...namespaces.map(({ name, devices, rules, nftables }) => {
        const bridges = devices.filter(({ kind }) => kind === 'bridge').map((d) => fdb(d.name))
        const connections = rules[4] + rules[6] + nftables === '' ? [] : ['conntrack -F']
        return this.run(name, `(${[flush, ...bridges, ...connections].join('; ')}) 2>/dev/null`)
      }),
      ...networks.map(({ name }) => this.run('underlay', fdb(name))),
    ])
  }

  async destroy(): Promise<void> {
    process.off('exit', this.onExit)
    process.off('SIGINT', this.onSignal)
    process.off('SIGTERM', this.onSignal)
    this.remove()
    await new Promise((done) => this.lock?.close(done) ?? done(null))
  }

  private spawn(netns: string, command: string): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', `${this.description.prefix}-${netns}`, 'sh', '-c', command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.children.add(child)
    child.once('exit', () => this.children.delete(child))
    return child
  }

  private remove(): void {
    for (const child of this.children) killGroup(child)
    this.children.clear()
    try {
      execFileSync('sh', [this.script, 'down'], { stdio: 'ignore' })
    } catch {
      // The script was never written, or removed what it had made when it failed.
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  /**
   * What would make flows differ from machine to machine, or from those before them: ICMP errors are limited to about one a
   * second for each address, and the largest receive buffer, hence TCP's window scale, goes by the machine's memory.
   */
  private calm(): void {
    const keys = ['net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0', 'net.ipv4.tcp_rmem=4096 131072 6291456']
    for (const netns of this.namespaces) {
      execFileSync('ip', ['netns', 'exec', `${this.description.prefix}-${netns}`, 'sysctl', '-qw', ...keys])
    }
  }

  private tap(netns: string): Tap {
    const links = JSON.parse(
      execFileSync('ip', ['-n', `${this.description.prefix}-${netns}`, '-j', 'link'], { encoding: 'utf8' }),
    ) as { ifindex: number; ifname: string }[]
    return { netns, devices: new Map(links.map((l) => [l.ifindex, l.ifname])) }
  }
}

/** An abstract socket: held by one process at a time, and gone with it however it ends. */
function lock(): Promise<Server> {
  const server = createServer()
  return new Promise((done, fail) => {
    server.once('error', () =>
      fail(new Error('another podwire lab is running: neighbour tables are shared by all of them')),
    )
    server.listen('\0podwire-oracle', () => done(server))
  })
}

/** What a run left behind that was killed: we hold the lock, so no lab of ours is alive. */
function removeStale(prefix: string): void {
  const marked = (name: string): boolean =>
    execFileSync('ip', ['-n', name, 'link', 'show', 'dev', 'lo'], { encoding: 'utf8' }).includes(
      `alias podwire ${prefix}`,
    )
  for (const name of namespaces()) {
    if (!name.startsWith(`${prefix}-`) || !marked(name)) continue
    for (const pid of execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split(/\s+/)) {
      if (pid !== '') process.kill(Number(pid), 'SIGKILL')
    }
    execFileSync('ip', ['netns', 'delete', name])
  }
}

function namespaces(): string[] {
  try {
    return readdirSync('/run/netns')
  } catch {
    return []
  }
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
