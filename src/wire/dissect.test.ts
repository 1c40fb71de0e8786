import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linuxFrame, linuxFrames } from '../../test/support/vectors.ts'
import { ethernets, ipv4s, ipv6s, tcps, udps } from '../../test/support/wire.ts'
import { mac, v4, v6 } from '../util/address.ts'
import { encode, fromHex } from '../util/bytes.ts'
import { dissect } from './dissect.ts'
import { dns } from './dns/message.ts'
import { IN, RECORD_TYPE } from './dns/record.ts'
import { ethernet } from './ethernet.ts'
import { formatField } from './field.ts'
import { Frame } from './frame.ts'
import { icmp } from './icmp.ts'
import { ipv4 } from './ipv4.ts'
import { ipv6 } from './ipv6.ts'
import { innermost, type Layer, outermost } from './layer.ts'
import { tcpBetween } from './tcp.ts'
import { udp, udpBetween } from './udp.ts'
import { vxlan } from './vxlan.ts'

const A = v4('10.244.1.2')
const B = v4('10.244.2.2')
const NO_BYTES = new Uint8Array(0)
const ip = { tos: 0, id: 0, dontFragment: false, moreFragments: false, fragmentOffset: 0, ttl: 64, options: [] }
const from = { ...ip, source: A, destination: B }
const link = { destination: mac('0a:58:0a:f4:01:01'), source: mac('0a:58:0a:f4:01:02') }

const summary = (layers: readonly Layer[]): string =>
  layers
    .map(({ protocol, depth, quoted, checksum }) => {
      const where = `${'+'.repeat(depth)}${quoted ? '~' : ''}`
      return `${where}${protocol}${checksum === null ? '' : `:${checksum.verdict}`}`
    })
    .join(' ')

/** Layers lie side by side and leave nothing out; their spans lie in them. */
function expectTiled(layers: readonly Layer[], length: number): void {
  let at = 0
  for (const { start, end, spans } of layers) {
    expect(start).toBe(at)
    expect(end).toBeGreaterThanOrEqual(start)
    for (const span of spans) {
      expect(span.offset).toBeGreaterThanOrEqual(start)
      expect(span.offset + span.length).toBeLessThanOrEqual(end)
    }
    at = end
  }
  expect(at).toBe(length)
}

describe('frames of Linux', () => {
  test.each([...linuxFrames])('%s: every checksum right, every byte in a layer', (_, frame) => {
    const layers = dissect(frame)
    expectTiled(layers, frame.length)
    expect(layers.filter(({ protocol }) => protocol === 'malformed' || protocol === 'cut')).toEqual([])
    expect(layers.filter(({ checksum }) => checksum?.verdict === 'bad')).toEqual([])
    for (const { spans, start, end } of layers) {
      if (spans.length === 0) continue
      const covered = new Set(spans.flatMap(({ offset, length }) => Array.from({ length }, (_v, i) => offset + i)))
      expect(covered.size).toBe(end - start)
    }
  })

  test.each([
    ['arp-request', 'ethernet arp'],
    ['syn', 'ethernet ipv4:good tcp:good'],
    ['first-fragment', 'ethernet ipv4:good icmp:partial payload'],
    ['last-fragment-v6', 'ethernet ipv6 payload'],
    ['fragmentation-needed', 'ethernet ipv4:good icmp:good ~ipv4:good ~icmp:partial ~payload'],
    ['packet-too-big', 'ethernet ipv6 icmpv6:good ~ipv6 ~icmpv6:partial ~payload'],
    [
      'vxlan-port-unreachable',
      'ethernet ipv4:good udp:good vxlan +ethernet +ipv4:good +icmp:good +~ipv4:good +~udp:good +~payload',
    ],
  ])('%s', (name, layers) => {
    expect(summary(dissect(linuxFrame(name)))).toBe(layers)
  })

  test.each([...linuxFrames].filter(([, { length }]) => length < 200))('%s cut anywhere', (_, frame) => {
    for (let length = 0; length < frame.length; length++) {
      const layers = dissect(frame.slice(0, length))
      expectTiled(layers, length)
      expect(layers.some(({ protocol }) => protocol === 'malformed')).toBe(true)
    }
  })
})

test('the same layer can be asked for outside and inside a tunnel', () => {
  const layers = dissect(linuxFrame('vxlan-echo'))
  expect(outermost(layers, 'ipv4')?.header.source).toBe(v4('10.244.1.2'))
  expect(innermost(layers, 'ipv4')?.header.source).toBe(v4('10.9.0.1'))
  expect(outermost(layers, 'tcp')).toBeNull()
  const error = dissect(linuxFrame('time-exceeded'))
  expect(innermost(error, 'ipv4')?.header.source).toBe(v4('10.244.1.1'))
})

