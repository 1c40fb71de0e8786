import type { Step } from '../../trace/step.ts'
import type { IngressEvent } from '../../trace/steps/ingress.ts'
import type { KubeEvent, ObjectRef } from '../../trace/steps/kube.ts'
import { formatAddress } from '../../util/address.ts'
import { timeline as say } from '../messages/en-timeline.ts'
import type { Recorded } from '../record.ts'
import { EndpointChanges } from './endpoints.ts'
import { Drafts, type TimelineEntry, type Topic } from './entry.ts'
import { ProbeStreaks } from './probes.ts'
import { FailedRequests } from './requests.ts'

export type { TimelineEntry, Topic } from './entry.ts'

/** Events that say what no other step does; the rest repeats, in kubelet's words, what the steps tell. */
const TOLD: ReadonlySet<string> = new Set([
  ...[
    'ScalingReplicaSet',
    'DeploymentRollback',
    'FailedScheduling',
    'Preempted',
    'NodeNotReady',
    'TaintManagerEviction',
  ],
  ...[
    'SandboxChanged',
    'FailedCreatePodSandBox',
    'FailedCreate',
    'Completed',
    'BackoffLimitExceeded',
    'DeadlineExceeded',
  ],
  ...[
    'PodFailurePolicy',
    'MaxFailedIndexesExceeded',
    'FailedIndexes',
    'SuccessPolicy',
    'MissSchedule',
    'JobAlreadyActive',
  ],
  ...['FailedDaemonPod', 'FailedPlacement', 'ErrImageNeverPull'],
])

type Of<K extends KubeEvent['kind']> = Extract<KubeEvent, { kind: K }>

/**
 * What happened to the cluster's objects, in lines: derived from the recorded steps and from nothing else. Steps that follow
 * each other within milliseconds on one thing make one line; probes and requests that fail in a row make one, too.
 */
export function timelineOf(recorded: Recorded): TimelineEntry[] {
  const writer = new Timeline(recorded)
  for (const step of recorded.steps) writer.take(step)
  return writer.drafts.finish()
}

class Timeline {
  readonly drafts = new Drafts()
  private readonly endpoints = new EndpointChanges(this.drafts)
  private readonly probes = new ProbeStreaks(this.drafts)
  private readonly requests = new FailedRequests(this.drafts)
  /** Of pods, by uid: what is known so far. */
  private readonly addresses = new Map<string, string>()
  private readonly ready = new Map<string, boolean>()
  /** What a pod's name had before: `default/web-0` keeps its name and not its address. */
  private readonly named = new Map<string, string>()
  private readonly owners = new Map<string, string | null>()

  /** Pods on their way out: what phase they end in says nothing then. */
  private readonly going = new Set<string>()
  private readonly ended = new Set<string>()
  /** The cluster's own pods, until they are up: that they come up is not the story. */
  private readonly furniture = new Set<string>()
  private readonly nodes = new Set<string>()

  constructor(private readonly recorded: Recorded) {}

  take(step: Step): void {
    const { event } = step
    switch (event.kind) {
      case 'kube-object':
        this.object(step, event)
        break
      case 'pod-scheduled':
        this.pod(step, event.pod, 'pod', say.scheduled(event.node))
        break
      case 'pod-address':
        this.address(step, event)
        break
      case 'container-state':
        this.container(step, event)
        break
      case 'container-signal':
        this.pod(step, event.pod, 'container', say.signal(event.container, event.signal, event.detail))
        break
      case 'pod-condition':
        this.condition(step, event)
        break
      case 'pod-phase':
        this.phase(step, event)
        break
      case 'probe':
        this.probes.take(step, event, nameOf(event.pod), this.nodeOf(step))
        break
      case 'endpoints':
        this.endpoints.take(step, event)
        break
      case 'proxy-sync':
        this.rules(step, event)
        break
      case 'ingress-sync':
        this.configured(step, event)
        break
      case 'request':
        this.requests.take(step, event, this.recorded.places[step.place].netns)
        break
      case 'kube-event':
        this.told(step, event)
        break
    }
  }

