import { addressHistory } from '../explain/address-history.ts'
import { type Handshake, handshakesOf } from '../explain/handshakes.ts'
import { endpointCounts, podLives } from '../explain/pod-lives.ts'
import { isKind } from '../explain/record.ts'
import { timelineOf } from '../explain/timeline/timeline.ts'
import type { Service } from '../kube/api/service.ts'
import { Emulation } from '../scenario/emulation.ts'
import { slimPod } from '../scenario/lifecycle/slim.ts'
import type { Inventory } from '../scenario/load/inventory.ts'
import { perform } from '../scenario/operations.ts'
import type { NodePlan } from '../scenario/plan.ts'
import { BY_HAND, type RecordedAction, replay } from '../scenario/replay.ts'
import { involvedIn } from '../scenario/tls/involved.ts'
import type {
  ClusterView,
  Experience,
  Kill,
  Life,
  NodeView,
  PodView,
  ServiceView,
  Story,
  StoryRequest,
} from '../ui/model/experience.ts'
import { formatAddress } from '../util/address.ts'
import { formatPrefix } from '../util/prefix.ts'

/**
 * The terminal UI's view of a cluster. What the user did makes a run of its own from the start, with the actions at their
 * times; an untouched trace is what `podwire trace` prints.
 */
export function experienceOf(inventory: Inventory, seed: number | undefined): Experience {
  const world = new World(inventory, seed)
  const { plan, seed: used } = world.first
  const untouched = clusterView(world.first)
  return {
    title: inventory.scenarios[0]?.title ?? 'cluster',
    seed: used,
    overlay: plan.path.overlay,
    proxyMode: plan.path.proxyMode,
    underlay: plan.lan.subnets.map(formatPrefix).join(' '),
    cluster: (kills) => (kills.length === 0 ? untouched : world.played(kills).cluster),
    trace: (request, kills) => story(world.after(kills), request),
    life: (kills) => world.played(kills).life,
    handshakes: (request, kills) => talks(world, request, kills),
  }
}

/** A run with what the user did, and the views of it as it ended. */
interface Play {
  readonly cluster: ClusterView
  readonly life: Life | null
  readonly handshakes: readonly Handshake[]
}

class World {
  /** As it stands when it is up, and nobody has done anything. The first trace is made in it. */
  readonly first: Emulation
  /** Clusters that nothing was sent in since they were looked at. */
  private readonly unspent = new Map<string, Emulation>()
  private last: { readonly key: string; readonly play: Play } | null = null

  constructor(
    private readonly inventory: Inventory,
    private readonly seed: number | undefined,
  ) {
    this.first = this.up()
    this.unspent.set(UP, this.first)
  }

  /** A cluster to send a packet in: played with these actions; without any, just up. */
  after(kills: readonly Kill[]): Emulation {
    const key = kills.length === 0 ? UP : JSON.stringify(kills)
    if (kills.length > 0) this.played(kills)
    const known = this.unspent.get(key)
    this.unspent.delete(key)
    return known ?? (kills.length === 0 ? this.up() : this.run(kills))
  }

  /** The scenario to its end, with these actions. One run serves every view of it, and the first packet that is sent after it. */
  played(kills: readonly Kill[]): Play {
    const key = JSON.stringify(kills)
    if (this.last?.key === key) return this.last.play
    const emulation = this.run(kills)
    const play = {
      cluster: clusterView(emulation),
      life: lifeOf(emulation),
      handshakes: handshakesIn(emulation),
    }
    for (const old of this.unspent.keys()) if (old !== UP) this.unspent.delete(old)
    this.unspent.set(key, emulation)
    this.last = { key, play }
    return play
  }

  private up(): Emulation {
    const emulation = this.fresh()
    emulation.life?.settle()
    return emulation
  }

  private run(kills: readonly Kill[]): Emulation {
    const emulation = this.fresh()
    replay(emulation, this.inventory.scenarios[0] ?? null, kills.map(deletion))
    return emulation
  }

  private fresh(): Emulation {
    return new Emulation(this.inventory, { seed: this.seed, recording: 'frames' })
  }
}

const UP = 'up'

const handshakesIn = (emulation: Emulation): Handshake[] =>
  handshakesOf(emulation.index, (connection) => involvedIn(emulation, connection))

