import type { NetnsDescription } from '../../src/export/netns-description.ts'
import { Rng } from '../../src/util/rng.ts'
import type { ClusterOptions } from './cluster.ts'
import { CLOSED, ECHO, type Flow } from './flows.ts'
import type { Probe } from './probe.ts'

/** A cluster drawn from a seed: one to four nodes with up to three pods each, MTUs that fit and MTUs that do not. */
export function randomOptions(seed: number): Partial<ClusterOptions> {
  const rng = new Rng(`cluster ${seed}`)
  const mtu = pick(rng, [1500, 1500, 1400, 9000])
  const overlay = pick(rng, ['vxlan', 'host-gw'] as const)
  const pods = Array.from({ length: 1 + rng.below(4) }, () => rng.below(4))
  pods[0] = Math.max(1, pods[0])
  return {
    overlay,
    mtu,
    pods,
    dualStack: rng.float() < 0.5,
    podMtu: pick(rng, [null, null, null, mtu, mtu - 100, 1300]),
  }
}

/** Flows drawn from a seed, from and to anything that the cluster has, and some that it has not. */
export function randomFlows({ namespaces }: NetnsDescription, seed: number, count: number): Flow[] {
  const rng = new Rng(`flows ${seed}`)
  const addresses = namespaces.flatMap(({ devices }) =>
    devices.flatMap((d) => d.addresses.map((a) => a.replace(/\/.*/, '')).filter(() => d.kind !== 'vxlan')),
  )
  const strangers = ['10.244.0.99', '10.244.77.7', '203.0.113.9']
  return Array.from({ length: count }, (_, i) => {
    const from = pick(rng, namespaces).name
    const to = rng.float() < 0.15 ? pick(rng, strangers) : pick(rng, addresses)
    const probe = randomProbe(rng, to)
    return { name: `${i + 1}: ${from} ${JSON.stringify(probe)}`, from, probe }
  })
}

function randomProbe(rng: Rng, to: string): Probe {
  const size = pick(rng, [5, 56, 1200, 1372, 1452, 1472, 1473, 3000, 4000])
  const ttl = rng.float() < 0.25 ? 1 + rng.below(3) : undefined
  switch (rng.below(5)) {
    case 0:
    case 1:
      return {
        kind: 'ping',
        to,
        size,
        wait: 4,
        ...(ttl === undefined ? {} : { ttl }),
        ...(rng.float() < 0.3 && { df: true }),
      }
    case 2:
      return {
        kind: 'udp',
        to,
        size,
        port: pick(rng, [ECHO.udp, CLOSED]),
        pmtu: pick(rng, ['want', 'dont', 'do'] as const),
      }
    case 3:
      return { kind: 'tcp', to, port: ECHO.tcp, exchange: true, wait: 0.5 }
    default:
      return { kind: 'tcp', to, port: CLOSED, exchange: false, wait: 0.5 }
  }
}

const pick = <T>(rng: Rng, from: readonly T[]): T => from[rng.below(from.length)]