test('spans hold absolute offsets, and their values print as people write them', () => {
  const layers = dissect(linuxFrame('vxlan-echo'))
  const field = (protocol: Layer['protocol'], name: string): string => {
    const span = innermost(layers, protocol)?.spans.find((s) => s.field === name)
    return span === undefined ? '' : `${span.offset} ${formatField(span)}`
  }
  expect(field('ipv4', 'ttl')).toBe('72 64')
  expect(field('ipv4', 'checksum')).toBe('74 0x52b9')
  expect(field('ipv4', 'source')).toBe('76 10.9.0.1')
  expect(field('ethernet', 'source')).toBe('56 92:4a:b3:ae:66:c2')
  const six = dissect(linuxFrame('syn-v6'))
  expect(six[1].spans.map(formatField)).toContain('fd00:10:244:1::2')
  expect(
    formatField({ protocol: 'x', field: 'x', offset: 0, length: 3, value: fromHex('0204b4'), shape: 'bytes' }),
  ).toBe('0204 b4')
})

describe('checksums', () => {
  test('a bad one says what it should be', () => {
    const names = ['syn', 'udp', 'echo-request', 'syn-v6', 'udp-v6', 'echo-request-v6']
    for (const name of names) {
      const frame = linuxFrame(name).slice()
      frame[frame.length - 1] ^= 0x40
      const bad = dissect(frame).find(({ checksum }) => checksum?.verdict === 'bad')
      const span = bad?.spans.find(({ field }) => field === 'checksum')
      if (!bad?.checksum || !span) throw new Error(`no bad checksum in ${name}`)
      const expected = bad.checksum.expected ?? -1
      frame.set([expected >> 8, expected & 0xff], span.offset)
      expect(summary(dissect(frame))).toBe(summary(dissect(linuxFrame(name))))
    }
  })

  test('absent over IPv4 is fine, over IPv6 it is not (RFC 8200 8.1)', () => {
    const payload = encode(udp, { sourcePort: 1, destinationPort: 2, payload: NO_BYTES })
    const four = encode(ipv4, { ...from, protocol: 17, payload })
    expect(summary(dissect(four, 'ip'))).toBe('ipv4:good udp:absent')
    const addresses = { source: v6('fd00::1'), destination: v6('fd00::2') }
    const rest = { trafficClass: 0, flowLabel: 0, hopLimit: 64, extensions: [], protocol: 17, payload }
    expect(summary(dissect(encode(ipv6, { ...addresses, ...rest }), 'ip'))).toBe('ipv6 udp:bad')
  })

  test('while a routing header has segments left, they cover its last address', () => {
    const source = v6('fd00::1')
    const last = v6('fd00::9')
    const segment = { sourcePort: 1, destinationPort: 2, payload: NO_BYTES }
    const routed = (segmentsLeft: number, type: number, data: string): Uint8Array =>
      encode(ipv6, {
        trafficClass: 0,
        flowLabel: 0,
        hopLimit: 64,
        source,
        destination: v6('fd00::5'),
        extensions: [{ kind: 'routing', type, segmentsLeft, data: fromHex(data) }],
        protocol: 17,
        payload: encode(udpBetween(source, segmentsLeft > 0 ? last : v6('fd00::5')), segment),
      })
    const nine = `fd00${'00'.repeat(13)}09`
    const five = `fd00${'00'.repeat(13)}05`
    expect(summary(dissect(routed(1, 2, `00000000 ${nine}`), 'ip'))).toBe('ipv6 udp:good')
    expect(summary(dissect(routed(1, 4, `01000000 ${nine} ${five}`), 'ip'))).toBe('ipv6 udp:good')
    expect(summary(dissect(routed(0, 2, `00000000 ${nine}`), 'ip'))).toBe('ipv6 udp:good')
  })
})

describe('payloads', () => {
  const datagram = (port: number, payload: Uint8Array): Uint8Array =>
    encode(ipv4, {
      ...from,
      protocol: 17,
      payload: encode(udpBetween(A, B), { sourcePort: 40000, destinationPort: port, payload }),
    })

  test('DNS on port 53', () => {
    const flags = { authoritative: false, truncated: false, recursionAvailable: false, authenticData: false }
    const query = encode(dns, {
      id: 7,
      response: false,
      opcode: 0,
      recursionDesired: true,
      checkingDisabled: false,
      rcode: 0,
      ...flags,
      questions: [{ name: 'web.default.svc', type: RECORD_TYPE.A, class: IN }],
      answers: [],
      authorities: [],
      additionals: [],
    })
    const layers = dissect(datagram(53, query), 'ip')
    expect(summary(layers)).toBe('ipv4:good udp:good dns')
    const name = layers[2].spans.find(({ field }) => field === 'question[0].name')
    expect(name).toMatchObject({ offset: 40, length: 17, value: 'web.default.svc' })
    expect(summary(dissect(datagram(53, query.slice(0, 20)), 'ip'))).toBe('ipv4:good udp:good malformed payload')
  })

  test('VXLAN on both ports', () => {
    const inside = encode(ethernet, { ...link, etherType: 0x88cc, payload: fromHex('01') })
    const tunnel = encode(vxlan, { vni: 9, payload: inside })
    for (const port of [8472, 4789]) {
      expect(summary(dissect(datagram(port, tunnel), 'ip'))).toBe('ipv4:good udp:good vxlan +ethernet +payload')
    }
    expect(summary(dissect(datagram(8473, tunnel), 'ip'))).toBe('ipv4:good udp:good payload')
  })

  test('padding of a short Ethernet frame', () => {
    const frame = new Uint8Array(60)
    frame.set(linuxFrame('rst'))
    expect(summary(dissect(frame))).toBe('ethernet ipv4:good tcp:good padding')
    const request = new Uint8Array(60)
    request.set(linuxFrame('arp-request'))
    expect(summary(dissect(request))).toBe('ethernet arp padding')
  })

  test('a quote of 8 bytes (RFC 792) cuts a TCP header, and is not malformed', () => {
    const quoted = linuxFrame('syn').slice(14, 14 + 28)
    const error = encode(icmp, { kind: 'timeExceeded', code: 0, quoted })
    const layers = dissect(encode(ipv4, { ...from, protocol: 1, payload: error }), 'ip')
    expect(summary(layers)).toBe('ipv4:good icmp:good ~ipv4:good ~cut')
    expect(layers[3].header).toEqual({ of: 'tcp' })
    expect(layers[3].spans.map(({ field, value }) => [field, value])).toEqual([
      ['sourcePort', 44066],
      ['destinationPort', 8080],
      ['sequence', 1225884422],
    ])
  })

  test('a malformed header in a quote stays malformed', () => {
    const quoted = linuxFrame('syn').slice(14)
    quoted[0] = 0x42
    const error = encode(icmp, { kind: 'timeExceeded', code: 0, quoted })
    const layers = dissect(encode(ipv4, { ...from, protocol: 1, payload: error }), 'ip')
    expect(summary(layers)).toBe('ipv4:good icmp:good ~malformed ~payload')
  })
})

