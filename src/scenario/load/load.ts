import { ByName } from '../../kube/api/by-name.ts'
import type { Ingress, IngressClass } from '../../kube/api/ingress.ts'
import type { KubeObject } from '../../kube/api/kinds.ts'
import { type Meta, nameOf } from '../../kube/api/meta.ts'
import type { Node } from '../../kube/api/node.ts'
import type { Pod } from '../../kube/api/pod.ts'
import type { Bundle } from '../../kube/api/secret.ts'
import type { EndpointSlice, Service } from '../../kube/api/service.ts'
import { checkInventory } from './checks.ts'
import { ObjectReader, SharedLabels } from './fields.ts'
import type { ConfigHints, Inventory, SkippedKind } from './inventory.ts'
import { jsonObjects, looksLikeJson } from './json.ts'
import { changesVerdicts, modelledKind, type Parsed, readKind, rightVersions } from './kinds.ts'
import type { Operation, Scenario, ScenarioStep } from './scenario-kind.ts'
import { Lines, MAX_TEXT, Problems, type RawObject, type Source } from './source.ts'
import { checkFields } from './strict.ts'
import { yamlObjects } from './yaml.ts'

/** Reads sources of one input. Throws InputError with every error found in them. */
export function load(sources: readonly Source[]): Inventory {
  const loader = new Loader()
  for (const source of sources) loader.add(source)
  return loader.finish()
}

/** Takes sources one at a time, so that a text can be dropped as soon as its objects are read. */
export class Loader {
  /** Scenarios seen so far: whoever reads files looks here for further manifests. */
  readonly scenarios: Scenario[] = []
  private readonly shared = new SharedLabels()
  private readonly nodes = new ByName<Node>()
  private readonly namespaces = new ByName<Meta>()
  private readonly pods = new ByName<Pod>()
  private readonly objects = new Map<string, KubeObject>()
  private readonly services = new ByName<Service>()
  private readonly slices = new ByName<readonly EndpointSlice[]>()
  private readonly ingresses = new ByName<Ingress>()
  private readonly ingressClasses = new ByName<IngressClass>()
  private readonly endpoints = new ByName<readonly EndpointSlice[]>()
  private readonly skipped = new Map<string, SkippedKind>()
  private readonly secrets = new ByName<Bundle>()
  private readonly configMaps = new ByName<Bundle>()
  private readonly plainSecrets = new Set<string>()
  private hints: ConfigHints = {}
  private readonly applied = new Map<Operation, Loader>()

  constructor(readonly problems = new Problems()) {}

  add(source: Source): void {
    if (source.text.length > MAX_TEXT) {
      const at = { file: source.name, line: 1, column: 1 }
      this.problems.error(at, `${Math.round(source.text.length / 1e6)} MB in one file`, 'at most 500 MB')
      return
    }
    const fault = textFault(source.text)
    if (fault !== null) {
      const at = new Lines(source.name, source.text).at(fault.offset)
      if (fault.fatal) {
        this.problems.error(at, 'this is not text', 'YAML or JSON')
        return
      }
      this.problems.warn(at, 'this is not UTF-8: what cannot be read was replaced')
    }
    let empty = true
    for (const raw of objectsOf(source, this.problems)) {
      empty &&= raw.value === null || raw.value === undefined
      this.take(raw)
    }
    if (empty && !this.problems.failed)
      this.problems.warn({ file: source.name, line: 1, column: 1 }, 'there is no object in it')
  }

  finish(): Inventory {
    this.problems.check()
    const inventory = this.inventory()
    checkInventory(inventory, this.problems)
    this.problems.check()
    return { ...inventory, diagnostics: this.problems.all }
  }

  /** What a step `apply` brings from a file. */
  addTo(step: Operation, source: Source): void {
    this.appliedBy(step).add(source)
  }

  private appliedBy(step: Operation): Loader {
    let loader = this.applied.get(step)
    if (loader === undefined) this.applied.set(step, (loader = new Loader(this.problems)))
    return loader
  }

  private inventory(): Inventory {
    return {
      nodes: this.nodes.values(),
      namespaces: this.namespaces.values(),
      pods: this.pods.values(),
      objects: [...this.objects.values()],
      services: this.services.values(),
      slices: this.allSlices(),
      ingresses: this.ingresses.values(),
      ingressClasses: this.ingressClasses.values(),
      bundles: [...this.secrets.values(), ...this.configMaps.values()],
      plainSecrets: [...this.plainSecrets],
      hints: this.hints,
      scenarios: this.scenarios,
      skipped: [...this.skipped.values()],
      applied: new Map([...this.applied].map(([step, loader]) => [step, loader.inventory()])),
      diagnostics: [],
    }
  }

