import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress, formatMac, type V4, type V6 } from '../../src/util/address.ts'
import { encode } from '../../src/util/bytes.ts'
import { arp } from '../../src/wire/arp.ts'
import { dissect } from '../../src/wire/dissect.ts'
import { ethernet } from '../../src/wire/ethernet.ts'
import { icmp } from '../../src/wire/icmp.ts'
import { icmpv6Between } from '../../src/wire/icmpv6.ts'
import { ipv4 } from '../../src/wire/ipv4.ts'
import { ipv6 } from '../../src/wire/ipv6.ts'
import type { Extension } from '../../src/wire/ipv6-extensions.ts'
import { innermost, type Layer } from '../../src/wire/layer.ts'
import { tcpBetween } from '../../src/wire/tcp.ts'
import { udpBetween } from '../../src/wire/udp.ts'
import { vxlan } from '../../src/wire/vxlan.ts'
import { arps, ethernets, icmps, icmpv6s, ipv4s, ipv6s, tcps, udps } from '../support/wire.ts'
import { has, skip } from './requirements.ts'

const reason = has('tshark') ? null : 'not installed: tshark'

/** What is compared: tshark's field, and the same of ours. Of an address that both layers have, the last is the inner one. */
const FIELDS: Readonly<Record<string, (layers: readonly Layer[]) => string | undefined>> = {
  'eth.src': (l) => text(innermost(l, 'ethernet')?.header.source, formatMac),
  'eth.dst': (l) => text(innermost(l, 'ethernet')?.header.destination, formatMac),
  'arp.src.proto_ipv4': (l) => text(innermost(l, 'arp')?.header.senderAddress, formatAddress),
  'arp.dst.hw_mac': (l) => text(innermost(l, 'arp')?.header.targetMac, formatMac),
  'ip.src': (l) => text(innermost(l, 'ipv4')?.header.source, formatAddress),
  'ip.ttl': (l) => text(innermost(l, 'ipv4')?.header.ttl),
  'ip.id': (l) => text(innermost(l, 'ipv4')?.header.id, (id) => `0x${id.toString(16).padStart(4, '0')}`),
  'ip.frag_offset': (l) => text(innermost(l, 'ipv4')?.header.fragmentOffset),
  'ipv6.dst': (l) => text(innermost(l, 'ipv6')?.header.destination, formatAddress),
  'ipv6.hlim': (l) => text(innermost(l, 'ipv6')?.header.hopLimit),
  'ipv6.tclass': (l) => text(innermost(l, 'ipv6')?.header.trafficClass, (c) => `0x${c.toString(16).padStart(8, '0')}`),
  'udp.dstport': (l) => text(innermost(l, 'udp')?.header.destinationPort),
  'tcp.srcport': (l) => text(innermost(l, 'tcp')?.header.sourcePort),
  'tcp.seq_raw': (l) => text(innermost(l, 'tcp')?.header.sequence),
  'tcp.ack_raw': (l) => text(innermost(l, 'tcp')?.header.acknowledgment),
  'tcp.window_size_value': (l) => text(innermost(l, 'tcp')?.header.window),
  'tcp.options.mss_val': (l) => text(option(l, 'mss')?.size),
  'tcp.options.timestamp.tsval': (l) => text(option(l, 'timestamps')?.value),
  'tcp.options.sack_le': (l) => text(option(l, 'sack')?.blocks.at(-1)?.left),
  'vxlan.vni': (l) => text(innermost(l, 'vxlan')?.header.vni),
}

const text = <T>(value: T | undefined, format: (value: T) => string = String): string | undefined =>
  value === undefined ? undefined : format(value)

/** The last option of a kind, as the last of tshark's occurrences. */
function option<K extends 'mss' | 'timestamps' | 'sack'>(layers: readonly Layer[], kind: K) {
  const options = innermost(layers, 'tcp')?.header.options ?? []
  const isKind = (o: (typeof options)[number]): o is Extract<typeof o, { kind: K }> => o.kind === kind
  return options.findLast(isKind)
}

/** tshark looks into unknown options and quoted packets, which are random here. */
const queries = icmpv6s.filter((v) =>
  'options' in v
    ? v.options.every(({ kind }) => kind !== 'unknown' && kind !== 'redirectedHeader')
    : v.kind === 'echoRequest' || v.kind === 'echoReply',
)

/** Frames that no dissector should find fault with: real lengths, ports of nobody, whole datagrams. */
const link = fc.record({ e: ethernets })
const whole = ipv4s.map((v) => ({ ...v, moreFragments: false, fragmentOffset: 0, options: [] }))
const routerAlert: Extension = { kind: 'hopByHop', options: [{ number: 5, data: new Uint8Array(2) }] }
const padding: Extension = { kind: 'destinationOptions', options: [] }
const plain6 = fc
  .tuple(ipv6s, fc.constantFrom([], [routerAlert], [padding], [routerAlert, padding]))
  .map(([v, extensions]) => ({ ...v, extensions }))
/** Zeros on ports of nobody look like no protocol; random bytes look like RTCP now and then. */
const quiet = <T extends { payload: Uint8Array }>(v: T): T => ({ ...v, payload: new Uint8Array(v.payload.length) })
const port = fc.integer({ min: 51000, max: 51999 })
const segments = fc
  .tuple(tcps, port, port)
  .map(([t, sourcePort, destinationPort]) => quiet({ ...t, sourcePort, destinationPort }))