const deletion = ({ at, namespace, name, now }: Kill): RecordedAction => ({
  at,
  operation: { name: 'deletePod', with: { namespace, name, ...(now && { gracePeriodSeconds: 0 }) } },
})

function story(emulation: Emulation, request: StoryRequest): Story {
  const { trace } = emulation.trace({ from: request.from, to: request.to, proto: request.protocol })
  return { request, lives: emulation.life !== null, trace, recorded: emulation.recorder }
}

function talks(world: World, request: StoryRequest, kills: readonly Kill[]): readonly Handshake[] {
  const played = world.played(kills).handshakes
  if (played.length > 0) return played
  const host = request.to
    .replace(/^pod\/.*|^(svc|ip)\//, '')
    .replace(/:\d+$/, '')
    .split('/')
    .reverse()
    .join('.')
  if (host === '') return []
  const emulation = world.after(kills)
  perform(emulation, { name: 'curl', with: { from: request.from, url: `https://${host}/` } }, BY_HAND)
  return handshakesIn(emulation)
}

function lifeOf({ life, recorder, now }: Emulation): Life | null {
  if (life === null) return null
  return {
    end: now,
    pods: podLives(recorder).filter(({ pod }) => pod.namespace !== 'kube-system'),
    addresses: addressHistory(recorder).filter(({ pod }) => pod.namespace !== 'kube-system'),
    endpoints: endpointCounts(recorder).filter(
      ({ service }) => !service.startsWith('kube-system/') && service !== 'default/kubernetes',
    ),
    requests: recorder.steps.flatMap((step) =>
      isKind(step, 'request')
        ? [{ at: step.event.began, ok: step.event.status !== null && step.event.status < 500 }]
        : [],
    ),
    entries: timelineOf(recorder),
  }
}

function clusterView(emulation: Emulation): ClusterView {
  return {
    nodes: [...emulation.plan.nodes.values()].map((node) => nodeView(emulation, node)),
    services: emulation.services.all.filter(isUsers).map((service) => serviceView(emulation, service)),
  }
}

function nodeView(emulation: Emulation, node: NodePlan): NodeView {
  const { cluster, plan } = emulation
  const { namespace } = cluster.node(node.name)
  const drawn = ['cni0', ...(plan.path.overlay === 'vxlan' ? ['flannel.1'] : []), 'eth0']
  return {
    name: node.name,
    address: node.addresses.map(formatAddress)[0] ?? '',
    pods: podsOn(emulation, node),
    devices: drawn.map((name) => {
      const own = namespace.device(name)?.addresses[0]?.address
      return { name, address: own === undefined ? '' : formatAddress(own) }
    }),
  }
}

/** Pods of the store where the cluster lives; beside them, and in one that stands still, those of its plan. */
function podsOn({ cluster, life }: Emulation, node: NodePlan): PodView[] {
  const living = life?.store.list('Pod').filter(({ spec }) => spec.nodeName === node.name) ?? []
  const named = new Set(living.map(({ meta }) => `${meta.namespace}/${meta.name}`))
  const standing = node.pods.filter(({ meta }) => !named.has(`${meta.namespace}/${meta.name}`))
  return [...standing, ...living.map(slimPod)].map((pod) => ({
    namespace: pod.meta.namespace,
    name: pod.meta.name,
    address: (pod.addresses.length > 0 ? pod.addresses : cluster.addressesOf(pod)).map(formatAddress)[0] ?? '',
    phase: pod.phase,
  }))
}

/** The cluster's own Services would crowd out those that the reader came for. */
const isUsers = ({ meta }: Service): boolean => meta.namespace !== 'kube-system' && meta.name !== 'kubernetes'

function serviceView({ services: { slices } }: Emulation, service: Service): ServiceView {
  const endpoints = slices
    .filter((slice) => slice.service === service.meta.name && slice.meta.namespace === service.meta.namespace)
    .flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses.map(formatAddress)))
  return {
    name: `${service.meta.namespace}/${service.meta.name}`,
    address: service.clusterIPs.map(formatAddress)[0] ?? 'None',
    endpoints: [...new Set(endpoints)],
  }
}
