import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What Wireshark makes of a capture. */
export interface Dissection {
  /** Frames in the file. */
  readonly frames: number
  /** Frames that carry VXLAN, by Wireshark's own reckoning. */
  readonly vxlan: number
  /** Interfaces, as their description blocks name them. */
  readonly interfaces: readonly string[]
  /** What is wrong with single frames: malformed, a checksum that does not hold. */
  readonly faults: readonly string[]
  /** What is wrong with TCP as seen from one place; of several, each frame would seem to be sent again. */
  readonly tcp: readonly string[]
}

/** Of statuses 0 is bad. Fragments and quoted packets cannot be verified (2), and are not bad. */
const CHECKSUMS = ['ip', 'udp', 'tcp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status`)
const TCP = ['spurious_retransmission', 'out_of_order', 'lost_segment', 'ack_lost_segment'].map(
  (f) => `tcp.analysis.${f}`,
)
const FIELDS = ['frame.interface_name', 'frame.protocols', '_ws.malformed', ...CHECKSUMS, ...TCP]
const OPTIONS = [
  '-n',
  ...['-d', 'udp.port==8472,vxlan'],
  ...['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]),
]

/**
 * Reads a pcapng with tshark, checksum validation on, and the decode-as rule that podwire prints. In a capture of many points
 * each segment comes several times, in the order of the points: putting streams together is left to captures of one.
 */
export function dissectWithTshark(capture: Uint8Array, points: 'one' | 'many' = 'one'): Dissection {
  const frames = fieldsOf(capture, points === 'one' ? [] : ['-o', 'tcp.desegment_tcp_streams:FALSE'])
  const vxlan = frames.filter((frame) => carriesVxlan(frame['frame.protocols'])).length
  const told = (what: string, names: readonly string[], wrong: (value: string) => boolean): string[] =>
    frames.flatMap((frame, i) =>
      names.flatMap((name) => (wrong(frame[name]) ? [`frame ${i + 1}: ${what}${name}`] : [])),
    )
  return {
    frames: frames.length,
    vxlan,
    interfaces: [...new Set(frames.map((frame) => frame['frame.interface_name']))],
    faults: [
      ...told('', ['_ws.malformed'], (value) => value !== ''),
      ...told('bad ', CHECKSUMS, (value) => value.split(',').includes('0')),
    ],
    tcp: told('', TCP, (value) => value !== ''),
  }
}

/** An ICMP error that quotes a tunnel's packet carries none. */
const carriesVxlan = (protocols: string): boolean => /^[^:]*(:(?!icmp)[^:]*)*:vxlan(:|$)/.test(protocols)

function fieldsOf(capture: Uint8Array, more: readonly string[]): Record<string, string>[] {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-tshark-'))
  const file = join(folder, 'capture.pcapng')
  try {
    writeFileSync(file, capture)
    const args = [...OPTIONS, ...more, '-r', file, '-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field])]
    const text = execFileSync('tshark', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    })
    const lines = text.split('\n').slice(0, -1)
    return lines.map((line) => {
      const values = line.split('\t')
      return Object.fromEntries(FIELDS.map((field, i) => [field, values[i] ?? '']))
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
