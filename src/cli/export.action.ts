import { netnsScript } from '../export/netns.ts'
import { describeCluster } from '../export/netns-cluster.ts'
import { pcapng } from '../export/pcapng.ts'
import { captureFilter } from './capture.ts'
import type { NetnsOptions, PcapngOptions } from './export.ts'
import { emulationOf } from './input.ts'
import { writeNew } from './output.ts'

export function exportPcapng(options: PcapngOptions): void {
  const emulation = emulationOf(options)
  emulation.trace({ from: options.from, to: options.to, proto: options.proto })
  const at = captureFilter(emulation, options.capture, options.from)
  writeNew(options.out, pcapng(emulation.recorder, { at, epoch: emulation.epoch }), options)
}

/** Prints the script that builds the same cluster on a Linux machine. */
export function exportNetns(options: NetnsOptions): void {
  const emulation = emulationOf(options, 'off')
  const title = `The cluster of ${options.file?.join(', ') ?? 'the scenario `first`'}, as podwire builds it.`
  process.stdout.write(netnsScript(describeCluster(emulation, title, options.prefix)))
}
