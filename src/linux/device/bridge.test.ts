import { describe, expect, it } from 'vitest'
import { SECOND } from '../../sim/time.ts'
import { BROADCAST, type Mac, mac } from '../../util/address.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import { Frame } from '../../wire/frame.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'
import { taps } from '../testing/dump.ts'
import { Lab } from '../testing/lab.ts'

const STRANGER = mac('02:00:00:00:00:aa')

/** A frame of a protocol nobody speaks, from a pod's device. */
function emit(lab: Lab, namespace: Namespace, to: Mac, from = namespace.devices[0].mac, size = 20): void {
  const frame = Frame.allocate(size)
  frame.put(size)
  writeEthernet(frame, to, from, 0x88b5)
  namespace.devices[0].transmit(new Skb(frame, lab.kernel.recorder.packet(), 0))
  lab.run()
}

function events(lab: Lab): string[] {
  return lab
    .steps()
    .flatMap(({ event }) =>
      event.kind === 'bridge' ? [`${event.decision} ${event.to.join(' ')}${event.learned ? ' learned' : ''}`] : [],
    )
}

describe('a bridge', () => {
  it('floods what it does not know to the newest port first, then knows the sender', () => {
    const lab = new Lab()
    const [a, b] = [lab.pod(1, 1).namespace, lab.pod(1, 2).namespace]
    emit(lab, a, b.devices[0].mac)
    emit(lab, b, a.devices[0].mac)
    emit(lab, a, b.devices[0].mac)
    expect(events(lab)).toEqual(['flood veth12 veth11 learned', 'forward veth11 learned', 'forward veth12'])
  })

  it('passes broadcasts up after all ports, and back by the hairpin', () => {
    const lab = new Lab()
    emit(lab, lab.pod(1, 1).namespace, BROADCAST)
    expect(taps(lab.kernel.recorder).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'pod-11 eth0 out',
      'node-1 veth11 in',
      'node-1 veth12 out',
      'node-1 veth11 out',
      'node-1 cni0 in',
      'pod-12 eth0 in',
      'pod-11 eth0 in',
    ])
  })

  it('does not send a frame back without hairpin', () => {
    const lab = new Lab()
    const { namespace } = lab.pod(1, 1)
    lab.nodes[0].namespace.device('veth11')!.port!.hairpin = false
    emit(lab, namespace, BROADCAST, STRANGER)
    emit(lab, namespace, STRANGER)
    expect(events(lab)).toEqual(['flood veth12 cni0 learned'])
    expect(lab.steps().at(-1)?.event).toMatchObject({ kind: 'drop', reason: 'bridge-same-port' })
  })

  it('forgets an address after 300 seconds, and with its port', () => {
    const lab = new Lab()
    const { fdb } = lab.nodes[0].cni0
    const { namespace } = lab.pod(1, 1)
    emit(lab, namespace, BROADCAST)
    const { now } = lab.kernel.simulation
    const own = namespace.devices[0].mac
    expect(fdb.find(own, now)?.device.name).toBe('veth11')
    expect(fdb.list(now).map(({ mac }) => mac)).toEqual([own])
    expect(fdb.find(own, now + 300 * SECOND)).toBeNull()
    emit(lab, namespace, BROADCAST)
    lab.nodes[0].namespace.removeDevice(lab.nodes[0].namespace.device('veth11')!)
    expect(fdb.find(own, now)).toBeNull()
    expect(namespace.devices).toEqual([])
  })

  it('moves an address to the port where it was last seen; a static one stays', () => {
    const lab = new Lab()
    const [a, b] = [lab.pod(1, 1).namespace, lab.pod(1, 2).namespace]
    emit(lab, a, BROADCAST, STRANGER)
    emit(lab, b, BROADCAST, STRANGER)
    const { fdb } = lab.nodes[0].cni0
    expect(fdb.find(STRANGER, 0)?.device.name).toBe('veth12')
    fdb.add(STRANGER, lab.nodes[0].namespace.device('veth12')!.port!)
    emit(lab, a, BROADCAST, STRANGER)
    expect(fdb.find(STRANGER, 0)?.device.name).toBe('veth12')
  })

  it('drops what a port cannot carry, and the groups kept for itself', () => {
    const lab = new Lab()
    const [a, b] = [lab.pod(1, 1).namespace, lab.pod(1, 2).namespace]
    emit(lab, b, BROADCAST)
    lab.nodes[0].namespace.device('veth12')!.mtu = 1000
    emit(lab, a, b.devices[0].mac, undefined, 1200)
    expect(lab.steps().at(-1)?.event).toMatchObject({ kind: 'drop', reason: 'too-big' })
    emit(lab, a, mac('01:80:c2:00:00:0e'))
    expect(lab.steps().at(-1)?.event).toMatchObject({ kind: 'drop', reason: 'bridge-ingress' })
  })
})
