import { type Codec, encode } from '../../util/bytes.ts'
import { certificateVerify, type Signed } from './certificate.ts'
import { readOpaque, writeOpaque } from './vector.ts'

const NAMED_CURVE = 3

/** ServerECDHParams (RFC 8422 5.4). */
export interface EcdhParams {
  readonly group: number
  readonly point: Uint8Array
}

/** RFC 8422 5.4: the parameters and a signature over both randoms and them. */
export interface ServerKeyExchange {
  readonly params: EcdhParams
  readonly signed: Signed
}

export const ecdhParams: Codec<EcdhParams> = {
  name: 'ServerECDHParams',
  read(r) {
    const type = r.u8('curve_type')
    if (type !== NAMED_CURVE) r.fail('curve_type', '3 (named_curve, RFC 8422 5.4)', type)
    return { group: r.u16('named_group', 'hex'), point: readOpaque(r, 1, 'point', 1) }
  },
  write(w, { group, point }) {
    w.u8(NAMED_CURVE).u16(group)
    writeOpaque(w, 1, point)
  },
}

export const serverKeyExchange: Codec<ServerKeyExchange> = {
  name: 'ServerKeyExchange',
  read: (r) => ({ params: ecdhParams.read(r), signed: certificateVerify.read(r) }),
  write(w, { params, signed }) {
    w.take(encode(ecdhParams, params))
    certificateVerify.write(w, signed)
  },
}

/** RFC 8422 5.7. */
export const ecdhClientKeyExchange: Codec<Uint8Array> = {
  name: 'ClientKeyExchange',
  read: (r) => readOpaque(r, 1, 'ecdh_Yc', 1),
  write: (w, point) => writeOpaque(w, 1, point),
}

/** RFC 5246 7.4.7.1. */
export const rsaClientKeyExchange: Codec<Uint8Array> = {
  name: 'ClientKeyExchange',
  read: (r) => readOpaque(r, 2, 'EncryptedPreMasterSecret', 1),
  write: (w, encrypted) => writeOpaque(w, 2, encrypted),
}
