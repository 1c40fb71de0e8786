import { type Address, isV4 } from '../../../util/address.ts'
import type { Destination } from './service-state.ts'
import { hsiphash } from './siphash.ts'
import type { VirtualServer } from './virtual-server.ts'

interface Share {
  readonly real: Destination
  /** Of new connections, 0 to 1. */
  readonly share: number
}

/** One of the kernel's ip_vs_*.c schedulers, with what it remembers of one virtual server. */
export interface Scheduler {
  pick(reals: readonly Destination[], client: Address, port: number): Destination | null
  shares(reals: readonly Destination[], client: Address): Share[]
  /** A real server is about to leave the list. */
  removed(reals: readonly Destination[], gone: Destination): void
  /** The list or its weights have changed. */
  changed(): void
}

export function makeScheduler({ scheduler, hashPorts }: Pick<VirtualServer, 'scheduler' | 'hashPorts'>): Scheduler {
  switch (scheduler) {
    case 'rr':
      return new RoundRobin()
    case 'wrr':
      return new WeightedRoundRobin()
    case 'lc':
      return new Least((d) => overhead(d), equalShares)
    case 'wlc':
      return new Least((d) => overhead(d) / d.weight, weightedShares)
    case 'sed':
      return new Least((d) => (d.active + 1) / d.weight, weightedShares)
    case 'nq':
      return new Least((d) => (d.active === 0 ? 0 : (d.active + 1) / d.weight), weightedShares)
    case 'sh':
      return new SourceHashing(false)
    case 'mh':
      return new MaglevHashing(hashPorts)
  }
}

const open = (reals: readonly Destination[]): Destination[] => reals.filter(({ weight }) => weight > 0)

function equalShares(reals: readonly Destination[]): Share[] {
  const taking = open(reals)
  return taking.map((real) => ({ real, share: 1 / taking.length }))
}

function weightedShares(reals: readonly Destination[]): Share[] {
  const taking = open(reals)
  const sum = taking.reduce((total, { weight }) => total + weight, 0)
  return taking.map((real) => ({ real, share: real.weight / sum }))
}

/** ip_vs_rr: one after the other. */
class RoundRobin implements Scheduler {
  /** Who had the last connection; null at the list's head. */
  private last: Destination | null = null
  readonly shares = equalShares

  pick(reals: readonly Destination[]): Destination | null {
    const from = this.last === null ? 0 : reals.indexOf(this.last) + 1
    for (let i = 0; i < reals.length; i++) {
      const next = reals[(from + i) % reals.length]
      if (next.weight > 0) return (this.last = next)
    }
    return null
  }

  /** ip_vs_rr_del_dest. */
  removed(reals: readonly Destination[], gone: Destination): void {
    if (this.last === gone) this.last = reals[reals.indexOf(gone) - 1] ?? null
  }

  changed(): void {}
}

/** ip_vs_wrr: the heavier more often, by passes over the list with a falling threshold. */
class WeightedRoundRobin implements Scheduler {
  private at = -1
  private threshold = 0
  readonly shares = weightedShares

  pick(reals: readonly Destination[]): Destination | null {
    const weights = reals.map(({ weight }) => weight)
    const step = weights.reduce(gcd, 0)
    if (step === 0) return null
    const most = Math.max(...weights) - (step - 1)
    if (this.threshold <= 0 || this.threshold > most) this.threshold = most
    for (;;) {
      for (this.at++; this.at < reals.length; this.at++)
        if (reals[this.at].weight >= this.threshold) return reals[this.at]
      this.at = -1
      this.threshold -= step
      if (this.threshold <= 0) this.threshold = most
    }
  }

  removed(): void {}

  /** ip_vs_wrr_dest_changed: from the head of the list again. */
  changed(): void {
    this.at = -1
  }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** An active connection weighs as much as 256 that are not (ip_vs_dest_conn_overhead). */
const overhead = ({ active, inactive }: Destination): number => active * 256 + inactive

/** ip_vs_lc, wlc, sed, nq: the lowest load; of equals the first. */
class Least implements Scheduler {
  constructor(
    private readonly load: (d: Destination) => number,
    readonly shares: (reals: readonly Destination[]) => Share[],
  ) {}

