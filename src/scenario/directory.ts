import { ByName } from '../kube/api/by-name.ts'
import { type Meta, nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Service } from '../kube/api/service.ts'
import type { Address } from '../util/address.ts'
import { InputError, inputError, type SourcePosition } from '../util/diagnostics.ts'
import { nearest } from '../util/near.ts'
import { type EndpointRef, formatEndpointRef } from './endpoint.ts'
import type { ClusterPlan } from './plan.ts'

/** What an endpoint turned out to be. Ports of null: none was given. */
export type Target =
  | { readonly kind: 'pod'; readonly pod: Pod; readonly port: number | null }
  | { readonly kind: 'service'; readonly service: Service; readonly port: number | null }
  | { readonly kind: 'node'; readonly node: string; readonly port: number | null }
  | { readonly kind: 'external'; readonly port: number | null }
  | { readonly kind: 'address'; readonly address: Address; readonly port: number | null }

/** Objects by their names. */
export class Directory {
  private readonly pods = new ByName<Pod>()

  /** Services are looked up where the cluster keeps them. */
  constructor(
    private readonly plan: ClusterPlan,
    private readonly services: Pick<ByName<Service>, 'get' | 'values'>,
  ) {
    for (const { pods } of plan.nodes.values()) for (const pod of pods) this.pods.set(pod.meta, pod)
  }

  /** A pod came, or is another by now. */
  setPod(pod: Pod): void {
    this.pods.set(pod.meta, pod)
  }

  deletePod(pod: Pod): void {
    this.pods.delete(pod.meta)
  }

  pod(namespace: string, name: string): Pod | null {
    return this.pods.get(namespace, name)
  }

  allPods(): Iterable<Pod> {
    return this.pods.values()
  }

  /** Throws InputError, with what comes near, for an endpoint that is not there. */
  resolve(ref: EndpointRef, at: SourcePosition | null = null): Target {
    switch (ref.kind) {
      case 'external':
      case 'address':
        return ref
      case 'node':
        if (!this.plan.nodes.has(ref.name)) throw unknown('Node', ref.name, this.plan.nodes.keys(), 'node/', at)
        return { kind: 'node', node: ref.name, port: ref.port }
      case 'pod':
        return this.resolvePod(ref, at)
      case 'deployment':
        return this.resolveDeployment(ref, at)
      case 'service':
        return this.resolveService(ref, at)
    }
  }

  private resolvePod(ref: Extract<EndpointRef, { kind: 'pod' }>, at: SourcePosition | null): Target {
    const wanted = `${ref.namespace}/${ref.name}`
    const pod = this.pods.get(ref.namespace, ref.name)
    if (pod !== null) return { kind: 'pod', pod, port: ref.port }
    if (this.services.get(ref.namespace, ref.name) !== null)
      throw inputError(`no Pod ${wanted}, but a Service`, `svc/${wanted}`, at)
    if (this.plan.nodes.has(ref.name)) throw inputError(`no Pod ${wanted}, but a Node`, `node/${ref.name}`, at)
    throw unknown('Pod', wanted, namesOf(this.pods), '', at)
  }

  /** The first of a Deployment's pods by name: they belong to a ReplicaSet called after it, a dash and a hash. */
  private resolveDeployment(ref: Extract<EndpointRef, { kind: 'deployment' }>, at: SourcePosition | null): Target {
    const found = this.pods
      .values()
      .filter((pod) => pod.meta.namespace === ref.namespace && deploymentOf(pod) === ref.name)
      .sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
    if (found.length > 0) return { kind: 'pod', pod: found[0], port: ref.port }
    const names = new Set<string>()
    for (const pod of this.pods.values()) {
      const name = deploymentOf(pod)
      if (name !== null) names.add(`${pod.meta.namespace}/${name}`)
    }
    throw unknown('pod of a Deployment', `${ref.namespace}/${ref.name}`, names, 'deploy/', at)
  }

  private resolveService(ref: Extract<EndpointRef, { kind: 'service' }>, at: SourcePosition | null): Target {
    const wanted = `${ref.namespace}/${ref.name}`
    const service = this.services.get(ref.namespace, ref.name)
    if (service === null) throw unknown('Service', wanted, namesOf(this.services), 'svc/', at)
    if (typeof ref.port !== 'string') return { kind: 'service', service, port: ref.port }
    const port = service.ports.find(({ name }) => name === ref.port)
    if (port !== undefined) return { kind: 'service', service, port: port.port }
    const names = service.ports.map(({ name, port: number }) => (name === '' ? String(number) : name)).join(', ')
    throw inputError(`Service ${wanted} has no port named "${ref.port}"`, `one of ${names}`, at)
  }
}

function deploymentOf({ owner, meta }: Pod): string | null {
  const hash = meta.labels['pod-template-hash']
  if (owner?.kind !== 'ReplicaSet' || hash === undefined || !owner.name.endsWith(`-${hash}`)) return null
  return owner.name.slice(0, -hash.length - 1)
}

const namesOf = (objects: Pick<ByName<{ readonly meta: Meta }>, 'values'>): string[] =>
  objects.values().map(({ meta }) => nameOf(meta))

function unknown(
  kind: string,
  name: string,
  known: Iterable<string>,
  prefix: string,
  at: SourcePosition | null,
): InputError {
  const names = [...known]
  const near = nearest(name, names)
  const expected =
    near.length > 0
      ? `did you mean ${near.map((word) => prefix + word).join(' or ')}?`
      : names.length === 0
        ? 'there is none'
        : `there ${names.length === 1 ? 'is' : 'are'} ${names
            .slice(0, 5)
            .map((word) => prefix + word)
            .join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`
  return new InputError([{ severity: 'error', at, message: `no ${kind} ${name}: ${expected}` }])
}

/** `default/web-1`, `svc/default/web:80`, as a target would be typed. */
export function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'pod': {
      const { namespace, name } = target.pod.meta
      return formatEndpointRef({ kind: 'pod', namespace, name, port: target.port })
    }
    case 'service': {
      const { namespace, name } = target.service.meta
      return formatEndpointRef({ kind: 'service', namespace, name, port: target.port })
    }
    case 'node':
      return formatEndpointRef({ kind: 'node', name: target.node, port: target.port })
    default:
      return formatEndpointRef(target)
  }
}
