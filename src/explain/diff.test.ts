import { describe, expect, it } from 'vitest'
import { mac, v4 } from '../util/address.ts'
import { writeEthernet } from '../wire/fast/ethernet.ts'
import { decrementTtl, writeIpv4 } from '../wire/fast/ipv4.ts'
import { writeTcp } from '../wire/fast/tcp.ts'
import { writeUdp } from '../wire/fast/udp.ts'
import { writeVxlan } from '../wire/fast/vxlan.ts'
import { Frame } from '../wire/frame.ts'
import { headerDiff } from './diff.ts'

const [client, web] = [v4('10.244.1.2'), v4('10.244.2.2')]
const [here, there] = [mac('0a:58:0a:f4:01:01'), mac('0a:58:0a:f4:02:01')]

function datagram(): Frame {
  const frame = Frame.of(new Uint8Array(8))
  writeUdp(frame, client, web, 40_112, 8080)
  writeIpv4(frame, client, web, 17, 64)
  writeEthernet(frame, here, there, 0x0800)
  return frame
}

describe('headerDiff', () => {
  it('shows what forwarding changes, and nothing else', () => {
    const before = datagram()
    const after = before.clone()
    decrementTtl(after, after.start + 14)
    const diff = headerDiff(before.view(), after.view())
    expect(diff.map(({ layer, change }) => `${layer} ${change}`)).toEqual(['ethernet same', 'ipv4 changed', 'udp same'])
    const ip = diff[1].fields
    expect(ip.map(({ field }) => field)).toEqual(['ttl', 'checksum'])
    expect(ip[0]).toEqual({ field: 'ttl', before: '64', after: '63' })
  })

  it('compares each TCP option with the one in its place', () => {
    const before = Frame.of(new Uint8Array(0))
    // Maximum segment size 1410, SACK permitted, window scale 7.
    const options = Uint8Array.of(2, 4, 5, 130, 4, 2, 3, 3, 7, 1, 1, 0)
    writeTcp(before, client, web, 40_112, 80, 1, 0, 2, 64_240, options)
    writeIpv4(before, client, web, 6, 64)
    writeEthernet(before, here, there, 0x0800)
    const after = before.clone()
    decrementTtl(after, after.start + 14)
    expect(headerDiff(before.view(), after.view()).map(({ change }) => change)).toEqual(['same', 'changed', 'same'])
  })

  it('shows encapsulation as layers added in front', () => {
    const before = datagram()
    const after = before.clone()
    writeVxlan(after, 1)
    writeUdp(after, v4('192.168.56.11'), v4('192.168.56.12'), 51_820, 8472)
    writeIpv4(after, v4('192.168.56.11'), v4('192.168.56.12'), 17, 64)
    writeEthernet(after, here, there, 0x0800)
    const diff = headerDiff(before.view(), after.view())
    expect(diff.map(({ layer, change }) => `${layer} ${change}`)).toEqual([
      'ethernet added',
      'ipv4 added',
      'udp added',
      'vxlan added',
      'ethernet same',
      'ipv4 same',
      'udp same',
    ])
    expect(diff[1].summary).toBe('192.168.56.11 > 192.168.56.12 ttl 64')
    expect(diff[3].summary).toBe('vni 1')
    expect(headerDiff(after.view(), before.view()).filter((layer) => layer.change === 'removed')).toHaveLength(4)
  })
})
