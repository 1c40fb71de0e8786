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
  /** One line for each frame that Wireshark objects to. */
  readonly faults: readonly string[]
  /** Interfaces, as their description blocks name them. */
  readonly interfaces: readonly string[]
}

/** Statuses: 0 bad, 1 good, 2 unverified. Fragments and quoted packets cannot be verified, and are not bad. */
const FAULTS = [
  '_ws.malformed',
  ...['ip', 'udp', 'tcp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status == 0`),
  'tcp.analysis.spurious_retransmission',
  'tcp.analysis.out_of_order',
  'tcp.analysis.lost_segment',
  '_ws.expert.severity == 0x00800000',
]

const OPTIONS = [
  '-n',
  ...['-d', 'udp.port==8472,vxlan'],
  ...['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]),
]

/**
 * Reads a pcapng with tshark, checksum validation on. `retransmissions` false: the capture has none, so each that Wireshark
 * suspects is a fault.
 */
export function dissectWithTshark(capture: Uint8Array, retransmissions = false): Dissection {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-tshark-'))
  const file = join(folder, 'capture.pcapng')
  try {
    writeFileSync(file, capture)
    const filter = [...FAULTS, ...(retransmissions ? [] : ['tcp.analysis.retransmission'])].join(' || ')
    const read = (...args: string[]): string[] =>
      execFileSync('tshark', [...OPTIONS, '-r', file, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
        .split('\n')
        .filter(Boolean)
    const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'frame.interface_name', '-e', 'frame.protocols']
    const all = read(...fields).map((line) => line.split('\t'))
    return {
      frames: all.length,
      vxlan: all.filter(([, , protocols]) => protocols.split(':').includes('vxlan')).length,
      faults: read('-Y', filter),
      interfaces: [...new Set(all.map(([, name]) => name))],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
