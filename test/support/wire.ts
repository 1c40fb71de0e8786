import fc from 'fast-check'
import { type Mac, type V4, V6 } from '../../src/util/address.ts'
import type { Arp } from '../../src/wire/arp.ts'
import type { Ethernet } from '../../src/wire/ethernet.ts'
import type { Icmp } from '../../src/wire/icmp.ts'
import type { Icmpv6 } from '../../src/wire/icmpv6.ts'
import type { Ipv4 } from '../../src/wire/ipv4.ts'
import type { Ipv4Option } from '../../src/wire/ipv4-options.ts'
import type { Ipv6 } from '../../src/wire/ipv6.ts'
import type { Extension } from '../../src/wire/ipv6-extensions.ts'
import type { Ndp } from '../../src/wire/ndp.ts'
import type { NdpOption } from '../../src/wire/ndp-options.ts'
import type { Tcp } from '../../src/wire/tcp.ts'
import type { TcpOption } from '../../src/wire/tcp-options.ts'
import type { Udp } from '../../src/wire/udp.ts'
import type { Vxlan } from '../../src/wire/vxlan.ts'

/** Values that a program may write, for each protocol. */
export const u8 = fc.nat(0xff)
export const u16 = fc.nat(0xffff)
export const u32 = fc.nat(0xffffffff)
export const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
export const v4s = i32.map((value) => value as V4)
export const v6s = fc.tuple(i32, i32, i32, i32).map(([a, b, c, d]) => new V6(a, b, c, d))
export const macs = fc.nat(2 ** 48 - 1).map((value) => value as Mac)
export const bytes = (maxLength = 60): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength })
const kind = <K extends string>(...kinds: K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds)
const exactly = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const among = (...numbers: number[]) => fc.constantFrom(...numbers)

export const ethernets: fc.Arbitrary<Ethernet> = fc.record({
  destination: macs,
  source: macs,
  etherType: u16,
  payload: bytes(),
})

export const arps: fc.Arbitrary<Arp> = fc.record({
  operation: kind('request', 'reply'),
  senderMac: macs,
  senderAddress: v4s,
  targetMac: macs,
  targetAddress: v4s,
})

const ipv4Option: fc.Arbitrary<Ipv4Option> = fc.oneof(
  fc.record({ kind: kind('nop') }),
  fc.record({ kind: kind('routerAlert'), value: u16 }),
  fc.record({
    kind: kind('recordRoute', 'looseSourceRoute', 'strictSourceRoute'),
    pointer: u8,
    route: fc.array(v4s, { maxLength: 3 }),
  }),
  fc.record({ kind: kind('unknown'), number: among(68, 130, 200), data: bytes(6) }),
)

export const ipv4s: fc.Arbitrary<Ipv4> = fc.record({
  tos: u8,
  id: u16,
  dontFragment: fc.boolean(),
  moreFragments: fc.boolean(),
  fragmentOffset: fc.nat(0x1fff).map((units) => units * 8),
  ttl: u8,
  protocol: u8,
  source: v4s,
  destination: v4s,
  options: fc.array(ipv4Option, { maxLength: 2 }),
  payload: bytes(),
})

const ipv6Options = fc.array(fc.record({ number: among(5, 0xc2, 0x1e, 0x63), data: bytes(20) }), { maxLength: 3 })
const laterExtension: fc.Arbitrary<Extension> = fc.oneof(
  fc.record({ kind: kind('destinationOptions'), options: ipv6Options }),
  fc.record({ kind: kind('routing'), type: u8, segmentsLeft: u8, data: among(4, 20).chain(exactly) }),
  fc.record({ kind: kind('fragment'), offset: fc.constant(0), more: fc.boolean(), id: u32 }),
)
const extensions: fc.Arbitrary<Extension[]> = fc
  .tuple(
    fc.option(fc.record({ kind: kind('hopByHop'), options: ipv6Options })),
    fc.array(laterExtension, { maxLength: 3 }),
    fc.option(
      fc.record({
        kind: kind('fragment'),
        offset: fc.integer({ min: 1, max: 0x1fff }).map((units) => units * 8),
        more: fc.boolean(),
        id: u32,
      }),
    ),
  )
  .map(([first, rest, last]) => [...(first ? [first] : []), ...rest, ...(last ? [last] : [])])

export const ipv6s: fc.Arbitrary<Ipv6> = fc.record({
  trafficClass: u8,
  flowLabel: fc.nat(0xfffff),
  hopLimit: u8,
  source: v6s,
  destination: v6s,
  extensions,
  protocol: among(1, 6, 17, 58, 59, 132),
  payload: bytes(),
})

export const udps: fc.Arbitrary<Udp> = fc.record({ sourcePort: u16, destinationPort: u16, payload: bytes() })

