import { interfaceName } from '../export/pcapng.ts'
import type { Emulation } from '../scenario/emulation.ts'
import type { Place } from '../trace/step.ts'
import { inputError } from '../util/diagnostics.ts'
import { nearest } from '../util/near.ts'

/** Which taps a capture holds: `all`, one by its name, or by default the sender's eth0. Throws InputError for an unknown one. */
export function captureFilter(
  emulation: Emulation,
  wanted: string | undefined,
  from: string,
): (place: Place) => boolean {
  if (wanted === 'all') return () => true
  const name = wanted ?? senderDevice(emulation, from)
  const known = emulation.recorder.places.filter(({ device }) => device !== '').map(interfaceName)
  if (!known.includes(name)) {
    const near = nearest(name, known)
    throw inputError(`no device ${name}`, near.length === 0 ? 'NODE:DEVICE, NS/POD:DEVICE or all' : near.join(' or '))
  }
  return (place) => interfaceName(place) === name
}

function senderDevice(emulation: Emulation, from: string): string {
  const { node, name } = emulation.host(from).namespace
  return `${name === 'host' ? node : name}:eth0`
}
