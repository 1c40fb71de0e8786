import { describe, expect, it } from 'vitest'
import { SECOND } from '../../sim/time.ts'
import { address, mac, v4 } from '../../util/address.ts'
import { taps } from '../testing/dump.ts'
import { Lab } from '../testing/lab.ts'
import { datagram, ping } from '../testing/probe.ts'
import * as arp from './arp.ts'

const NEIGHBOUR = v4('10.244.1.3')

/** Two pods of one node that have talked once. */
function acquainted() {
  const lab = new Lab({ overlay: 'host-gw' })
  const a = lab.pod(1, 1)
  ping(a.namespace, NEIGHBOUR)
  lab.run()
  const entry = a.device.neighbours.find(NEIGHBOUR)!
  const back = lab.pod(1, 2).device.neighbours.find(a.v4)!
  return { lab, a, b: lab.pod(1, 2), entry, back }
}

const arps = (lab: Lab, from: number): string[] =>
  taps(lab.kernel.recorder, lab.steps().slice(from)).filter(
    (line) => line.includes(' out arp') && line.startsWith('pod'),
  )

describe('a neighbour', () => {
  it('is reachable for 15 to 45 seconds after it answered, then stale', () => {
    const { lab, entry } = acquainted()
    expect(entry.state).toBe('reachable')
    const { now } = lab.kernel.simulation
    expect(entry.until - entry.confirmed).toBeGreaterThanOrEqual(15 * SECOND)
    expect(entry.until - entry.confirmed).toBeLessThan(45 * SECOND)
    expect(entry.connected(now)).toBe(true)
    expect(entry.connected(now + 45 * SECOND)).toBe(false)
  })

  it('learnt from its own request is stale; used, it is probed after five seconds, of it alone', () => {
    const { lab, a, back } = acquainted()
    expect(back.state).toBe('delay')
    const before = lab.steps().length
    lab.kernel.simulation.run(lab.kernel.simulation.now + 6 * SECOND)
    expect(arps(lab, before)).toEqual([
      'pod-12 eth0 out arp who-has 10.244.1.2 tell 10.244.1.3',
      'pod-11 eth0 out arp 10.244.1.2 is-at',
    ])
    expect(back.state).toBe('reachable')
    const probe = lab
      .steps()
      .slice(before)
      .find(({ event }) => event.kind === 'transmit')!
    expect([...lab.kernel.recorder.frame(probe.frame!).subarray(0, 6)].reduce((n, b) => n * 256 + b, 0)).toBe(
      a.device.mac,
    )
  })

  it('is not probed when the socket above knows that it is there', () => {
    const { lab, b, back } = acquainted()
    const before = lab.steps().length
    lab.kernel.simulation.run(lab.kernel.simulation.now + 2 * SECOND)
    b.device.neighbours.confirm(back.address)
    lab.kernel.simulation.run(lab.kernel.simulation.now + 5 * SECOND)
    expect(arps(lab, before)).toEqual([])
    expect(back.state).toBe('reachable')
  })

  it('that does not answer three probes is gone', () => {
    const { lab, a, b, back } = acquainted()
    a.namespace.setDown(a.device)
    lab.kernel.simulation.run(lab.kernel.simulation.now + 8 * SECOND)
    expect(back.state).toBe('failed')
    expect(b.device.neighbours.find(a.v4)?.mac).toBe(0)
  })

  it('takes a new MAC from an announcement at once', () => {
    const { lab, a, entry } = acquainted()
    expect(a.device.neighbours.locked(entry)).toBe(true)
    const impostor = lab.nodes[0].cni0.device
    arp.announce(impostor, NEIGHBOUR, 0)
    lab.run()
    expect([entry.mac, entry.state]).toEqual([impostor.mac, 'stale'])
  })

  it('set by hand never changes', () => {
    const { lab, a } = acquainted()
    const fixed = mac('02:00:00:00:00:77')
    a.device.neighbours.setPermanent(NEIGHBOUR, fixed)
    arp.announce(lab.pod(1, 2).device, NEIGHBOUR, 0)
    lab.run()
    expect(a.device.neighbours.find(NEIGHBOUR)).toMatchObject({ state: 'permanent', mac: fixed })
  })

  it('keeps 212,992 bytes waiting for it, the newest', () => {
    const lab = new Lab()
    const { namespace } = lab.pod(1, 1)
    for (let i = 0; i < 200; i++) datagram(namespace, address('10.244.1.77'), { size: 1400 })
    lab.run()
    const drops = lab.steps().flatMap(({ event }) => (event.kind === 'drop' ? [event.reason] : []))
    const full = drops.filter((reason) => reason === 'neighbour-queue-full').length
    expect(full).toBe(200 - Math.floor(212_992 / 1428))
    expect(drops.filter((reason) => reason === 'neighbour-failed')).toHaveLength(200 - full)
  })

  it('that failed is asked for again by the next packet', () => {
    const lab = new Lab()
    const { namespace } = lab.pod(1, 1)
    ping(namespace, address('10.244.1.77'))
    lab.run()
    const before = lab.steps().length
    ping(namespace, address('10.244.1.77'))
    lab.run()
    expect(arps(lab, before)).toHaveLength(3)
  })
})