export const tcpOptionLists: fc.Arbitrary<TcpOption[]> = fc
  .array(
    fc.oneof<fc.Arbitrary<TcpOption>[]>(
      fc.record({ kind: kind('nop') }),
      fc.record({ kind: kind('mss'), size: u16 }),
      fc.record({ kind: kind('windowScale'), shift: u8 }),
      fc.record({ kind: kind('sackPermitted') }),
      fc.record({
        kind: kind('sack'),
        blocks: fc.array(fc.record({ left: u32, right: u32 }), { minLength: 1, maxLength: 2 }),
      }),
      fc.record({ kind: kind('timestamps'), value: u32, echo: u32 }),
      fc.record({ kind: kind('unknown'), number: among(19, 28, 34, 253), data: bytes(8) }),
    ),
    { maxLength: 2 },
  )
  .map((options) => options)

export const tcps: fc.Arbitrary<Tcp> = fc.record({
  sourcePort: u16,
  destinationPort: u16,
  sequence: u32,
  acknowledgment: u32,
  flags: u8,
  window: u16,
  urgentPointer: u16,
  options: tcpOptionLists,
  payload: bytes(),
})

export const vxlans: fc.Arbitrary<Vxlan> = fc.record({ vni: fc.nat(0xffffff), payload: bytes() })

const echo = { id: u16, sequence: u16, payload: bytes() }

export const icmps: fc.Arbitrary<Icmp> = fc.oneof<fc.Arbitrary<Icmp>[]>(
  fc.record({ kind: kind('echoRequest', 'echoReply'), ...echo }),
  fc.record({ kind: kind('unreachable'), code: among(0, 1, 2, 3, 5, 13), mtu: fc.constant(0), quoted: bytes() }),
  fc.record({ kind: kind('unreachable'), code: fc.constant(4), mtu: u16, quoted: bytes() }),
  fc.record({ kind: kind('timeExceeded'), code: u8, quoted: bytes() }),
  fc.record({ kind: kind('redirect'), code: u8, gateway: v4s, quoted: bytes() }),
  fc.record({ kind: kind('parameterProblem'), code: u8, pointer: u8, quoted: bytes() }),
  fc.record({ kind: kind('unknown'), type: among(4, 13, 17, 255), code: u8, body: bytes() }),
)

const ndpOption: fc.Arbitrary<NdpOption> = fc.oneof<fc.Arbitrary<NdpOption>[]>(
  fc.record({ kind: kind('sourceLinkLayer', 'targetLinkLayer'), mac: macs }),
  fc.record({
    kind: kind('prefix'),
    prefix: v6s,
    length: fc.nat(128),
    onLink: fc.boolean(),
    autonomous: fc.boolean(),
    validLifetime: u32,
    preferredLifetime: u32,
  }),
  fc.record({ kind: kind('redirectedHeader'), quoted: among(0, 8, 48).chain(exactly) }),
  fc.record({ kind: kind('mtu'), mtu: u32 }),
  fc.record({ kind: kind('recursiveDns'), lifetime: u32, servers: fc.array(v6s, { minLength: 1, maxLength: 2 }) }),
  fc.record({ kind: kind('unknown'), number: among(14, 24, 31), data: among(6, 14).chain(exactly) }),
)
const ndpOptions = fc.array(ndpOption, { maxLength: 3 })

export const ndps: fc.Arbitrary<Ndp> = fc.oneof<fc.Arbitrary<Ndp>[]>(
  fc.record({ kind: kind('routerSolicitation'), options: ndpOptions }),
  fc.record({
    kind: kind('routerAdvertisement'),
    hopLimit: u8,
    managed: fc.boolean(),
    other: fc.boolean(),
    lifetime: u16,
    reachable: u32,
    retransmit: u32,
    options: ndpOptions,
  }),
  fc.record({ kind: kind('neighborSolicitation'), target: v6s, options: ndpOptions }),
  fc.record({
    kind: kind('neighborAdvertisement'),
    router: fc.boolean(),
    solicited: fc.boolean(),
    override: fc.boolean(),
    target: v6s,
    options: ndpOptions,
  }),
  fc.record({ kind: kind('redirect'), target: v6s, destination: v6s, options: ndpOptions }),
)

export const icmpv6s: fc.Arbitrary<Icmpv6> = fc.oneof<fc.Arbitrary<Icmpv6>[]>(
  fc.record({ kind: kind('echoRequest', 'echoReply'), ...echo }),
  fc.record({ kind: kind('unreachable', 'timeExceeded'), code: u8, quoted: bytes() }),
  fc.record({ kind: kind('packetTooBig'), mtu: u32, quoted: bytes() }),
  fc.record({ kind: kind('parameterProblem'), code: u8, pointer: u32, quoted: bytes() }),
  fc.record({ kind: kind('unknown'), type: among(100, 130, 143, 200), code: u8, body: bytes() }),
  ndps,
)
