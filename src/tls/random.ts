/** Where nonces and ephemeral keys come from: the scenario's `Rng`, or the operating system on real sockets. */
export interface Random {
  bytes(length: number): Uint8Array
}