  pick(reals: readonly Destination[]): Destination | null {
    let least: Destination | null = null
    for (const real of open(reals)) if (least === null || this.load(real) < this.load(least)) least = real
    return least
  }

  removed(): void {}
  changed(): void {}
}

/** A client's address decides, or its address and port. */
abstract class Hashing implements Scheduler {
  private table: readonly Destination[] | null = null

  constructor(private readonly ports: boolean) {}

  pick(reals: readonly Destination[], client: Address, port: number): Destination | null {
    this.table ??= this.assign(reals)
    const found = this.table[this.bucket((folded(client) + (this.ports ? port : 0)) | 0)]
    return found === undefined || found.weight <= 0 ? null : found
  }

  /** With ports, what the table holds of each. */
  shares(reals: readonly Destination[], client: Address): Share[] {
    const one = this.pick(reals, client, 0)
    if (one === null) return []
    if (!this.ports) return [{ real: one, share: 1 }]
    const { table } = this
    return open(reals).map((real) => ({ real, share: table!.filter((d) => d === real).length / table!.length }))
  }

  removed(): void {}

  changed(): void {
    this.table = null
  }

  protected abstract assign(reals: readonly Destination[]): readonly Destination[]
  /** Of an address, with a port added to it. */
  protected abstract bucket(address: number): number
}

/** The four words of an IPv6 address one over the other; an IPv4 address as it is. */
const folded = (address: Address): number => (isV4(address) ? address : address.a ^ address.b ^ address.c ^ address.d)

const GOLDEN_RATIO = 0x61c88647
const SH_BITS = 8

/** ip_vs_sh: 256 buckets, dealt out to the real servers by weight. Whose server takes none is refused: there is no fallback. */
class SourceHashing extends Hashing {
  protected assign(reals: readonly Destination[]): Destination[] {
    const buckets: Destination[] = []
    if (reals.length === 0) return buckets
    for (let at = 0; buckets.length < 1 << SH_BITS; at = (at + 1) % reals.length)
      for (let n = Math.max(1, reals[at].weight); n > 0; n--) buckets.push(reals[at])
    return buckets
  }

  protected bucket(address: number): number {
    return Math.imul(address, GOLDEN_RATIO) >>> (32 - SH_BITS)
  }
}

/** CONFIG_IP_VS_MH_TAB_INDEX 12. */
const MH_SIZE = 4093
const MH_WEIGHT_BITS = 6
const MH_KEY = 2_654_435_761n
const MH_SKIP_KEY = 2_654_446_892n

/** ip_vs_mh: Maglev's consistent hashing. When a real server goes, hardly any client of the others is moved. */
class MaglevHashing extends Hashing {
  protected assign(reals: readonly Destination[]): Destination[] {
    const weights = open(reals).map(({ weight }) => weight)
    const unit = weights.reduce(gcd, 0)
    if (unit === 0) return []
    const shift = Math.max(0, 32 - Math.clz32(Math.max(...weights) / unit) - MH_WEIGHT_BITS)
    const setups = open(reals).map((real) => {
      const word = (folded(real.address) + real.port) | 0
      return {
        real,
        at: hsiphash(word, MH_KEY) % MH_SIZE,
        skip: (hsiphash(word, MH_SKIP_KEY) % (MH_SIZE - 1)) + 1,
        turns: (real.weight / unit) >> shift || 1,
      }
    })
    const table = new Array<Destination | undefined>(MH_SIZE).fill(undefined)
    for (let filled = 0; ; ) {
      for (const setup of setups) {
        for (let turn = 0; turn < setup.turns; turn++) {
          while (table[setup.at] !== undefined) setup.at = (setup.at + setup.skip) % MH_SIZE
          table[setup.at] = setup.real
          if (++filled === MH_SIZE) return table as Destination[]
        }
      }
    }
  }

  protected bucket(address: number): number {
    return hsiphash(address, MH_KEY) % MH_SIZE
  }
}
