import { toHex } from '../util/bytes.ts'
import type { DerivedSecret } from './schedule/schedule13.ts'

/** RFC 9850 2: the labels of SSLKEYLOGFILE. Those not listed are not logged. */
export const LABELS: Partial<Record<DerivedSecret | 'tls12', string>> = {
  client_early_traffic: 'CLIENT_EARLY_TRAFFIC_SECRET',
  early_exporter_master: 'EARLY_EXPORTER_SECRET',
  client_handshake_traffic: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  server_handshake_traffic: 'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  client_application_traffic_0: 'CLIENT_TRAFFIC_SECRET_0',
  server_application_traffic_0: 'SERVER_TRAFFIC_SECRET_0',
  exporter_master: 'EXPORTER_SECRET',
  tls12: 'CLIENT_RANDOM',
}

export function keylogLine(name: DerivedSecret | 'tls12', clientRandom: Uint8Array, secret: Uint8Array): string | null {
  const label = LABELS[name]
  return label === undefined ? null : `${label} ${toHex(clientRandom)} ${toHex(secret)}`
}
