import { nextLine } from '../explain/text/next.ts'
import { traceText } from '../explain/text/trace.ts'
import { pcapng } from '../export/pcapng.ts'
import type { Emulation } from '../scenario/emulation.ts'
import { captureFilter } from './capture.ts'
import { EXIT } from './exit.ts'
import { emulationOf, heading } from './input.ts'
import { print, printJson, writeNew } from './output.ts'
import type { TraceOptions } from './trace.ts'

export function trace(options: TraceOptions): number {
  const emulation = emulationOf(options)
  const { proto, dport, sport, size, ttl } = options
  const { trace: result } = emulation.trace({
    from: options.from,
    to: options.to,
    proto,
    dport,
    sport,
    size,
    ttl,
    dontFragment: options.df,
  })
  if (options.pcap !== undefined) writeCapture(emulation, options, options.pcap)
  if (options.output === 'json') printJson('Trace', result)
  else print([heading(emulation), '', ...traceText(result), ...nextLine(result)])
  return result.verdict === 'delivered' ? EXIT.ok : EXIT.failed
}

function writeCapture(emulation: Emulation, options: TraceOptions, file: string): void {
  const at = captureFilter(emulation, options.capture, options.from)
  const comment = `podwire trace --from ${options.from} --to ${options.to}`
  writeNew(file, pcapng(emulation.recorder, { at, epoch: emulation.epoch, comment }), options)
  process.stderr.write(`wrote ${file}; VXLAN on Linux's port: wireshark -d udp.port==8472,vxlan ${file}\n`)
}
