import type { Mac } from '../util/address.ts'
import type { Codec } from '../util/bytes.ts'

/** An Ethernet II frame without its check sequence, as devices see it. */
export interface Ethernet {
  readonly destination: Mac
  readonly source: Mac
  readonly etherType: number
  readonly payload: Uint8Array
}

export const ethernet: Codec<Ethernet> = {
  name: 'ethernet',
  read: (r) => ({
    destination: r.mac('destination'),
    source: r.mac('source'),
    etherType: r.u16('etherType', 'hex'),
    payload: r.rest('payload'),
  }),
  write(w, { destination, source, etherType, payload }) {
    w.u48(destination).u48(source).u16(etherType).take(payload)
  },
}
