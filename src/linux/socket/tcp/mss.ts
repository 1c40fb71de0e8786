import type { Connection } from './connection.ts'
import { MIN_MSS } from './constants.ts'
import { mssFor } from './transmit.ts'

/** `tcp_sync_mss`: what fits the path and the peer. */
export function syncMss(c: Connection, mtu: number): void {
  c.mtu = mtu
  c.mss = Math.max(MIN_MSS, Math.min(c.peerMss, mssFor(c, mtu)))
}
