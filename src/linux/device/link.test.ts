import { describe, expect, it } from 'vitest'
import { MILLISECOND } from '../../sim/time.ts'
import { Rng } from '../../util/rng.ts'
import type { Namespace } from '../namespace.ts'
import { Lab } from '../testing/lab.ts'
import { ping } from '../testing/probe.ts'
import { Fault, type FaultSpec } from './fault.ts'
import { Link } from './link.ts'
import type { Nic } from './nic.ts'
import type { Veth } from './veth.ts'

const cable = (lab: Lab, node: number): Link => (lab.nodes[node - 1].eth0.driver as Nic).link

/** Echo replies that a pod had for 200 requests to the other node, over a bad cable, and the steps' reasons for the rest. */
function over(spec: FaultSpec, seed = 1) {
  const lab = new Lab({ overlay: 'host-gw' })
  const { namespace } = lab.pod(1, 1)
  const to = lab.pod(2, 1).v4
  ping(namespace, to)
  lab.run()
  const sequences = replies(namespace)
  cable(lab, 1).fault = new Fault(spec, new Rng(seed))
  for (let i = 0; i < 200; i++) ping(namespace, to, { sequence: i })
  const start = lab.kernel.simulation.now
  lab.run()
  const reasons = lab.steps().flatMap(({ event }) => (event.kind === 'drop' ? [event.reason] : []))
  return { sequences, reasons, took: lab.kernel.simulation.now - start }
}

function replies(namespace: Namespace): number[] {
  const sequences: number[] = []
  namespace.transport = {
    receive: ({ frame }) => {
      sequences.push((frame.bytes[frame.start + 6] << 8) | frame.bytes[frame.start + 7])
      return 'delivered'
    },
    error: () => {},
  }
  return sequences
}

const inOrder = Array.from({ length: 200 }, (_, i) => i)

describe('a link', () => {
  it('without faults keeps every frame and its order', () => {
    expect(over({}).sequences).toEqual(inOrder)
  })

  it('loses frames by chance, the same ones for the same seed', () => {
    const { sequences, reasons } = over({ loss: 0.3 })
    expect(sequences.length).toBeGreaterThan(110)
    expect(sequences.length).toBeLessThan(170)
    expect(reasons.filter((reason) => reason === 'link-fault')).toHaveLength(200 - sequences.length)
    expect(over({ loss: 0.3 }).sequences).toEqual(sequences)
    expect(over({ loss: 0.3 }, 2).sequences).not.toEqual(sequences)
  })

  it('doubles frames', () => {
    expect(over({ duplicate: 1 }).sequences).toHaveLength(400)
  })

  it('corrupts one bit, which a checksum finds or which makes the frame someone else’s', () => {
    const { sequences, reasons } = over({ corrupt: 1 })
    expect(sequences).toEqual([])
    const found = new Set(reasons)
    expect(found.has('ip-checksum') && found.has('icmp-checksum')).toBe(true)
  })

  it('delays', () => {
    expect(over({ delay: 5 * MILLISECOND }).took).toBeGreaterThan(5 * MILLISECOND)
  })

  it('with jitter lets frames overtake each other', () => {
    const { sequences } = over({ jitter: MILLISECOND })
    expect(sequences).not.toEqual(inOrder)
    expect([...sequences].sort((a, b) => a - b)).toEqual(inOrder)
  })

  it('that is cut carries nothing, whichever end is out', () => {
    for (const node of [1, 2]) {
      const lab = new Lab({ overlay: 'host-gw' })
      cable(lab, node).carrier = false
      ping(lab.pod(1, 1).namespace, lab.pod(2, 1).v4)
      lab.run()
      expect(lab.steps().some(({ event }) => event.kind === 'drop' && event.reason === 'link-cut')).toBe(true)
      expect(lab.steps().some(({ event }) => event.kind === 'deliver' && event.to === 'kernel')).toBe(true)
    }
  })

  it('takes time', () => {
    expect(() => new Link(new Lab().kernel, 0)).toThrow(RangeError)
  })

  it('of a veth drops what the peer’s MTU does not hold', () => {
    const lab = new Lab()
    const { namespace, device } = lab.pod(1, 1)
    ;(device.driver as Veth).peer!.mtu = 1000
    ping(namespace, lab.pod(1, 2).v4, { size: 1200 })
    lab.run()
    expect(lab.steps().at(-1)?.event).toMatchObject({ kind: 'drop', reason: 'too-big' })
  })

  it('has nobody at the other end once one end is deleted', () => {
    const lab = new Lab()
    const { namespace, device } = lab.pod(1, 1)
    const node = lab.nodes[0].namespace
    namespace.removeDevice(device)
    expect(node.device('veth11')).toBeNull()
    expect(namespace.route(lab.pod(1, 2).v4)).toBe('ENETUNREACH')
  })
})
