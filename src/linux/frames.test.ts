import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SECOND } from '../sim/time.ts'
import { address } from '../util/address.ts'
import { u16 } from '../wire/fast/bytes.ts'
import * as ipv4 from '../wire/fast/ipv4.ts'
import * as ipv6 from '../wire/fast/ipv6.ts'
import { isFragment, Layout, locate } from '../wire/fast/layout.ts'
import { checksumOk } from '../wire/fast/transport.ts'
import { ETHERTYPE, PROTOCOL } from '../wire/numbers.ts'
import { Lab } from './testing/lab.ts'
import { datagram, ping } from './testing/probe.ts'
import { track, VIP } from './testing/rules.ts'

/** What is wrong with a frame, tunnelled frames included; null when nothing is. `o` is where its Ethernet header starts. */
function fault(b: Uint8Array, o: number): string | null {
  const type = u16(b, o + 12)
  if (type === ETHERTYPE.arp) return b.length - o === 42 ? null : 'ARP length'
  const layout = new Layout()
  if (!locate(b, o + 14, b.length, layout)) return 'headers'
  if (layout.end !== b.length) return `length: ${layout.end} of ${b.length}`
  const header = layout.family === 4 ? ipv4.fault(b, o + 14, b.length) : ipv6.fault(b, o + 14, b.length)
  if (header !== null) return header
  if ((layout.family === 4) !== (type === ETHERTYPE.ipv4)) return 'EtherType'
  if (isFragment(layout)) return null
  if (!checksumOk(b, layout)) return 'transport checksum'
  const tunnelled = layout.protocol === PROTOCOL.udp && u16(b, layout.transport + 2) === 8472
  return tunnelled ? fault(b, layout.transport + 16) : null
}

const probe = fc.record({
  from: fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(1, 2)),
  to: fc.constantFrom('pod-12', 'pod-21', 'pod-22', 'absent', 'node', 'service'),
  kind: fc.constantFrom('ping', 'datagram'),
  six: fc.boolean(),
  size: fc.oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.integer({ min: 1350, max: 1500 }),
    fc.integer({ max: 9000, min: 0 }),
  ),
  ttl: fc.constantFrom(1, 2, 3, 64),
  dontFragment: fc.boolean(),
})

describe('every frame on every tap', () => {
  it('is whole, of the right length, and has right checksums, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('vxlan' as const, 'host-gw' as const),
        fc.constantFrom(1450, 1500),
        fc.boolean(),
        fc.array(probe, { minLength: 1, maxLength: 8 }),
        (overlay, podMtu, tracked, probes) => {
          const services = [
            { vip: VIP(1), pod: null },
            { vip: VIP(2), pod: new Lab().pod(2, 1).v4, masquerade: true },
          ]
          const lab = new Lab({ overlay, podMtu, node: (node) => void (tracked && track(node, services)) })
          for (const { from, to, kind, six, size, ttl, dontFragment } of probes) {
            const family = six ? 'v6' : 'v4'
            const pods = { 'pod-12': lab.pod(1, 2), 'pod-21': lab.pod(2, 1), 'pod-22': lab.pod(2, 2) }
            const target = {
              'pod-12': pods['pod-12'][family],
              'pod-21': pods['pod-21'][family],
              'pod-22': pods['pod-22'][family],
              absent: address(six ? 'fd00:10:244:2::99' : '10.244.2.99'),
              node: lab.nodes[1].eth0.addresses[six ? 1 : 0].address,
              service: VIP(1 + (size % 2)),
            }[to]
            const { namespace } = lab.pod(...from)
            const send = kind === 'ping' ? ping : datagram
            send(namespace, target, { size, ttl, dontFragment })
            lab.kernel.simulation.run(lab.kernel.simulation.now + 4 * SECOND)
          }
          lab.run()
          for (const step of lab.steps()) {
            if (step.frame === null) continue
            const frame = lab.kernel.recorder.frame(step.frame)
            expect(fault(frame, 0)).toBeNull()
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
