import { hmac } from '../../pki/digest.ts'
import type { HashName } from '../suite.ts'
import { emptyHash, expandLabel, extract, HASH_LENGTH } from './hkdf.ts'
import type { Listener } from './note.ts'

export interface TrafficKeys {
  readonly key: Uint8Array
  readonly iv: Uint8Array
}

/** Secrets that are derived from the transcript, with their labels (RFC 8446 7.1). */
const LABELS = {
  external_binder: 'ext binder',
  resumption_binder: 'res binder',
  client_early_traffic: 'c e traffic',
  early_exporter_master: 'e exp master',
  client_handshake_traffic: 'c hs traffic',
  server_handshake_traffic: 's hs traffic',
  client_application_traffic_0: 'c ap traffic',
  server_application_traffic_0: 's ap traffic',
  exporter_master: 'exp master',
  resumption_master: 'res master',
} as const
export type DerivedSecret = keyof typeof LABELS

/**
 * The key schedule of RFC 8446 7.1, walked from Early Secret through Handshake Secret to Master Secret. Each value holds
 * the stage it has reached; `next` goes one stage down.
 */
export class Stage {
  private constructor(
    readonly name: 'Early Secret' | 'Handshake Secret' | 'Master Secret',
    readonly hash: HashName,
    readonly secret: Uint8Array,
    private readonly listener: Listener,
  ) {}

  /** `psk` is null without one: zeros then. */
  static early(hash: HashName, psk: Uint8Array | null, listener: Listener): Stage {
    const zeros = new Uint8Array(HASH_LENGTH[hash])
    return Stage.extracted('Early Secret', hash, zeros, psk ?? zeros, psk === null ? '0' : 'PSK', listener)
  }

  handshake(shared: Uint8Array): Stage {
    return Stage.extracted('Handshake Secret', this.hash, this.derived(), shared, '(EC)DHE', this.listener)
  }

  master(): Stage {
    const zeros = new Uint8Array(HASH_LENGTH[this.hash])
    return Stage.extracted('Master Secret', this.hash, this.derived(), zeros, '0', this.listener)
  }

  /** Derive-Secret of this stage over a transcript hash. */
  derive(output: DerivedSecret, transcript: Uint8Array): Uint8Array {
    return deriveSecret(this.hash, this.secret, this.name, LABELS[output], output, transcript, this.listener)
  }

  private derived(): Uint8Array {
    return deriveSecret(this.hash, this.secret, this.name, 'derived', 'derived', emptyHash(this.hash), this.listener)
  }

  private static extracted(
    name: Stage['name'],
    hash: HashName,
    salt: Uint8Array,
    ikm: Uint8Array,
    ikmName: string,
    listener: Listener,
  ): Stage {
    const secret = extract(hash, salt, ikm)
    if (listener !== null) {
      const saltName = name === 'Early Secret' ? '0' : 'derived'
      listener({
        operation: 'HKDF-Extract',
        output: name,
        label: '',
        inputs: [
          { name: `salt: ${saltName}`, value: salt, secret: true },
          { name: `IKM: ${ikmName}`, value: ikm, secret: true },
        ],
        value: secret,
      })
    }
    return new Stage(name, hash, secret, listener)
  }
}

function deriveSecret(
  hash: HashName,
  secret: Uint8Array,
  secretName: string,
  label: string,
  output: string,
  context: Uint8Array,
  listener: Listener,
): Uint8Array {
  const value = expandLabel(hash, secret, label, context, HASH_LENGTH[hash])
  listener?.({
    operation: 'HKDF-Expand-Label',
    output,
    label: `tls13 ${label}`,
    inputs: [
      { name: secretName, value: secret, secret: true },
      { name: 'Transcript-Hash', value: context, secret: false },
    ],
    value,
  })
  return value
}

function expanded(
  hash: HashName,
  secret: Uint8Array,
  [secretName, output, label]: readonly [secretName: string, output: string, label: string],
  context: Uint8Array,
  length: number,
  listener: Listener,
): Uint8Array {
  const value = expandLabel(hash, secret, label, context, length)
  const inputs = [{ name: secretName, value: secret, secret: true }]
  if (context.length > 0) inputs.push({ name: 'context', value: context, secret: false })
  listener?.({ operation: 'HKDF-Expand-Label', output, label: `tls13 ${label}`, inputs, value })
  return value
}

const NOTHING = new Uint8Array(0)

/** RFC 8446 7.3. */
export function trafficKeys(
  hash: HashName,
  secret: Uint8Array,
  name: string,
  keyLength: number,
  listener: Listener,
): TrafficKeys {
  const key = expanded(hash, secret, [name, `${name} key`, 'key'], NOTHING, keyLength, listener)
  return { key, iv: expanded(hash, secret, [name, `${name} iv`, 'iv'], NOTHING, 12, listener) }
}

/** RFC 8446 7.2: the next generation after a KeyUpdate. */
export function nextTrafficSecret(hash: HashName, secret: Uint8Array, name: string, listener: Listener): Uint8Array {
  return expanded(hash, secret, [name, `${name} + 1`, 'traffic upd'], NOTHING, HASH_LENGTH[hash], listener)
}

/** verify_data of a Finished, and PSK binders (RFC 8446 4.4.4, 4.2.11.2). */
export function finishedData(
  hash: HashName,
  baseKey: Uint8Array,
  name: string,
  transcript: Uint8Array,
  listener: Listener,
): Uint8Array {
  const key = expanded(hash, baseKey, [name, 'finished_key', 'finished'], NOTHING, HASH_LENGTH[hash], listener)
  const value = hmac(hash, key, transcript)
  listener?.({
    operation: 'HMAC',
    output: 'verify_data',
    label: '',
    inputs: [
      { name: 'finished_key', value: key, secret: true },
      { name: 'Transcript-Hash', value: transcript, secret: false },
    ],
    value,
  })
  return value
}

/** The PSK that a ticket stands for (RFC 8446 4.6.1). */
export function resumptionPsk(hash: HashName, master: Uint8Array, nonce: Uint8Array, listener: Listener): Uint8Array {
  const names = ['resumption_master', 'PSK', 'resumption'] as const
  return expanded(hash, master, names, nonce, HASH_LENGTH[hash], listener)
}

/** TLS-Exporter (RFC 8446 7.5). */
export function exportKey(
  hash: HashName,
  exporterMaster: Uint8Array,
  label: string,
  contextHash: Uint8Array,
  length: number,
): Uint8Array {
  const secret = expandLabel(hash, exporterMaster, label, emptyHash(hash), HASH_LENGTH[hash])
  return expandLabel(hash, secret, 'exporter', contextHash, length)
}
