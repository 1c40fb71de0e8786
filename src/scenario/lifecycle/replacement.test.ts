import { describe, expect, it } from 'vitest'
import { isReady, type PodObject } from '../../kube/api/pod-object.ts'
import { SocketError } from '../../linux/socket/error.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { type Address, formatAddress, parseAddress } from '../../util/address.ts'
import { text, utf8 } from '../../util/bytes.ts'
import { startProcess } from '../processes.ts'
import { play, web, workload } from './testing/web.ts'

const SERVICE = parseAddress('10.96.0.80')!

interface Connection {
  readonly pod: string
  readonly stream: TcpStream
}

/** One request on a connection that stays open: who answered, or how the connection ended. */
function* ask(stream: TcpStream): Process<string> {
  try {
    yield* stream.write(utf8('GET / HTTP/1.1\r\nHost: web\r\n\r\n'))
    const answer = yield* stream.read(65_536)
    return answer === null ? 'closed' : (/Hostname: (\S+)/.exec(text(answer))?.[1] ?? 'no page')
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    return error.errno
  }
}

class Lab {
  readonly emulation = play('', workload('Deployment'))
  private readonly process

  constructor() {
    this.emulation.advance(10e9)
    const { namespace, sockets } = this.emulation.host('client')
    this.process = startProcess(namespace, sockets, 'client', this.emulation)
  }

  get pods(): PodObject[] {
    return web(this.emulation)
  }

  /** A connection, and the name of the pod at its other end. */
  connect(to: Address, port: number): Connection {
    const { sockets } = this.process
    const open = function* (): Process<Connection> {
      const stream = yield* sockets.connect(to, port, { timeout: 1e9 })
      return { pod: yield* ask(stream), stream }
    }
    return this.emulation.run(open(), 'connect')
  }

  ask({ stream }: Connection): string {
    return this.emulation.run(ask(stream), 'ask')
  }
}

describe('a pod that is deleted', () => {
  it('has a successor with another uid, name and address; what breaks is its own connections and no other', () => {
    const lab = new Lab()
    const before = lab.pods
    expect(before.filter(isReady)).toHaveLength(2)
    const direct = before.map(({ status }) => lab.connect(status.podIPs[0], 8080))
    const throughService = Array.from({ length: 8 }, () => lab.connect(SERVICE, 80))
    const all = [...direct, ...throughService]
    expect(new Set(all.map(({ pod }) => pod)).size).toBe(2)

    const [victim] = before
    lab.emulation.life!.store.delete('Pod', 'default', victim.meta.name)
    lab.emulation.advance(10e9)

    for (const connection of all) {
      const mine = connection.pod === victim.meta.name
      expect([connection.pod, lab.ask(connection)]).toEqual([connection.pod, mine ? 'closed' : connection.pod])
    }
    const successor = lab.pods.find(({ meta }) => before.every((one) => one.meta.uid !== meta.uid))!
    expect(isReady(successor)).toBe(true)
    expect(before.map(({ meta }) => meta.name)).not.toContain(successor.meta.name)
    const addresses = before.map(({ status }) => formatAddress(status.podIPs[0]))
    expect(addresses).not.toContain(formatAddress(successor.status.podIPs[0]))
    const found = new Set(Array.from({ length: 20 }, () => lab.connect(SERVICE, 80).pod))
    expect(found).toEqual(new Set(lab.pods.map(({ meta }) => meta.name)))
  })

  it('is missed by nobody who asks its Service anew, at any moment of its death and of the birth of its successor', () => {
    const lab = new Lab()
    const [victim] = lab.pods
    lab.emulation.life!.store.delete('Pod', 'default', victim.meta.name)
    lab.emulation.advance(5e6)
    for (let n = 0; n < 100; n++) {
      expect(lab.connect(SERVICE, 80).pod).toMatch(/^web-/)
      lab.emulation.advance(10e6)
    }
  })

  it('when its program is killed and not the pod, keeps its name, uid and address, and loses its connections', () => {
    const lab = new Lab()
    const [one] = lab.pods
    const connection = lab.connect(one.status.podIPs[0], 8080)
    lab.emulation.life!.kubelet.worker(one.meta.uid)!.main[0].end(137, 9)
    lab.emulation.advance(5e9)
    const [same] = lab.pods.filter(({ meta }) => meta.uid === one.meta.uid)
    expect(same.status.podIPs).toEqual(one.status.podIPs)
    expect(lab.ask(connection)).toBe('closed')
    expect(lab.connect(one.status.podIPs[0], 8080).pod).toBe(one.meta.name)
  })
})
