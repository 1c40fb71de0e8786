import { serveIngress } from '../app/ingress/proxy.ts'
import type { PodProcess } from '../app/pod-process.ts'
import { ByName } from '../kube/api/by-name.ts'
import { admitIngress, type Ingress, type IngressClass } from '../kube/api/ingress.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { EndpointSlice } from '../kube/api/service.ts'
import type { IngressWorld, SecretSeen } from '../kube/control/ingress/world.ts'
import type { Nanos } from '../sim/time.ts'
import type { ClusterTls } from './cluster-tls.ts'
import { Controller } from './ingress/controller.ts'
import { News } from './ingress/news.ts'
import type { IngressServing } from './ingress/serving.ts'
import type { Inventory } from './load/inventory.ts'
import type { Services } from './services.ts'

/** Ingresses and their classes as informers know them, and the controllers that serve them. */
export class ClusterIngress {
  readonly news = new News()
  private readonly ingresses = new ByName<Ingress>()
  private readonly known = new ByName<IngressClass>()

  constructor(
    { ingresses, ingressClasses }: Pick<Inventory, 'ingresses' | 'ingressClasses'>,
    private readonly services: Services,
    private readonly tls: ClusterTls,
  ) {
    for (const one of ingressClasses) this.known.set(one.meta, one)
    for (const one of ingresses) this.set(one)
  }

  get all(): readonly Ingress[] {
    return this.ingresses.values()
  }

  get classes(): readonly IngressClass[] {
    return this.known.values()
  }

  set(ingress: Ingress): void {
    this.ingresses.set(ingress.meta, admitIngress(ingress, this.classes))
  }

  delete({ meta }: Ingress): void {
    this.ingresses.delete(meta)
  }

  setClass(one: IngressClass): void {
    this.known.set(one.meta, one)
  }

  deleteClass({ meta }: IngressClass): void {
    this.known.delete(meta)
  }

  /** A pod's container is an ingress controller. */
  run(pod: Pod, process: PodProcess, serving: IngressServing): void {
    const controller = new Controller(process, () => this.world(process.simulation.now), serving)
    controller.follow(this.news)
    serveIngress(process, {
      http: serving.http,
      https: serving.https,
      config: () => controller.config,
      accept: this.tls.ingress(pod, process, serving.defaultCertificate),
      connect: this.tls.client({ insecure: true }),
    })
  }

  private world(now: Nanos): IngressWorld {
    const { tls } = this
    const { byName } = this.services
    const slices = new Map<string, EndpointSlice[]>()
    for (const slice of this.services.slices) {
      const name = `${slice.meta.namespace}/${slice.service}`
      const known = slices.get(name)
      if (known === undefined) slices.set(name, [slice])
      else known.push(slice)
    }
    return {
      ingresses: this.all,
      classes: this.classes,
      service: (namespace, name) => byName.get(namespace, name),
      slices: (namespace, name) => slices.get(`${namespace}/${name}`) ?? [],
      secret: (name) => seen(tls, name, now),
      secretsNamed: (name) => tls.bundles.secretsNamed(name),
    }
  }
}

function seen({ bundles }: ClusterTls, name: string, now: Nanos): SecretSeen {
  const current = bundles.current(name, now)
  if (current.kind !== 'file') return current
  const { subjectAltNames, subject, fingerprint } = current.file.identity.certificate
  const dnsNames = subjectAltNames.flatMap((one) => (one.kind === 'dns' ? [one.value] : []))
  const commonName = /(?:^|,)CN=([^,]+)/.exec(subject.text)?.[1] ?? null
  return { kind: 'certificate', fingerprint, dnsNames, commonName: subjectAltNames.length === 0 ? commonName : null }
}
