import { describe, expect, it } from 'vitest'
import { Recorder } from '../trace/recorder.ts'
import { address } from '../util/address.ts'
import { Frame } from '../wire/frame.ts'
import { addressHistory } from './address-history.ts'
import { addressHistoryText } from './text/address-history.ts'

const ref = (name: string) => ({ kind: 'Pod', namespace: 'default', name, uid: name })
const TO = address('10.244.1.2')

describe('the history of addresses', () => {
  const recorder = new Recorder()
  const place = recorder.place('node-1', 'host', '')
  const change = (at: number, what: 'assigned' | 'released', name: string): void => {
    recorder.step(at, place, 0, 0, null, {
      kind: 'pod-address',
      change: what,
      pod: ref(name),
      node: 'node-1',
      addresses: [TO],
    })
  }
  const send = (at: number, packet: number): void => {
    const bytes = new Uint8Array(34)
    bytes.set([0x08, 0x00], 12)
    bytes.set([10, 244, 1, 2], 30)
    recorder.step(at, place, 0, packet, new Frame(bytes, 0, 34), { kind: 'transmit' })
  }
  change(1e9, 'assigned', 'a')
  send(2e9, 1)
  change(3e9, 'released', 'a')
  send(4e9, 2)
  send(4.1e9, 2)
  send(5e9, 3)
  change(6e9, 'assigned', 'b')
  send(7e9, 4)

  it('knows who had one when, and counts each packet that came too late once', () => {
    expect(addressHistory(recorder)).toMatchObject([
      { address: '10.244.1.2', pod: { name: 'a' }, from: 1e9, until: 3e9, late: 2 },
      { address: '10.244.1.2', pod: { name: 'b' }, from: 6e9, until: null, late: 0 },
    ])
  })

  it('is a table', () => {
    expect(addressHistoryText(addressHistory(recorder))).toEqual([
      'ADDRESS     POD        NODE    FROM    UNTIL   SENT AFTER IT WAS GONE',
      '10.244.1.2  default/a  node-1  1.000s  3.000s  2 packets',
      '10.244.1.2  default/b  node-1  6.000s  -',
    ])
  })
})
