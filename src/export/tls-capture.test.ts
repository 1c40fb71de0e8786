import { beforeAll, describe, expect, it } from 'vitest'
import { fetch } from '../app/curl/curl.ts'
import { readInput } from '../host/files.ts'
import { Emulation } from '../scenario/emulation.ts'
import { concat } from '../util/bytes.ts'
import { Malformed } from '../util/malformed.ts'
import { Rng } from '../util/rng.ts'
import { type Captured, readCapture } from './capture-file.ts'
import { pcapng } from './pcapng.ts'
import { tcpStreams } from './tcp-streams.ts'
import { type CapturedTls, tlsOfCapture } from './tls-capture.ts'

const SCENARIO = new URL('../../scenarios/first.yaml', import.meta.url).pathname

/** Every tap of the cluster, so also the frames inside VXLAN and both sides of the NAT. */
let file: Uint8Array
let bare: Uint8Array
let keylog: string
beforeAll(() => {
  const emulation = new Emulation(readInput([SCENARIO]))
  emulation.life?.settle()
  const https = emulation.tls.client({ insecure: false })
  emulation.runProgram(emulation.host('client'), 'curl', (context) =>
    fetch(context, 'https://web.default.svc/', { upgrades: { https } }),
  )
  keylog = emulation.tls.keylog.map((line) => `${line}\n`).join('')
  const { recorder, epoch } = emulation
  file = pcapng(recorder, { epoch, keylog })
  bare = pcapng(recorder, { epoch })
})

const messages = ({ events }: CapturedTls): string[] =>
  events.flatMap((event) => (event.kind === 'tls-message' ? [event.message] : []))
const ALL = [
  'ClientHello',
  'ServerHello',
  'EncryptedExtensions',
  'Certificate',
  'CertificateVerify',
  'Finished',
  'Finished',
]

function expectWhole(found: readonly CapturedTls[]): void {
  expect(found.map((one) => messages(one).slice(0, 7))).toEqual([ALL])
  expect(found[0].lines).toEqual({ client: 'GET / HTTP/1.1', server: 'HTTP/1.1 200 OK' })
}

/** The same packets as a pcap file. */
function asPcap(packets: readonly Captured[], little: boolean, nanos: boolean): Uint8Array {
  const words = (...values: number[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(values.length * 4))
    values.forEach((value, i) => {
      view.setUint32(i * 4, value, little)
    })
    return new Uint8Array(view.buffer)
  }
  const head = words(nanos ? 0xa1b23c4d : 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1)
  const records = packets.flatMap(({ at, bytes }) => {
    const fraction = Number(at % 1_000_000_000n) / (nanos ? 1 : 1000)
    return [words(Number(at / 1_000_000_000n), Math.floor(fraction), bytes.length, bytes.length), bytes]
  })
  return concat([head, ...records])
}

describe('TLS of a capture', () => {
  it('is read with the secrets that the file carries, once, though seen at many taps', () => {
    expectWhole(tlsOfCapture(file, '', null))
  })

  it('is read with a key log beside it, or stays sealed without', () => {
    expectWhole(tlsOfCapture(bare, keylog, null))
    expect(messages(tlsOfCapture(bare, '', null)[0])).toEqual(['ClientHello', 'ServerHello'])
  })

  it('is read inside VXLAN alone', () => {
    const packets = readCapture(bare).packets.filter(({ bytes }) => isVxlan(bytes))
    expect(packets.length).toBeGreaterThan(10)
    expectWhole(tlsOfCapture(asPcap(packets, true, false), keylog, null))
  })

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('comes from pcap files of either byte order and resolution (%s, %s)', (little, nanos) => {
    const { packets } = readCapture(bare)
    const again = readCapture(asPcap(packets, little, nanos)).packets
    const rounded = packets.map((one) => ({ ...one, at: nanos ? one.at : one.at - (one.at % 1000n) }))
    expect(again).toEqual(rounded)
    expectWhole(tlsOfCapture(asPcap(packets, little, nanos), keylog, null))
  })

  it('is put together when segments come twice and out of order', () => {
    const { packets } = readCapture(bare)
    const rng = new Rng('shuffled')
    const eth0 = packets.filter(({ bytes }) => isVxlan(bytes))
    const twice = eth0.flatMap((one) => [one, one])
    // Neighbours change places; the SYN and the ClientHello stay first.
    for (let i = 8; i + 1 < twice.length; i += 2)
      if (rng.u32() % 2 === 0) [twice[i], twice[i + 1]] = [twice[i + 1], twice[i]]
    const length = (all: readonly Captured[]): number => tcpStreams(all).reduce((sum, one) => sum + one.bytes.length, 0)
    expect(length(twice)).toBe(length(eth0))
    expectWhole(tlsOfCapture(asPcap(twice, true, true), keylog, null))
  })

  it('that is cut short, or no capture, ends in what there is or in Malformed', () => {
    for (let length = 0; length < file.length; length += 97) {
      try {
        tlsOfCapture(file.subarray(0, length), keylog, null)
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed)
      }
    }
    expect(() => readCapture(new Uint8Array(100))).toThrow('capture.magic')
    expect(() => readCapture(new Uint8Array(3))).toThrow(Malformed)
  })
})

const isVxlan = (b: Uint8Array): boolean => b[23] === 17 && ((b[36] << 8) | b[37]) === 8472
