import type { Tenancy } from '../../explain/address-history.ts'
import type { Handshake } from '../../explain/handshakes.ts'
import type { EndpointCount, PodLife } from '../../explain/pod-lives.ts'
import type { Recorded } from '../../explain/record.ts'
import type { TimelineEntry } from '../../explain/timeline/timeline.ts'
import type { Trace } from '../../explain/trace.ts'

/** What the UI shows: a cluster, and the power to send a packet through it. The command line makes one from a scenario. */
export interface Experience {
  readonly title: string
  readonly seed: number
  readonly overlay: string
  readonly proxyMode: string
  /** The LAN that joins the nodes. */
  readonly underlay: string
  /** The cluster as it is after what the user did. */
  cluster(kills: readonly Kill[]): ClusterView
  /** Runs the engine: the packet, its answer, and everything recorded on the way. */
  trace(request: StoryRequest, kills: readonly Kill[]): Story
  /** The scenario played to its end, with what the user did to it on the way; null where nothing lives. */
  life(kills: readonly Kill[]): Life | null
  /** The TLS connections of the scenario; where it has none, that of this request over https. */
  handshakes(request: StoryRequest, kills: readonly Kill[]): readonly Handshake[]
}

/** The user deletes a pod at a moment of the scenario. */
export interface Kill {
  /** Nanoseconds of virtual time. */
  readonly at: number
  readonly namespace: string
  readonly name: string
  /** Without grace: SIGKILL at once. */
  readonly now: boolean
}

export interface ClusterView {
  readonly nodes: readonly NodeView[]
  readonly services: readonly ServiceView[]
}

/** What lived and died in a run. Times in nanoseconds. */
export interface Life {
  readonly end: number
  readonly pods: readonly PodLife[]
  readonly addresses: readonly Tenancy[]
  readonly endpoints: readonly EndpointCount[]
  readonly requests: readonly { readonly at: number; readonly ok: boolean }[]
  readonly entries: readonly TimelineEntry[]
}

export interface StoryRequest {
  readonly from: string
  readonly to: string
  readonly protocol: 'tcp' | 'udp' | 'icmp'
}

/** A trace with the recording behind it, so that bytes can be looked at. */
export interface Story {
  readonly request: StoryRequest
  /** Whether controllers and kubelets run in the cluster, so that pods can be killed. */
  readonly lives: boolean
  readonly trace: Trace
  readonly recorded: Recorded
}

export interface NodeView {
  readonly name: string
  readonly address: string
  readonly pods: readonly PodView[]
  /** From the pods down to the wire: cni0, flannel.1, eth0. */
  readonly devices: readonly { readonly name: string; readonly address: string }[]
}

export interface PodView {
  readonly namespace: string
  readonly name: string
  readonly address: string
  readonly phase: string
}

export interface ServiceView {
  readonly name: string
  readonly address: string
  readonly endpoints: readonly string[]
}

/** What can be a source or a destination, in the words of the command line. */
export interface Target {
  readonly id: string
  readonly label: string
}

export function targetsOf({ nodes, services }: ClusterView, forDestination: boolean): Target[] {
  const pods = nodes.flatMap((node) =>
    node.pods.map((pod) => ({
      id: `pod/${pod.namespace}/${pod.name}`,
      label: `${pod.namespace}/${pod.name}  ${pod.address}  ${node.name}`,
    })),
  )
  const hosts = nodes.map((node) => ({ id: `node/${node.name}`, label: `${node.name}  ${node.address}` }))
  const virtual = services.map((service) => ({
    id: `svc/${service.name}`,
    label: `svc/${service.name}  ${service.address}`,
  }))
  return forDestination ? [...virtual, ...pods, ...hosts] : [...pods, ...hosts]
}
