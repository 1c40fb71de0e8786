import type { Core } from '../core.ts'
import { extendedMasterSecret, masterSecret } from '../schedule/prf12.ts'
import type { Suite } from '../suite.ts'

/** From the premaster secret, once ClientKeyExchange is in the transcript. */
export function masterOf(
  core: Core,
  suite: Suite,
  extended: boolean,
  premaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Uint8Array {
  const master = extended
    ? extendedMasterSecret(suite.hash, premaster, core.transcript.hash(), core.listener)
    : masterSecret(suite.hash, premaster, clientRandom, serverRandom, core.listener)
  core.keylog('tls12', master)
  return master
}

/** Told as a derivation: how the premaster secret came about. */
export function premasterStep(core: Core, how: string, secret: Uint8Array): void {
  core.listener?.({
    operation: 'key agreement',
    output: 'pre_master_secret',
    label: how,
    inputs: [],
    value: secret,
  })
}
