import { Simulation } from '../../../sim/simulation.ts'
import { MICROSECOND, type Nanos } from '../../../sim/time.ts'
import { Recorder } from '../../../trace/recorder.ts'
import type { PlaceId, Step } from '../../../trace/step.ts'
import { type Address, familyOf, type Mac, sameAddress, type V6, v4, v6 } from '../../../util/address.ts'
import { Rng } from '../../../util/rng.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Device } from '../../device/device.ts'
import type { Errno } from '../../errno.ts'
import type { IpLayer, PathError, RouteAnswer, SendOptions } from '../../ip/layer.ts'
import type { Kernel } from '../../kernel.ts'
import { Skb } from '../../skb.ts'
import { Sockets } from '../table.ts'
import { icmp as icmpHeader } from './echo.ts'

/** What a test's link does to packets. Chances are from 0 to 1. */
export interface LinkFaults {
  readonly delay: Nanos
  /** Added at random to each packet, so that they overtake each other. */
  readonly jitter: Nanos
  readonly loss: number
  readonly duplication: number
}

export const CLEAN: LinkFaults = { delay: 100 * MICROSECOND, jitter: 0, loss: 0, duplication: 0 }

/** A packet as the test's link carried it: transport header and payload. */
export interface Sent {
  readonly at: Nanos
  readonly options: SendOptions
  readonly bytes: Uint8Array
  readonly skb: Skb
}

/**
 * An IP layer with one device, a link to one other such layer, and nothing else: no headers, no fragments, no netfilter.
 * For tests of sockets alone.
 */
export class TestIp implements IpLayer {
  readonly place: PlaceId
  readonly sockets: Sockets
  peer: TestIp | null = null
  mtu = 1500
  /** Everything sent, in order. */
  readonly sent: Sent[] = []
  /** How often EMSGSIZE was the answer. */
  refused = 0
  /** Refuses to send, when set. */
  refuse: Errno | null = null
  /** Says whether this packet is to be lost, for tests that lose a certain one. */
  lose: (sent: Sent) => boolean = () => false
  /** Edits a packet before it is carried. */
  tamper: (skb: Skb) => void = () => {}
  /** Whether closed UDP ports answer, as a host does. */
  unreachable = true
  readonly device: Device

  constructor(
    readonly kernel: Kernel,
    readonly name: string,
    readonly addresses: readonly Address[],
    public faults: LinkFaults,
    private readonly rng: Rng,
  ) {
    this.place = kernel.recorder.place('node-1', `default/${name}`, '')
    const place = kernel.recorder.place('node-1', `default/${name}`, 'eth0')
    this.device = { name: 'eth0', index: 2, place, mac: 0 as Mac, mtu: 1500, up: true, transmit: () => {} }
    this.sockets = new Sockets(this)
  }

  route(destination: Address, source: Address | null = null): RouteAnswer | Errno {
    const own = this.addresses.find((address) => familyOf(address) === familyOf(destination))
    if (own === undefined) return 'ENETUNREACH'
    return { device: this.device, source: source ?? own, mtu: this.mtu }
  }

  confirm(): void {}

  isLocal(address: Address): boolean {
    return this.addresses.some((own) => sameAddress(own, address))
  }

  send(skb: Skb, options: SendOptions): Errno | null {
    if (this.refuse !== null) return this.refuse
    const header = familyOf(options.destination) === 4 ? 20 : 40
    if (options.dontFragment === true && skb.frame.length + header > this.mtu) {
      this.refused++
      return 'EMSGSIZE'
    }
    const sent = { at: this.kernel.simulation.now, options, bytes: skb.frame.copy(), skb }
    this.sent.push(sent)
    this.tamper(skb)
    const { recorder, simulation } = this.kernel
    skb.cause = recorder.on
      ? recorder.step(simulation.now, this.device.place, skb.cause, skb.packet, skb.frame, { kind: 'transmit' })
      : recorder.skip()
    const target = this.isLocal(options.destination) ? this : this.peer
    if (target === null || this.lose(sent) || this.rng.float() < this.faults.loss) return null
    target.arrive(skb, options, this.flight())
    if (this.rng.float() < this.faults.duplication) target.arrive(skb.clone(), options, this.flight())
    return null
  }

  /** An ICMP error about something this host sent. */
  complain(error: PathError): void {
    this.sockets.error(error, 0)
  }

  private flight(): Nanos {
    return this.faults.delay + this.rng.below(this.faults.jitter + 1)
  }

  private arrive(skb: Skb, options: SendOptions, delay: Nanos): void {
    this.kernel.simulation.post(delay, (packet) => this.receive(packet, options), skb)
  }

  private receive(skb: Skb, { source, destination, protocol, ttl = 64 }: SendOptions): void {
    if (!this.isLocal(destination)) return
    if (icmpHeader.isRequest(skb.frame, protocol)) {
      const answer = new Skb(icmpHeader.answer(skb.frame, destination, source), skb.packet + 1, skb.cause)
      this.send(answer, { source: destination, destination: source, protocol })
      return
    }
    const ports = { local: icmpHeader.port(skb.frame, 0), remote: icmpHeader.port(skb.frame, 2) }
    const verdict = this.sockets.receive(skb, protocol, source, destination, ttl)
    if (verdict === 'delivered' || !this.unreachable) return
    this.peer?.kernel.simulation.post(this.faults.delay, (error) => this.peer?.complain(error), {
      protocol,
      local: { address: source, port: ports.local },
      remote: { address: destination, port: ports.remote },
      errno: 'ECONNREFUSED',
      from: destination,
      type: familyOf(source) === 4 ? 3 : 1,
      code: familyOf(source) === 4 ? 3 : 4,
      mtu: 0,
      sequence: 0,
    } satisfies PathError)
  }
}

/** Two hosts and their link. */
export interface Pair {
  readonly kernel: Kernel
  readonly a: TestIp
  readonly b: TestIp
  /** The steps so far of one kind. */
  steps<K extends Step['event']['kind']>(kind: K): Step<Extract<Step['event'], { kind: K }>>[]
}

export const A4 = v4('10.244.1.2')
export const B4 = v4('10.244.1.3')
export const A6: V6 = v6('fd00:10:244:1::2')
export const B6: V6 = v6('fd00:10:244:1::3')

export function pair(seed: number | string = 1, faults: LinkFaults = CLEAN): Pair {
  const kernel = { simulation: new Simulation(), recorder: new Recorder('steps'), rng: new Rng(seed) }
  const a = new TestIp(kernel, 'a', [A4, A6], faults, kernel.rng.fork('link a'))
  const b = new TestIp(kernel, 'b', [B4, B6], faults, kernel.rng.fork('link b'))
  a.peer = b
  b.peer = a
  const steps: Pair['steps'] = (kind) => kernel.recorder.steps.filter((step) => step.event.kind === kind) as never
  return { kernel, a, b, steps }
}

export const isTcp = ({ options }: Sent): boolean => options.protocol === PROTOCOL.tcp