const datagrams = fc
  .tuple(udps, port, port)
  .map(([u, sourcePort, destinationPort]) => quiet({ ...u, sourcePort, destinationPort }))

const overV4 =
  (protocol: number, write: (source: V4, destination: V4) => Uint8Array) => (v: Parameters<typeof ipv4.write>[1]) =>
    encode(ipv4, { ...v, protocol, payload: write(v.source, v.destination) })
const overV6 =
  (protocol: number, write: (source: V6, destination: V6) => Uint8Array) => (v: Parameters<typeof ipv6.write>[1]) =>
    encode(ipv6, { ...v, protocol, payload: write(v.source, v.destination) })

const packets: fc.Arbitrary<readonly [number, Uint8Array]> = fc.oneof(
  arps.map((a) => [0x0806, encode(arp, a)] as const),
  fc.tuple(whole, segments).map(([v, t]) => [0x0800, overV4(6, (s, d) => encode(tcpBetween(s, d), t))(v)] as const),
  fc.tuple(whole, datagrams).map(([v, u]) => [0x0800, overV4(17, (s, d) => encode(udpBetween(s, d), u))(v)] as const),
  fc
    .tuple(
      whole,
      icmps.filter(({ kind }) => kind.startsWith('echo')),
    )
    .map(([v, i]) => [0x0800, overV4(1, () => encode(icmp, i))(v)] as const),
  fc.tuple(plain6, segments).map(([v, t]) => [0x86dd, overV6(6, (s, d) => encode(tcpBetween(s, d), t))(v)] as const),
  fc.tuple(plain6, datagrams).map(([v, u]) => [0x86dd, overV6(17, (s, d) => encode(udpBetween(s, d), u))(v)] as const),
  fc
    .tuple(plain6, queries)
    .map(([v, i]) => [0x86dd, overV6(58, (s, d) => encode(icmpv6Between(s, d), i))({ ...v, hopLimit: 255 })] as const),
)

const frames = fc
  .tuple(link, packets, fc.option(fc.tuple(ethernets, whole, fc.nat(0xffffff))))
  .map(([{ e }, [etherType, payload], tunnel]) => {
    const frame = encode(ethernet, { ...e, etherType, payload })
    if (tunnel === null) return frame
    const [outer, v, vni] = tunnel
    const datagram = { sourcePort: 50000, destinationPort: 8472, payload: encode(vxlan, { vni, payload: frame }) }
    const packet = overV4(17, (s, d) => encode(udpBetween(s, d), datagram))(v)
    return encode(ethernet, { ...outer, etherType: 0x0800, payload: packet })
  })

describe.skipIf(skip(reason, 'the tshark oracle of codecs'))('tshark', () => {
  test('reads 500 random frames as we do, and finds nothing wrong with them', () => {
    const sample = fc.sample(frames, { numRuns: 500, seed: 20260101 })
    const read = tshark(sample, [...Object.keys(FIELDS), ...FAULTS])
    expect(read.length).toBe(sample.length)
    for (const [i, frame] of sample.entries()) {
      const layers = dissect(frame)
      const ours = Object.fromEntries(Object.entries(FIELDS).map(([name, of]) => [name, of(layers) ?? '']))
      const theirs = Object.fromEntries(Object.keys(FIELDS).map((name, j) => [name, last(read[i][j])]))
      expect({ i, ...theirs }).toEqual({ i, ...ours })
      expect({ i, faults: read[i].slice(Object.keys(FIELDS).length) }).toEqual({ i, faults: NO_FAULTS(layers) })
      expect(layers.filter(({ checksum }) => checksum?.verdict === 'bad')).toEqual([])
    }
  })
})

/** tshark's verdicts: `1` good, a checksum for each layer that has one, and a mark for what it could not read. */
const FAULTS = [
  'ip.checksum.status',
  'tcp.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  '_ws.malformed',
]

function NO_FAULTS(layers: readonly Layer[]): string[] {
  const good = (...protocols: Layer['protocol'][]): string =>
    layers
      .filter(({ protocol }) => protocols.includes(protocol))
      .map(() => '1')
      .join(',')
  return [good('ipv4'), good('tcp'), good('udp'), good('icmp'), '']
}

const last = (values: string): string => values.split(',').at(-1) ?? ''

/** For each frame, the fields in order; the occurrences of one are joined with commas. */
function tshark(all: readonly Uint8Array[], fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-wire-'))
  try {
    const file = join(folder, 'frames.pcap')
    writeFileSync(file, pcap(all))
    const output = execFileSync(
      'tshark',
      [
        ...['-r', file, '-n', '-T', 'fields', '-E', 'separator=|', '-d', 'udp.port==8472,vxlan'],
        ...['ip', 'tcp', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]),
        ...['-o', 'tcp.desegment_tcp_streams:FALSE', '-o', 'tcp.relative_sequence_numbers:FALSE'],
        ...fields.flatMap((field) => ['-e', field]),
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    return output
      .trimEnd()
      .split('\n')
      .map((line) => line.split('|'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function pcap(all: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(65535, 16)
  head.writeUInt32LE(1, 20)
  const records = all.flatMap((bytes, i) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(i, 0)
    record.writeUInt32LE(bytes.length, 8)
    record.writeUInt32LE(bytes.length, 12)
    return [record, bytes]
  })
  return Buffer.concat([head, ...records])
}
