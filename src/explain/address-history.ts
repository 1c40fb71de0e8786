import type { Recorder } from '../trace/recorder.ts'
import type { ObjectRef } from '../trace/steps/kube.ts'
import { type AddressKey, formatAddress, keyOf, type V4 } from '../util/address.ts'

/** Who had an address, from when to when. Times in nanoseconds. */
export interface Tenancy {
  readonly address: string
  readonly pod: ObjectRef
  readonly node: string
  readonly from: number
  /** null: it has it still. */
  until: number | null
  /** Packets that were sent to the address after this pod was gone and before another one had it. */
  late: number
}

const IPV4 = 0x0800
const ETHERNET = 14

/** The tenancies of all pod addresses, in the order in which they began. Late packets are counted where frames were kept. */
export function addressHistory(recorder: Recorder): Tenancy[] {
  const all: Tenancy[] = []
  const latest = new Map<AddressKey, Tenancy>()
  const counted = new Set<string>()
  for (const { at, event, frame, packet } of recorder.steps) {
    if (event.kind === 'pod-address') {
      for (const address of event.addresses) {
        const known = latest.get(keyOf(address))
        if (event.change === 'released') {
          if (known?.pod.uid === event.pod.uid) known.until = at
          continue
        }
        const { pod, node } = event
        const tenancy = { address: formatAddress(address), pod, node, from: at, until: null, late: 0 }
        latest.set(keyOf(address), tenancy)
        all.push(tenancy)
      }
    } else if (frame !== null && event.kind === 'transmit') {
      const destination = destinationOf(recorder.frame(frame))
      const tenancy = destination === null ? undefined : latest.get(destination)
      if (tenancy === undefined || tenancy.until === null || counted.has(`${packet} ${tenancy.address}`)) continue
      counted.add(`${packet} ${tenancy.address}`)
      tenancy.late++
    }
  }
  return all
}

/** IPv4 only: a frame's destination as a key of addresses. */
function destinationOf(bytes: Uint8Array): V4 | null {
  if (bytes.length < ETHERNET + 20 || ((bytes[12] << 8) | bytes[13]) !== IPV4) return null
  const at = ETHERNET + 16
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) as V4
}
