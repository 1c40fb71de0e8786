import type { Rng } from '../../util/rng.ts'

/** Endpoints in turn, for each backend by itself (lua-resty-roundrobin): the first one by chance, then one after the other. */
export class RoundRobin {
  private readonly turns = new Map<string, number>()

  constructor(private readonly rng: Rng) {}

  /** The next one of a backend. The list is not empty. */
  next<T>(backend: string, endpoints: readonly T[]): T {
    const turn = this.turns.get(backend) ?? this.rng.below(endpoints.length)
    this.turns.set(backend, turn + 1)
    return endpoints[turn % endpoints.length]
  }
}
