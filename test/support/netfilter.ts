import type { Device } from '../../src/linux/device/device.ts'
import type { NetfilterHost } from '../../src/linux/netfilter/netfilter.ts'
import { type NetfilterOptions, NetfilterStack } from '../../src/linux/netfilter/stack.ts'
import { Skb } from '../../src/linux/skb.ts'
import { Simulation } from '../../src/sim/simulation.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import type { Event } from '../../src/trace/step.ts'
import type { HookName } from '../../src/trace/steps/packet.ts'
import { type Address, familyOf, formatEndpoint, isV4, keyOf, V6, v4 } from '../../src/util/address.ts'
import { Rng } from '../../src/util/rng.ts'
import * as icmp from '../../src/wire/fast/icmp.ts'
import * as ipv4 from '../../src/wire/fast/ipv4.ts'
import * as ipv6 from '../../src/wire/fast/ipv6.ts'
import * as layout from '../../src/wire/fast/layout.ts'
import * as tcp from '../../src/wire/fast/tcp.ts'
import * as transport from '../../src/wire/fast/transport.ts'
import * as udp from '../../src/wire/fast/udp.ts'
import { Frame } from '../../src/wire/frame.ts'

/** A namespace that has nothing but netfilter: its routing table is the few addresses that a test names. */
export class FakeNode {
  readonly simulation = new Simulation()
  readonly recorder = new Recorder('steps')
  readonly errors: { readonly type: number; readonly code: number }[] = []
  resets = 0
  readonly local = new Map<string | number, string>()
  readonly stack: NetfilterStack
  readonly eth0 = this.device('eth0', 2)
  readonly cni0 = this.device('cni0', 3)
  readonly veth = this.device('vethc1', 4)

  constructor(options: Partial<NetfilterOptions> = {}, locals: Readonly<Record<string, string>> = {}) {
    const { simulation, recorder } = this
    const host: NetfilterHost = {
      kernel: { simulation, recorder, rng: new Rng(1) },
      place: recorder.place('node-1', 'host', ''),
      addressType: (address, device) => {
        const owner = this.local.get(keyOf(address))
        return owner !== undefined && (device == null || device.name === owner) ? 'local' : 'unicast'
      },
      sourceFor: (output, destination) => {
        for (const [key, device] of this.local) {
          const fits = typeof key === 'number' ? isV4(destination) : !isV4(destination)
          if (device === output.name && fits) return this.addresses.get(key) ?? null
        }
        return null
      },
      icmpError: (_skb, _family, type, code) => this.errors.push({ type, code }),
      tcpReset: () => this.resets++,
      wayTo: (skb, _family, to) => (this.local.has(keyOf(to)) ? 'local' : () => void this.send(skb)),
      defragment: (skb) => skb,
    }
    for (const [text, device] of Object.entries(locals)) this.own(text, device)
    this.stack = new NetfilterStack(host, new Rng(7), options)
  }

  private readonly addresses = new Map<string | number, Address>()

  private own(text: string, device: string): void {
    const address = text.includes(':') ? parse6(text) : v4(text)
    this.local.set(keyOf(address), device)
    this.addresses.set(keyOf(address), address)
  }

  run(hook: HookName, skb: Skb, input: Device | null, output: Device | null): boolean {
    const family = skb.frame.bytes[skb.frame.start] >> 4 === 4 ? 4 : 6
    return this.stack.run(hook, family, skb, input, output)
  }

  /** PREROUTING, FORWARD, POSTROUTING. */
  forward(skb: Skb, input: Device = this.cni0, output: Device = this.eth0): boolean {
    return (
      this.run('PREROUTING', skb, input, null) &&
      this.run('FORWARD', skb, input, output) &&
      this.run('POSTROUTING', skb, null, output)
    )
  }

  /** PREROUTING, INPUT. */
  deliver(skb: Skb, input: Device = this.cni0): boolean {
    return this.run('PREROUTING', skb, input, null) && this.run('INPUT', skb, input, null)
  }

  /** OUTPUT, POSTROUTING. */
  send(skb: Skb, output: Device = this.eth0): boolean {
    return this.run('OUTPUT', skb, null, output) && this.run('POSTROUTING', skb, null, output)
  }

  events<K extends Event['kind']>(kind: K): Extract<Event, { kind: K }>[] {
    return this.recorder.steps.flatMap(({ event }) =>
      event.kind === kind ? [event as Extract<Event, { kind: K }>] : [],
    )
  }

