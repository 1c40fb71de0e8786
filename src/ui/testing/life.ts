import type { PodLife, Stage } from '../../explain/pod-lives.ts'
import type { Kill, Life } from '../model/experience.ts'

const S = 1e9

/** Two web pods and a client; each kill ends a pod and brings another one, at the next address of its node. */
export function exampleLife(kills: readonly Kill[]): Life {
  const pods = [pod('client', 0, '10.244.1.2'), pod('web-1', 0, '10.244.1.3'), pod('web-2', 0, '10.244.2.2')]
  kills.forEach(({ at, name, now }, i) => {
    const victim = pods.find((life) => life.pod.name === name)!
    victim.stages.push({ at, stage: 'terminating' }, { at: at + (now ? 0.1 : 2) * S, stage: 'gone' })
    victim.ready.push({ at, ready: false })
    pods.push(pod(`web-new${i + 1}`, at, `10.244.2.${3 + i}`))
  })
  const end = Math.max(6 * S, ...kills.map(({ at }) => at + 6 * S))
  const until = ({ stages }: PodLife): number | null => stages.find(({ stage }) => stage === 'gone')?.at ?? null
  const first = (kill: Kill) => [
    { at: kill.at + 10e6, ready: 1 },
    { at: kill.at + 1.3 * S, ready: 2 },
  ]
  return {
    end,
    pods,
    addresses: pods.map((life) => ({
      address: life.addresses[0],
      pod: life.pod,
      node: life.node,
      from: life.stages[0].at + 0.2 * S,
      until: until(life),
      late: 0,
    })),
    endpoints: [{ service: 'default/web', counts: [{ at: 1.3 * S, ready: 2 }, ...kills.flatMap(first)] }],
    requests: [],
    entries: pods.map(({ pod: { name }, stages }, i) => ({
      ...({ at: stages[0].at, subject: name, topic: 'pod', text: 'created; on node-2', first: i } as const),
    })),
  }
}

function pod(name: string, at: number, address: string): PodLife {
  const stages: Stage[] = [
    { at, stage: 'pending' },
    { at: at + 2e6, stage: 'creating' },
    { at: at + 1.3 * S, stage: 'running' },
  ]
  const ref = { kind: 'Pod', namespace: 'default', name, uid: `uid-of-${name}` }
  return {
    pod: ref,
    stages,
    ready: [{ at: at + 1.3 * S, ready: true }],
    restarts: [],
    addresses: [address],
    node: 'node-2',
  }
}
