import type { TlsRole } from '../trace/steps/tls.ts'
import type { Connection } from './connection.ts'
import type { UnixMillis } from './judge.ts'
import type { Output } from './output.ts'

/** What happens to bytes on their way: nothing, by default. Each piece returned arrives by itself. */
export type Wire = (from: TlsRole, bytes: Uint8Array) => readonly Uint8Array[]

const untouched: Wire = (_from, bytes) => [bytes]

/** A client and a server joined in memory. Outputs are kept for each, in order. */
export class Loopback {
  readonly outputs: Readonly<Record<TlsRole, Output[]>> = { client: [], server: [] }
  private readonly flying: { readonly from: TlsRole; readonly bytes: Uint8Array }[] = []

  constructor(
    readonly client: Connection,
    readonly server: Connection,
    public now: UnixMillis = 0,
    private readonly wire: Wire = untouched,
  ) {}

  /** The client's first flight and everything that follows from it. */
  start(): this {
    return this.feed('client', this.client.start(this.now))
  }

  /** Takes outputs of one end and carries on until nothing is on the wire. */
  feed(from: TlsRole, outputs: readonly Output[]): this {
    this.take(from, outputs)
    for (let next = this.flying.shift(); next !== undefined; next = this.flying.shift()) {
      const to = next.from === 'client' ? 'server' : 'client'
      for (const piece of this.wire(next.from, next.bytes)) this.take(to, this[to].receive(piece, this.now))
    }
    return this
  }

  /** Application data one end received so far. */
  received(role: TlsRole): Uint8Array {
    return Buffer.concat(this.outputs[role].flatMap((output) => (output.kind === 'data' ? [output.bytes] : [])))
  }

  find<K extends Output['kind']>(role: TlsRole, kind: K): Extract<Output, { kind: K }> | undefined {
    return this.outputs[role].find((output): output is Extract<Output, { kind: K }> => output.kind === kind)
  }

  private take(role: TlsRole, outputs: readonly Output[]): void {
    for (const output of outputs) {
      this.outputs[role].push(output)
      if (output.kind === 'send') this.flying.push({ from: role, bytes: output.bytes })
    }
  }
}
