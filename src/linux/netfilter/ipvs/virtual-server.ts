import type { SchedulerName } from '../../../trace/steps/packet.ts'
import { type Address, formatEndpoint, keyOf, sameAddress } from '../../../util/address.ts'
import { protocolName } from '../rules/names.ts'

export const SCHEDULERS: readonly SchedulerName[] = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'sh', 'mh']

/** Where a virtual server sends connections: one `ipvsadm -a … -r ADDRESS:PORT -m -w WEIGHT`. */
export interface RealServer {
  readonly address: Address
  readonly port: number
  /** 0: no new connections. */
  readonly weight: number
}

/** `ipvsadm -A -t ADDRESS:PORT -s SCHEDULER -p SECONDS`: a value that nodes share. Packets are masqueraded (`-m`), never tunnelled. */
export interface VirtualServer {
  /** IP protocol number: TCP, UDP or SCTP. */
  readonly protocol: number
  readonly address: Address
  readonly port: number
  readonly scheduler: SchedulerName
  /** Hashing takes the client's port too (`-b mh-port`). */
  readonly hashPorts: boolean
  /** Seconds for which a client keeps its real server; 0 for no persistence. */
  readonly persistence: number
  /** `Service default/web`. */
  readonly origin: string
  /** In the order of `ipvsadm -Ln`. */
  readonly reals: readonly RealServer[]
}

/** The virtual servers of one family in a namespace: several maps, of which the first that has one decides. */
export class VirtualServers {
  constructor(private readonly layers: readonly ReadonlyMap<string, VirtualServer>[]) {}

  find(protocol: number, address: Address, port: number): VirtualServer | null {
    const key = keyFor(protocol, address, port)
    for (const layer of this.layers) {
      const found = layer.get(key)
      if (found !== undefined) return found
    }
    return null
  }

  get empty(): boolean {
    return this.layers.every(({ size }) => size === 0)
  }

  *[Symbol.iterator](): Generator<VirtualServer> {
    for (const layer of this.layers) yield* layer.values()
  }
}

export const NO_SERVERS = new VirtualServers([])

const keyFor = (protocol: number, address: Address, port: number): string => `${protocol}.${keyOf(address)}.${port}`

export const keyOfServer = (s: Pick<VirtualServer, 'protocol' | 'address' | 'port'>): string =>
  keyFor(s.protocol, s.address, s.port)

export const sameReal = (a: Pick<RealServer, 'address' | 'port'>, b: Pick<RealServer, 'address' | 'port'>): boolean =>
  a.port === b.port && sameAddress(a.address, b.address)

/** `tcp 10.96.0.80:80`. */
export const formatServer = ({ protocol, address, port }: VirtualServer): string =>
  `${protocolName(protocol)} ${formatEndpoint(address, port)}`