  private take(raw: RawObject): void {
    const { value } = raw
    if (value === null || value === undefined) return
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.problems.error(
        raw.at([]),
        `this is ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}`,
        'a Kubernetes object',
      )
      return
    }
    const { apiVersion, kind } = value as Record<string, unknown>
    if (typeof kind !== 'string' || kind === '') {
      this.problems.error(raw.at(['kind']), "Object 'Kind' is missing")
    } else if (typeof apiVersion !== 'string' || apiVersion === '') {
      this.problems.error(raw.at(['apiVersion']), `Object 'apiVersion' is missing in this ${kind}`)
    } else if (kind !== 'List' && !(kind.endsWith('List') && 'items' in value)) {
      this.takeObject(raw, apiVersion, kind)
    }
  }

  private takeObject(raw: RawObject, apiVersion: string, kind: string): void {
    const modelled = modelledKind(apiVersion, kind)
    const right = modelled === null ? rightVersions(apiVersion, kind) : null
    if (right !== null) {
      const message = `no matches for kind "${kind}" in version "${apiVersion}"`
      this.problems.error(raw.at(['apiVersion']), message, right.join(' or '))
    } else if (modelled === null) {
      this.skip(raw, apiVersion, kind)
    } else {
      const reader = new ObjectReader(raw, this.problems, kind, apiVersion, this.shared)
      checkFields(reader)
      const parsed = readKind(modelled, reader, reader.root())
      if (reader.faults === 0) this.keep(parsed)
      if (parsed.kind === 'Scenario') this.takeSteps(raw, parsed.value?.steps ?? [])
    }
  }

  /** Objects that are written in a step. */
  private takeSteps(raw: RawObject, steps: readonly ScenarioStep[]): void {
    for (const [index, { operation }] of steps.entries()) {
      if (operation.name !== 'apply') continue
      const loader = this.appliedBy(operation)
      for (const [i, value] of operation.with.objects.entries()) {
        const above = ['spec', 'steps', index, 'apply', 'objects', i]
        loader.take({ value, at: (path) => raw.at([...above, ...path]) })
      }
    }
  }

  private keep(parsed: Parsed): void {
    switch (parsed.kind) {
      case 'Node':
        this.put(this.nodes, 'Node', parsed.value.meta, parsed.value)
        break
      case 'Namespace':
        this.put(this.namespaces, 'Namespace', parsed.value, parsed.value)
        break
      case 'Pod':
        this.put(this.pods, 'Pod', parsed.value.meta, parsed.value)
        if (parsed.object !== null) this.objects.set(`Pod ${nameOf(parsed.value.meta)}`, parsed.object)
        break
      case 'Workload': {
        const { kind, meta } = parsed.value
        if (this.objects.has(`${kind} ${nameOf(meta)}`))
          this.problems.warn(meta.at, `${kind} ${nameOf(meta)} is given more than once: this one counts`)
        this.objects.set(`${kind} ${nameOf(meta)}`, parsed.value)
        break
      }
      case 'Service':
        this.put(this.services, 'Service', parsed.value.meta, parsed.value)
        break
      case 'EndpointSlice':
        if (parsed.value.length > 0) this.put(this.slices, parsed.kind, parsed.value[0].meta, parsed.value)
        break
      case 'Endpoints':
        this.putEndpoints(parsed.value)
        break
      case 'Ingress':
        this.put(this.ingresses, 'Ingress', parsed.value.meta, parsed.value)
        break
      case 'IngressClass':
        this.put(this.ingressClasses, 'IngressClass', parsed.value.meta, parsed.value)
        break
      case 'ConfigMap':
        this.hints = { ...this.hints, ...parsed.value }
        if (parsed.roots !== null) this.put(this.configMaps, 'ConfigMap', parsed.roots.meta, parsed.roots)
        break
      case 'Secret':
        if (holdsCertificate(parsed.value)) this.put(this.secrets, 'Secret', parsed.value.meta, parsed.value)
        else this.plainSecrets.add(nameOf(parsed.value.meta))
        break
      case 'Scenario':
        if (parsed.value !== null) this.scenarios.push(parsed.value)
    }
  }

  /** As with `kubectl apply`, the later of two objects of one name replaces the earlier. */
  private put<T>(known: ByName<T>, kind: string, meta: Meta, value: T): void {
    if (!known.set(meta, value)) return
    this.problems.warn(meta.at, `${kind} ${nameOf(meta)} is given more than once: this one counts`)
  }

  private putEndpoints(slices: readonly EndpointSlice[]): void {
    if (slices.length === 0) return
    const [{ meta, service }] = slices
    this.put(this.endpoints, 'Endpoints', { ...meta, name: service }, slices)
  }

  private skip(raw: RawObject, apiVersion: string, kind: string): void {
    const key = `${apiVersion} ${kind}`
    const known = this.skipped.get(key)
    const metadata = (raw.value as { metadata?: { namespace?: unknown; name?: unknown } }).metadata
    const name = [metadata?.namespace, metadata?.name].filter((part) => typeof part === 'string').join('/')
    if (known === undefined) {
      const deciding = changesVerdicts(apiVersion, kind)
      this.skipped.set(key, { apiVersion, kind, count: 1, names: [name], changesVerdicts: deciding })
    } else {
      known.count++
      if (known.names.length < 3) known.names.push(name)
    }
  }

  /** An Endpoints object counts only for a Service that no EndpointSlice speaks of: the control plane mirrors the rest. */
  private allSlices(): EndpointSlice[] {
    const slices = this.slices.values().flat()
    const served = new Set(slices.map((slice) => `${slice.meta.namespace}/${slice.service}`))
    for (const own of this.endpoints.values())
      if (!served.has(`${own[0].meta.namespace}/${own[0].service}`)) slices.push(...own)
    return slices
  }
}

const holdsCertificate = ({ data, issue }: Bundle): boolean => Object.keys(data).length > 0 || issue !== null

/** NUL bytes are in no text; what was no UTF-8 became U+FFFD when the file was read. */
function textFault(text: string): { readonly offset: number; readonly fatal: boolean } | null {
  const nul = text.indexOf('\0')
  if (nul >= 0) return { offset: nul, fatal: true }
  const replaced = text.indexOf('\ufffd')
  return replaced < 0 ? null : { offset: replaced, fatal: false }
}

/** Its objects, JSON or YAML, Lists opened. */
export function objectsOf(source: Source, problems: Problems): Iterable<RawObject> {
  const json = /\.(json|ndjson|jsonl)$/i.test(source.name) || looksLikeJson(source.text)
  return json ? jsonObjects(source, problems) : yamlObjects(source, problems)
}
