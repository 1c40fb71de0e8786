import type { TlsEvent } from '../../trace/steps/tls.ts'

type Derivation = Extract<TlsEvent, { kind: 'tls-derivation' }>

/** A derivation as it happened, in bytes; whether they may be shown is for the listener to decide. */
export interface Derived {
  readonly operation: Derivation['operation']
  readonly output: string
  readonly label: string
  /** `secret` inputs are shown only where secrets are. */
  readonly inputs: readonly { readonly name: string; readonly value: Uint8Array; readonly secret: boolean }[]
  readonly value: Uint8Array
}

/** Hears of every derivation; null when nobody listens. */
export type Listener = ((derived: Derived) => void) | null