test('a malformed header says what is wrong and where, and keeps what was read', () => {
  const frame = linuxFrame('syn').slice()
  frame[46] = 0x40
  const [, , bad, rest] = dissect(frame)
  expect(bad).toMatchObject({ protocol: 'malformed', start: 34, end: 47, header: { of: 'tcp' } })
  expect(bad.protocol === 'malformed' && bad.header.error.message).toBe(
    'tcp.dataOffset at offset 46: expected >= 5, got 4',
  )
  expect(rest).toMatchObject({ protocol: 'payload', start: 47, end: 74 })
})

describe('whatever the bytes', () => {
  const frames = fc.oneof(
    fc.uint8Array({ maxLength: 150 }),
    fc
      .tuple(fc.constantFrom(...linuxFrames.values()), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
      .map(([frame, damage]) => {
        const copy = frame.slice(0, 400)
        for (const [at, value] of damage) copy[at % copy.length] = value
        return copy
      }),
  )

  test('layers tile the frame', () => {
    fc.assert(
      fc.property(frames, fc.constantFrom('ethernet', 'ip'), (frame, begin) => {
        expectTiled(dissect(frame, begin), frame.length)
      }),
      { numRuns: 2000 },
    )
  })

  test('of a frame well made, headers are what was written', () => {
    fc.assert(
      fc.property(ethernets, ipv4s, ipv6s, tcps, udps, (e, four, six, t, u) => {
        const low = { ...four, protocol: 6, moreFragments: false, fragmentOffset: 0 }
        low.payload = encode(tcpBetween(low.source, low.destination), t)
        const high = { ...six, extensions: [], protocol: 17 }
        high.payload = encode(udpBetween(high.source, high.destination), { ...u, destinationPort: 9, sourcePort: 9 })
        const one = dissect(encode(ethernet, { ...e, etherType: 0x0800, payload: encode(ipv4, low) }))
        expect(one[1].header).toEqual(low)
        expect(one[2].header).toEqual(t)
        const other = dissect(encode(ethernet, { ...e, etherType: 0x86dd, payload: encode(ipv6, high) }))
        expect(other[1].header).toEqual(high)
        expect(summary([...one, ...other])).not.toMatch(/bad|partial|malformed|cut/)
      }),
    )
  })

  test('tunnels in tunnels and quotes in quotes end', () => {
    let tunnel = encode(ethernet, { ...link, etherType: 0, payload: NO_BYTES })
    let quote = encode(ipv4, { ...from, protocol: 6, payload: NO_BYTES })
    for (let i = 0; i < 1000; i++) {
      const payload = encode(udp, {
        sourcePort: 1,
        destinationPort: 8472,
        payload: encode(vxlan, { vni: 1, payload: tunnel }),
      })
      tunnel = encode(ethernet, {
        ...link,
        etherType: 0x0800,
        payload: encode(ipv4, { ...from, protocol: 17, payload }),
      })
      quote = encode(ipv4, {
        ...from,
        protocol: 1,
        payload: encode(icmp, { kind: 'timeExceeded', code: 0, quoted: quote }),
      })
    }
    for (const layers of [dissect(tunnel), dissect(quote, 'ip')]) {
      expect(layers.at(-1)?.protocol).toBe('payload')
      expect(layers.length).toBeLessThan(60)
    }
  })
})

test('dissects a frame from its window', () => {
  const frame = Frame.of(linuxFrame('syn'))
  expect(summary(dissect(frame.view()))).toBe('ethernet ipv4:good tcp:good')
})
