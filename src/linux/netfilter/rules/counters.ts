import type { Chain } from './rule.ts'

/** Chains longer than this are counted sparsely. */
const DENSE = 64

/**
 * What `iptables -vL` counts, of one namespace: packets and bytes of each rule, and of each built-in chain's policy. A chain
 * that nothing came by costs nothing; a chain that was replaced begins at zero, as after iptables-restore.
 */
export class Counters {
  private readonly byChain = new WeakMap<Chain, ChainCounters>()

  /** `rule` counts from 0; `chain.length` is the policy. */
  hit(chain: Chain, rule: number, bytes: number): void {
    let counters = this.byChain.get(chain)
    if (counters === undefined) {
      counters = chain.length <= DENSE ? new DenseCounters(chain.length + 1) : new SparseCounters()
      this.byChain.set(chain, counters)
    }
    counters.add(rule, bytes)
  }

  packets(chain: Chain, rule: number): number {
    return this.byChain.get(chain)?.packets(rule) ?? 0
  }

  bytes(chain: Chain, rule: number): number {
    return this.byChain.get(chain)?.bytes(rule) ?? 0
  }
}

interface ChainCounters {
  add(rule: number, bytes: number): void
  packets(rule: number): number
  bytes(rule: number): number
}

class DenseCounters implements ChainCounters {
  private readonly values: Float64Array

  constructor(rules: number) {
    this.values = new Float64Array(rules * 2)
  }

  add(rule: number, bytes: number): void {
    this.values[rule * 2]++
    this.values[rule * 2 + 1] += bytes
  }

  packets(rule: number): number {
    return this.values[rule * 2]
  }

  bytes(rule: number): number {
    return this.values[rule * 2 + 1]
  }
}

class SparseCounters implements ChainCounters {
  private readonly values = new Map<number, { packets: number; bytes: number }>()

  add(rule: number, bytes: number): void {
    const known = this.values.get(rule)
    if (known === undefined) this.values.set(rule, { packets: 1, bytes })
    else {
      known.packets++
      known.bytes += bytes
    }
  }

  packets(rule: number): number {
    return this.values.get(rule)?.packets ?? 0
  }

  bytes(rule: number): number {
    return this.values.get(rule)?.bytes ?? 0
  }
}
