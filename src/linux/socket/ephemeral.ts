import type { Rng } from '../../util/rng.ts'

/** net.ipv4.ip_local_port_range, both ends in. */
export const EPHEMERAL = { first: 32768, last: 60999 } as const
const COUNT = EPHEMERAL.last - EPHEMERAL.first + 1

/** `udp_lib_get_port`: from a random port on, the first that is free; null when none is. */
export function anyPort(rng: Rng, isFree: (port: number) => boolean): number | null {
  const start = rng.below(COUNT)
  for (let i = 0; i < COUNT; i++) {
    const port = EPHEMERAL.first + ((start + i) % COUNT)
    if (isFree(port)) return port
  }
  return null
}

/**
 * As `__inet_hash_connect` looks: ports of the range's own parity (even) first, from `offset` on, then the others.
 * `bind` to port 0 looks at odd ones first, so that the two seldom meet.
 */
export function portByParity(offset: number, parity: 0 | 1, isFree: (port: number) => boolean): number | null {
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < COUNT; i += 2) {
      const port = EPHEMERAL.first + ((((offset & ~1) + i) % COUNT) | (pass === 0 ? parity : 1 - parity))
      if (isFree(port)) return port
    }
  }
  return null
}
