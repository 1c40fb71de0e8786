import { pcapng } from '../export/pcapng.ts'
import { captureFilter } from './capture.ts'
import type { PcapngOptions } from './export.ts'
import { emulationOf } from './input.ts'
import { writeNew } from './output.ts'

export function exportPcapng(options: PcapngOptions): void {
  const emulation = emulationOf(options)
  emulation.trace({ from: options.from, to: options.to, proto: options.proto })
  const at = captureFilter(emulation, options.capture, options.from)
  writeNew(options.out, pcapng(emulation.recorder, { at, epoch: emulation.epoch }), options)
}
