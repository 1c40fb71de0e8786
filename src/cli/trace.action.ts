import { en } from '../explain/messages/en.ts'
import { nextLine } from '../explain/text/next.ts'
import { traceText } from '../explain/text/trace.ts'
import { pcapng } from '../export/pcapng.ts'
import type { Emulation } from '../scenario/emulation.ts'
import { traceEach, untraced } from '../scenario/trace-each.ts'
import { captureFilter } from './capture.ts'
import { EXIT } from './exit.ts'
import { emulationOf, heading } from './input.ts'
import { print, printJson, writeNew } from './output.ts'
import type { TraceOptions } from './trace.ts'

export function trace(options: TraceOptions): number {
  const emulation = emulationOf(options)
  const { from, to, proto, dport, sport, size, ttl, df: dontFragment } = options
  const request = { from, to, proto, dport, sport, size, ttl, dontFragment }
  const traces = options.allEndpoints ? traceEach(emulation, request) : [emulation.trace(request).trace]
  if (options.pcap !== undefined) writeCapture(emulation, options, options.pcap)
  if (options.output === 'json') {
    if (options.allEndpoints) printJson('Traces', { traces })
    else printJson('Trace', traces[0])
  } else {
    const missed = options.allEndpoints ? untraced(traces) : []
    const texts = traces.flatMap((one, i) => [...(i === 0 ? [] : ['', '']), ...traceText(one)])
    print([
      heading(emulation),
      '',
      ...texts,
      ...(missed.length === 0 ? [] : ['', en.service.untraced(missed)]),
      ...(options.allEndpoints ? [] : nextLine(traces[0])),
    ])
  }
  return traces.every(({ verdict }) => verdict === 'delivered') ? EXIT.ok : EXIT.failed
}

function writeCapture(emulation: Emulation, options: TraceOptions, file: string): void {
  const at = captureFilter(emulation, options.capture, options.from)
  const comment = `podwire trace --from ${options.from} --to ${options.to}`
  writeNew(file, pcapng(emulation.recorder, { at, epoch: emulation.epoch, comment }), options)
  process.stderr.write(`wrote ${file}; VXLAN on Linux's port: wireshark -d udp.port==8472,vxlan ${file}\n`)
}
