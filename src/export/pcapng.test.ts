import { describe, expect, it } from 'vitest'
import { Recorder } from '../trace/recorder.ts'
import { Frame } from '../wire/frame.ts'
import { pcapng } from './pcapng.ts'

/** Block types and bodies, as a reader that knows only the framing sees them. */
function blocks(file: Uint8Array): { type: number; body: DataView }[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const found = []
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, true)
    expect(view.getUint32(at + length - 4, true)).toBe(length)
    found.push({
      type: view.getUint32(at, true),
      body: new DataView(file.buffer, file.byteOffset + at + 8, length - 12),
    })
    at += length
  }
  return found
}

describe('pcapng', () => {
  const recorder = new Recorder()
  const client = recorder.place('node-1', 'default/client', 'eth0')
  const node = recorder.place('node-1', 'host', 'veth1')
  const frame = Frame.of(Uint8Array.from({ length: 61 }, (_, i) => i))
  recorder.step(1_500, client, 0, 1, frame, { kind: 'transmit' })
  recorder.step(2_500, node, 1, 1, frame, { kind: 'receive' })
  recorder.step(2_500, node, 2, 1, frame, { kind: 'drop', reason: 'other-host' })

  it('has an interface for every tap and a packet with its direction for every sighting', () => {
    const found = blocks(pcapng(recorder, { epoch: 1_767_225_600_000 }))
    expect(found.map((b) => b.type)).toEqual([0x0a0d0d0a, 1, 6, 1, 6])
    const packet = found[4].body
    expect(packet.getUint32(0, true)).toBe(1)
    const time = (BigInt(packet.getUint32(4, true)) << 32n) | BigInt(packet.getUint32(8, true))
    expect(time).toBe(1_767_225_600_000_002_500n)
    expect(packet.getUint32(12, true)).toBe(61)
    expect(packet.getUint8(20 + 60)).toBe(60)
    expect(packet.getUint32(20 + 64 + 4, true)).toBe(1)
    expect(found[2].body.getUint32(20 + 64 + 4, true)).toBe(2)
  })

  it('keeps to one capture point when told', () => {
    const only = pcapng(recorder, { epoch: 0, at: (place) => place.netns === 'host' })
    expect(blocks(only).map((b) => b.type)).toEqual([0x0a0d0d0a, 1, 6])
  })

  it('carries TLS secrets before the packets they open', () => {
    const found = blocks(pcapng(recorder, { epoch: 0, keylog: 'CLIENT_RANDOM 00 11\n' }))
    expect(found[1].type).toBe(10)
    expect(found[1].body.getUint32(4, true)).toBe(20)
  })
})