  private device(name: string, index: number): Device {
    const place = this.recorder.place('node-1', 'host', name)
    return { name, index, place, mac: 0 as Device['mac'], mtu: 1500, up: true, transmit: () => {} }
  }
}

function parse6(text: string): V6 {
  const words = text.split(':').map((w) => Number.parseInt(w || '0', 16))
  while (words.length < 8) words.splice(text.split(':').indexOf(''), 0, 0)
  const at = (i: number): number => (words[i] << 16) | words[i + 1] | 0
  return new V6(at(0), at(2), at(4), at(6))
}

export interface TcpFields {
  readonly flags?: number
  readonly sequence?: number
  readonly ack?: number
  readonly window?: number
  readonly payload?: number
}

export function tcpPacket(from: Address, fromPort: number, to: Address, toPort: number, fields: TcpFields = {}): Skb {
  const frame = Frame.of(new Uint8Array(fields.payload ?? 0))
  const { flags = tcp.SYN, sequence = 1000, ack = 0, window = 64_240 } = fields
  tcp.writeTcp(frame, from, to, fromPort, toPort, sequence, ack, flags, window)
  return wrap(frame, from, to, 6)
}

export function udpPacket(from: Address, fromPort: number, to: Address, toPort: number, payload = 10): Skb {
  const frame = Frame.of(new Uint8Array(payload))
  udp.writeUdp(frame, from, to, fromPort, toPort)
  return wrap(frame, from, to, 17)
}

export function ping(from: Address, to: Address, id: number, type: number): Skb {
  const frame = Frame.of(new Uint8Array(48))
  if (isV4(from) || isV4(to)) icmp.writeIcmp(frame, type, 0, icmp.echoWord(id, 1))
  else icmp.writeIcmpv6(frame, from, to, type, 0, icmp.echoWord(id, 1))
  return wrap(frame, from, to, isV4(from) ? 1 : 58)
}

/** An ICMP (or ICMPv6) error that quotes a packet. */
export function icmpError(from: Address, about: Skb, type: number, code: number): Skb {
  const quoted = about.frame.copy()
  const l = new layout.Layout()
  layout.locate(quoted, 0, quoted.length, l)
  const to = layout.source(quoted, l)
  const frame = Frame.of(quoted.slice(0, Math.min(quoted.length, 548)))
  if (isV4(from) || isV4(to)) icmp.writeIcmp(frame, type, code, 0)
  else icmp.writeIcmpv6(frame, from, to, type, code, 0)
  return wrap(frame, from, to, isV4(from) ? 1 : 58)
}

let packets = 0

function wrap(frame: Frame, from: Address, to: Address, protocol: number): Skb {
  if (isV4(from) && isV4(to)) ipv4.writeIpv4(frame, from, to, protocol, 64)
  else if (from instanceof V6 && to instanceof V6) ipv6.writeIpv6(frame, from, to, protocol, 64)
  else throw new Error(`${familyOf(from)} to ${familyOf(to)}`)
  return new Skb(frame, ++packets, 0)
}

/** `source > destination`, as the packet has them now. Throws when a checksum is wrong. */
export function show(skb: Skb): string {
  const { bytes, start, end } = skb.frame
  const l = new layout.Layout()
  if (!layout.locate(bytes, start, end, l)) throw new Error('headers do not fit')
  if (l.family === 4 && ipv4.fault(bytes, start, end) !== null) throw new Error('bad IPv4 header')
  if (!transport.checksumOk(bytes, l)) throw new Error('bad transport checksum')
  const ports = l.protocol === 6 || l.protocol === 17
  const from = ports ? transport.sourcePort(bytes, l.transport) : icmp.id(bytes, l.transport)
  const to = ports ? transport.destinationPort(bytes, l.transport) : icmp.id(bytes, l.transport)
  return `${formatEndpoint(layout.source(bytes, l), from)} > ${formatEndpoint(layout.destination(bytes, l), to)}`
}

/** As `show`, of the packet that an ICMP error quotes. */
export function showQuoted(skb: Skb): string {
  const { bytes, end, start } = skb.frame
  const outer = new layout.Layout()
  layout.locate(bytes, start, end, outer)
  return show(new Skb(new Frame(bytes.slice(), outer.transport + icmp.ICMP, end), 0, 0))
}