  private pod(step: Step, pod: ObjectRef, topic: Topic, part: string): void {
    if (this.furniture.has(pod.uid)) return
    this.drafts.say(step.at, step.id, nameOf(pod), topic, part, '', pod.uid)
  }

  private object(step: Step, event: Of<'kube-object'>): void {
    const { object, change, by, owner } = event
    if (object.kind === 'Pod') {
      this.podObject(step, event)
    } else if (object.kind === 'Node') {
      if (change === 'created') this.nodes.add(object.name)
      if (change === 'deleted') this.nodes.delete(object.name)
      const text = change === 'created' ? say.nodeJoined : change === 'deleted' ? say.nodeGone : ''
      if (text !== '' && step.at > 0) this.drafts.say(step.at, step.id, `node/${object.name}`, 'node', text)
    } else if (by !== 'kubectl') {
      if (object.kind === 'Job' && owner !== null && change === 'created')
        this.drafts.say(step.at, step.id, subjectOf(object), 'controller', say.made(`${owner.kind} ${owner.name}`))
    } else if (UNTOLD.has(object.kind) || isSystem(object.namespace) || object.name === 'kubernetes') {
      // The cluster's own furniture.
    } else if (change === 'created') this.drafts.say(step.at, step.id, 'kubectl', 'objects', say.applied(what(object)))
    else if (change === 'deleted' || change === 'deleting')
      this.drafts.say(step.at, step.id, 'kubectl', 'objects', say.removed(what(object)))
  }

  private podObject(step: Step, { object, change, by, owner, grace }: Of<'kube-object'>): void {
    const before = this.owners.get(object.uid) ?? null
    const now = owner === null ? null : `${owner.kind} ${owner.name}`
    this.owners.set(object.uid, now)
    switch (change) {
      case 'created': {
        if (step.at === 0 && isSystem(object.namespace)) this.furniture.add(object.uid)
        this.pod(step, object, 'pod', now === null ? say.applies : say.made(now))
        const known = this.named.get(`${object.namespace}/${object.name}`)
        if (known !== undefined) this.pod(step, object, 'pod', say.sameName(known))
        break
      }
      case 'updated':
        if (before === null && now !== null) this.pod(step, object, 'pod', say.adopted(now))
        if (before !== null && now === null) this.pod(step, object, 'pod', say.released(before))
        break
      case 'deleting':
        this.going.add(object.uid)
        this.pod(step, object, 'pod', say.deleting(by, grace ?? 0))
        break
      case 'deleted':
        this.pod(step, object, 'pod', this.going.has(object.uid) ? say.gone : say.deleted(by))
    }
  }

  private address(step: Step, { pod, change, addresses, node }: Of<'pod-address'>): void {
    const text = addresses.map(formatAddress).join(', ')
    if (change === 'released') {
      const over = this.going.has(pod.uid) || this.ended.has(pod.uid)
      this.pod(step, pod, 'address', over ? say.freed(text) : say.lost(text))
      return
    }
    const before = this.addresses.get(pod.uid)
    this.addresses.set(pod.uid, text)
    this.named.set(`${pod.namespace}/${pod.name}`, text)
    this.pod(step, pod, 'address', before === undefined ? say.sandbox(node, text) : say.newSandbox(text, before))
  }

  private container(step: Step, event: Of<'container-state'>): void {
    const { pod, container, state, reason, restarts, message, exitCode } = event
    if (state === 'running') this.pod(step, pod, 'container', say.started(container, restarts))
    else if (state === 'terminated') this.pod(step, pod, 'container', say.ended(container, exitCode ?? 0, reason))
    else if (!QUIET.has(reason)) {
      if (exitCode !== null) this.pod(step, pod, 'container', say.ended(container, exitCode, ''))
      this.pod(step, pod, 'container', say.waits(container, reason, waitingFor(message)))
    }
  }

