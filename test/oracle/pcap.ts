/** A frame as a pcap file holds it. `at` is in nanoseconds since 1970, which needs more bits than a number has. */
export interface PcapRecord {
  readonly at: bigint
  readonly bytes: Uint8Array
  /** Length on the wire; `bytes` is shorter when the capture cut it. */
  readonly length: number
}

const NANOSECOND_MAGIC = 0xa1b23c4d

/** Reads a pcap stream piece by piece, as tcpdump -U writes it: nanosecond resolution, this machine's byte order. */
export class PcapStream {
  linktype = -1
  readonly records: PcapRecord[] = []
  private rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    if (this.linktype < 0) {
      if (this.rest.length < 24) return
      const magic = this.rest.readUInt32LE(0)
      if (magic !== NANOSECOND_MAGIC)
        throw new Error(`not a little-endian nanosecond pcap: magic ${magic.toString(16)}`)
      this.linktype = this.rest.readUInt32LE(20) & 0xffff
      this.rest = this.rest.subarray(24)
    }
    while (this.rest.length >= 16) {
      const captured = this.rest.readUInt32LE(8)
      if (this.rest.length < 16 + captured) return
      this.records.push({
        at: BigInt(this.rest.readUInt32LE(0)) * 1_000_000_000n + BigInt(this.rest.readUInt32LE(4)),
        bytes: Uint8Array.from(this.rest.subarray(16, 16 + captured)),
        length: this.rest.readUInt32LE(12),
      })
      this.rest = this.rest.subarray(16 + captured)
    }
  }
}