  private condition(step: Step, { pod, condition, status, reason }: Of<'pod-condition'>): void {
    if (condition !== 'Ready') return
    const known = this.ready.get(pod.uid) ?? false
    const now = status === 'True'
    this.ready.set(pod.uid, now)
    if (known !== now && reason !== 'PodCompleted') this.pod(step, pod, 'pod', now ? say.ready : say.notReady)
  }

  private phase(step: Step, { pod, to }: Of<'pod-phase'>): void {
    if (to !== 'Succeeded' && to !== 'Failed') return
    this.ended.add(pod.uid)
    if (!this.going.has(pod.uid)) this.pod(step, pod, 'pod', say.phase(to))
  }

  private rules(step: Step, { services, mode, stale }: Of<'proxy-sync'>): void {
    const told = services.filter((name) => !isSystem(name.split('/')[0]) && name !== 'default/kubernetes')
    if (told.length === 0) return
    const node = this.nodeOf(step)
    const known = this.syncing
    if (known !== null && known.at === step.at) {
      known.nodes.push(node)
      known.stale += stale
    } else {
      const draft = this.drafts.alone(step.at, step.id, 'kube-proxy', 'rules', '')
      this.syncing = { at: step.at, nodes: [node], draft, stale }
    }
    const { nodes, draft, stale: gone } = this.syncing!
    const rules = say.rules(mode, told.map(shortName), nodes.length === this.nodes.size ? null : nodes)
    draft.parts = gone === 0 ? [rules] : [rules, say.staleEntries(gone)]
  }

  /** What a controller has as it starts is not the story. */
  private configured(step: Step, { by, hosts }: Extract<IngressEvent, { kind: 'ingress-sync' }>): void {
    if (by.length === 0 || step.at === 0) return
    this.drafts.alone(step.at, step.id, 'ingress', 'rules', say.configured(by, hosts.length))
  }

  private syncing: {
    readonly at: number
    readonly nodes: string[]
    readonly draft: { parts: string[] }
    stale: number
  } | null = null

  private told(step: Step, { reason, message, object, type }: Of<'kube-event'>): void {
    if (!TOLD.has(reason)) return
    const isPod = object.kind === 'Pod'
    // Pods of a node that fell silent are no longer ready: their conditions say so.
    if (isPod && reason === 'NodeNotReady') return
    const topic = object.kind === 'Node' ? 'node' : isPod ? 'pod' : 'controller'
    const word = type === 'Warning' ? `${reason}: ${message}` : message
    if (isPod) this.pod(step, object, topic, word)
    else this.drafts.say(step.at, step.id, subjectOf(object), topic, word)
  }

  private nodeOf(step: Step): string {
    return this.recorded.places[step.place].node
  }
}

const UNTOLD: ReadonlySet<string> = new Set(['Namespace', 'EndpointSlice', 'Event', 'Node'])
/** Reasons that say nothing yet: what comes next is told when it comes. */
const QUIET: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing', ''])

/** The span of a back-off, or the last words of why an image could not be pulled; that is said when it is tried. */
function waitingFor(message: string): string {
  const delay = /^back-off (\S+)/.exec(message)
  if (delay !== null) return delay[1]
  return message.startsWith('Back-off pulling') ? '' : message.split(': ').slice(-2).join(': ')
}

const isSystem = (namespace: string): boolean => namespace === 'kube-system'

/** In the namespace `default` a name is enough. */
const nameOf = ({ namespace, name }: ObjectRef): string =>
  namespace === 'default' || namespace === '' ? name : `${namespace}/${name}`
const shortName = (name: string): string => name.replace(/^default\//, '')
const what = (object: ObjectRef): string => `${object.kind} ${nameOf(object)}`
const subjectOf = (object: ObjectRef): string => `${SHORT[object.kind] ?? object.kind.toLowerCase()}/${nameOf(object)}`
const SHORT: Readonly<Record<string, string>> = {
  Node: 'node',
  Service: 'svc',
  Deployment: 'deploy',
  ReplicaSet: 'rs',
  ReplicationController: 'rc',
  StatefulSet: 'sts',
  DaemonSet: 'ds',
  Job: 'job',
  CronJob: 'cronjob',
}
