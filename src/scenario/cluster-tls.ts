import type { PodContext } from '../app/context.ts'
import { type HttpsClient, httpsUpgrade, type Sessions } from '../app/curl/https.ts'
import type { Upgrade } from '../app/curl/options.ts'
import type { OwnCertificate } from '../app/ingress/certificate.ts'
import { type AcceptTls, acceptTls, type KeyLog } from '../app/tls/accept.ts'
import { nameOf, selects } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Bundle } from '../kube/api/secret.ts'
import {
  type Certificate,
  type Crl,
  endEntity,
  type Identity,
  present,
  rootCa,
  serviceIdentity,
  serviceNames,
  subordinateCa,
  type Trust,
} from '../pki/certificates.ts'
import type { Nanos } from '../sim/time.ts'
import type { ServerConfig, Identity as TlsIdentity } from '../tls/config.ts'
import { ReplayGuard, SessionCache, TicketSealer, trusting, trustingAnyone } from '../tls/tls.ts'
import { formatAddress } from '../util/address.ts'
import { inputError, type SourcePosition } from '../util/diagnostics.ts'
import type { Rng } from '../util/rng.ts'
import type { Services } from './services.ts'
import { Bundles } from './tls/bundles.ts'
import { identify } from './tls/identify.ts'
import { IngressCertificates } from './tls/ingress-certificates.ts'
import { type IssueSpec, issue, readIssue } from './tls/issue.ts'
import { namesOf, Origins } from './tls/origins.ts'
import { PLAIN, type TlsServing } from './tls/serving.ts'

const DAY = 86_400_000
const SERVE = 'podwire.dev/serve'

export interface ClientOptions extends Omit<HttpsClient, 'judge' | 'keylog'> {
  readonly insecure: boolean
  /** Instead of the cluster's CA. */
  readonly roots?: readonly Certificate[]
}

/** Certificates of an emulated cluster: its CA, its Secrets, and what pods that serve HTTPS present. */
export class ClusterTls {
  /** Key log lines of every connection so far, in the order of their handshakes. */
  readonly keylog: string[] = []
  readonly bundles: Bundles
  readonly origins = new Origins()
  private authority: Identity | null = null
  private readonly stores = new Map<string, Sessions>()
  /** Roots and revocation lists that come with faulty certificates: for all but the fault they are to be believed. */
  private readonly lessons: { roots: Certificate[]; crls: Crl[]; known: Certificate[] } = {
    roots: [],
    crls: [],
    known: [],
  }

  constructor(
    private readonly services: Services,
    private readonly rng: Rng,
    /** Milliseconds since 1970 at the scenario's start. */
    private readonly epoch: number,
    bundles: readonly Bundle[] = [],
    plainSecrets: readonly string[] = [],
  ) {
    for (const bundle of bundles) checkIssue(bundle)
    this.bundles = new Bundles(bundles, (secret) => this.issueFor(secret), plainSecrets)
  }

  /** `ca.crt` of the cluster: ten years, as kubeadm makes it. */
  get ca(): Identity {
    const years = (n: number): number => this.epoch + n * 365 * DAY
    this.authority ??= rootCa(
      { subject: 'kubernetes', key: 'p-256', notBefore: this.epoch - 30 * DAY, notAfter: years(10) },
      this.rng.fork('kubernetes'),
    )
    return this.authority
  }

  private below: Identity | null = null

  /** A CA below the cluster's: who trusts that one has to be shown this one's certificate. */
  private get intermediate(): Identity {
    const { ca, epoch } = this
    const spec = { subject: 'kubernetes-intermediate', ca: { pathLength: 0 }, key: 'p-256' } as const
    this.below ??= subordinateCa(
      { ...spec, notBefore: epoch - 30 * DAY, notAfter: epoch + 5 * 365 * DAY },
      ca,
      this.rng.fork('kubernetes-intermediate'),
    )
    return this.below
  }

  private issuer(name: IssueSpec['issuer']): Identity {
    return name === 'intermediate' ? this.intermediate : this.ca
  }

  /** For curl in a pod: trusts the cluster's CA, `roots` instead, or (curl -k) anybody. */
  client({ insecure, roots, ...options }: ClientOptions): Upgrade {
    const judge = insecure ? trustingAnyone : trusting(roots === undefined ? this.trust : { roots, known: this.known })
    return httpsUpgrade({ ...options, judge, keylog: this.log })
  }

  /** A file that curls keep sessions in. */
  sessions(name: string): Sessions {
    let store = this.stores.get(name)
    if (store === undefined) this.stores.set(name, (store = new Map()))
    return store
  }

  /** For a pod's server; null where it cannot load its certificate, which it then says. `mounted`: when it started. */
  server(pod: Pod, tls: TlsServing, context: PodContext, mounted: Nanos): AcceptTls | null {
    const { namespace, name } = pod.meta
    const rng = this.rng.fork(`certificate of ${namespace}/${name}`)
    const random = this.rng.fork(`signatures of ${namespace}/${name}`)
    const own = tls.secrets.length > 0 ? null : identify(this.identity(pod, tls, rng), rng.fork('signatures'))
    for (const secret of tls.secrets) {
      this.bundles.versions(`${namespace}/${secret}`, pod.meta.at)
      const { problem } = this.secret(`${namespace}/${secret}`, mounted, mounted, true)
      if (problem === null) continue
      context.print(`cannot load Secret ${namespace}/${secret}: ${problem.detail}`)
      return null
    }
    const loaded = new Map<string, TlsIdentity>()
    const identities = (): readonly TlsIdentity[] => {
      if (own !== null) return [own]
      return tls.secrets.map((secret) => {
        const file = this.secret(`${namespace}/${secret}`, mounted, context.simulation.now, tls.reload)
        const { fingerprint } = file.identity.certificate
        const known =
          loaded.get(fingerprint) ?? identify(file.identity, random.fork(fingerprint), tls.secrets.length > 1)
        loaded.set(fingerprint, known)
        return known
      })
    }
    const base = this.serverConfig(namespace, tls, context)
    return acceptTls(context, () => ({ ...base, identities: identities() }), this.log)
  }

  /** For an ingress controller, which chooses anew for each connection. */
  ingress(pod: Pod, context: PodContext, defaultCertificate: string): (certificate: OwnCertificate) => AcceptTls {
    const { bundles, origins, epoch } = this
    const rng = this.rng.fork(`ingress controller ${nameOf(pod.meta)}`)
    const started = epoch + Math.floor(context.simulation.now / 1e6)
    const own = new IngressCertificates(pod.meta, bundles, origins, defaultCertificate, rng, started)
    const base = this.serverConfig(pod.meta.namespace, PLAIN, context)
    const config = (certificate: OwnCertificate) => () => ({
      ...base,
      identities: [own.of(certificate, context.simulation.now)],
    })
    return (certificate) => acceptTls(context, config(certificate), this.log)
  }

  /** Roots by name: `cluster-ca`, `secret/[NS/]NAME`, `configmap/[NS/]NAME`. Throws InputError. */
  roots(text: string, namespace: string, at: SourcePosition | null = null): readonly Certificate[] {
    if (text === 'cluster-ca') return [this.ca.certificate, ...this.lessons.roots]
    const match = /^(secret|configmap)\/(.+)$/.exec(text)
    if (match === null) throw inputError(`no roots ${text}`, 'cluster-ca, secret/NAME or configmap/NAME', at)
    const name = qualified(match[2], namespace)
    return this.bundles.roots(match[1] === 'secret' ? 'Secret' : 'ConfigMap', name, at)
  }

  /**
   * A client's certificate: of a Secret (`secret/[NS/]NAME`), or issued by the cluster's CA for the pod, with its SPIFFE name.
   * A Secret whose key is not its certificate's gives no identity, but the file that is wrong.
   */
  clientIdentity(
    text: string,
    namespace: string,
    name: string,
    now: Nanos,
    at: SourcePosition | null,
  ): Pick<ClientOptions, 'identities' | 'wrongKey'> {
    const rng = this.rng.fork(`client certificate of ${namespace}/${name}`)
    if (text !== 'cluster-ca') {
      const match = /^secret\/(.+)$/.exec(text)
      if (match === null) throw inputError(`no client certificate ${text}`, 'cluster-ca or secret/NAME', at)
      const secret = qualified(match[1], namespace)
      this.bundles.versions(secret, at)
      const file = this.secret(secret, now, now, true)
      return file.problem === null ? { identities: [identify(file.identity, rng)] } : { wrongKey: 'tls.key' }
    }
    const spiffe = `URI:spiffe://cluster.local/ns/${namespace}/sa/default`
    const made = endEntity(
      {
        subject: name,
        names: [spiffe],
        extKeyUsage: ['clientAuth'],
        notBefore: this.epoch - DAY,
        notAfter: this.epoch + 90 * DAY,
      },
      this.ca,
      rng,
    )
    this.origins.add(made.certificate, { object: `Pod ${namespace}/${name}`, key: 'issued by the cluster CA' })
    return { identities: [identify(made, rng.fork('signatures'))] }
  }

  /** A new certificate in a Secret, from the cluster's CA, as cert-manager renews one. Throws InputError for a Secret without names. */
  rotate(secret: string, spec: Partial<IssueSpec>, now: Nanos, at: SourcePosition): void {
    const names = spec.names ?? this.namesIn(secret, at)
    const full = { key: 'p-256', fault: null, validFor: 90 * DAY, issuer: 'ca', ...spec, names } as const
    const [namespace, name] = secret.split('/')
    const made = issue(
      name,
      namespace,
      full,
      this.issuer(full.issuer),
      this.epoch + now / 1e6,
      this.rng.fork(`${secret} at ${now}`),
    )
    this.learn(made)
    this.bundles.put(secret, made.identity, [], now)
  }

  private namesIn(secret: string, at: SourcePosition): string[] {
    const { certificate } = this.bundles.versions(secret, at).at(-1)!.identity
    return namesOf(certificate)
  }

  private serverConfig(namespace: string, tls: TlsServing, context: PodContext): Omit<ServerConfig, 'identities'> {
    const { versions, suites, groups, alpn, clientCa, clientAuth, earlyData, tickets } = tls
    const random = context.rng
    const asked =
      clientCa === null
        ? {}
        : {
            clientAuth,
            judge: trusting({ roots: this.roots(clientCa, namespace) }),
            authorities: this.roots(clientCa, namespace).map(({ subject }) => subject.der),
          }
    const resumption = tickets
      ? { tickets: new TicketSealer(random.fork('tickets')), ticketCount: 2, cache: new SessionCache() }
      : { ticketCount: 0 }
    const early = earlyData > 0 ? { maxEarlyData: earlyData, replay: new ReplayGuard() } : {}
    return { random, versions, suites, groups, alpn, ...asked, ...resumption, ...early }
  }

  /** What a Secret holds for a pod, its origin noted. */
  private secret(name: string, mounted: Nanos, now: Nanos, reload: boolean) {
    const file = this.bundles.mounted(name, mounted, now, reload)
    this.origins.add(file.identity.certificate, { object: `Secret ${name}`, key: 'tls.crt' })
    return file
  }

  /** Read at each judgement: servers, and what comes with them, start when they are first asked. */
  private get trust(): Trust {
    const { ca, lessons } = this
    return {
      get roots() {
        return [ca.certificate, ...lessons.roots]
      },
      get crls() {
        return lessons.crls
      },
      get known() {
        return lessons.known
      },
    }
  }

  private get known(): readonly Certificate[] {
    return this.lessons.known
  }

  private readonly log: KeyLog = (line) => {
    this.keylog.push(line)
  }

  private learn({ roots, crls, known }: Pick<ReturnType<typeof issue>, 'roots' | 'crls' | 'known'>): void {
    this.lessons.roots.push(...roots)
    this.lessons.crls.push(...crls)
    this.lessons.known.push(...known)
  }

  private issueFor(secret: Bundle): Identity {
    const { namespace, name } = secret.meta
    const spec = readIssue(secret.issue ?? '') as IssueSpec
    const made = issue(
      name,
      namespace,
      spec,
      this.issuer(spec.issuer),
      this.epoch,
      this.rng.fork(`Secret ${nameOf(secret.meta)}`),
    )
    this.learn(made)
    return made.identity
  }

  /** Of a pod that mounts none: for the names of the Services that select it. */
  private identity(pod: Pod, { fault, key, names: given }: TlsServing, rng: Rng): Identity {
    const { name, namespace, labels } = pod.meta
    const fronts = this.services.all.filter(
      (service) =>
        service.meta.namespace === namespace && service.selector !== null && selects(service.selector, labels),
    )
    const served = fronts.flatMap(({ meta, clusterIPs }) => [
      ...serviceNames(meta.name, meta.namespace),
      ...clusterIPs.map((address) => `IP:${formatAddress(address)}`),
    ])
    const names = given ?? null
    const subject = fronts[0]?.meta.name ?? name
    const asked = names === null ? null : { names, key, fault, validFor: 90 * DAY }
    const made =
      asked !== null
        ? issue(subject, namespace, asked, this.ca, this.epoch, rng)
        : fault !== null
          ? present(fault, { at: this.epoch, names: served, key }, rng)
          : { identity: this.usual(subject, pod, served, key, rng), roots: [], crls: [], known: [] }
    this.learn(made)
    this.origins.add(made.identity.certificate, { object: `Pod ${namespace}/${name}`, key: `annotation ${SERVE}` })
    return made.identity
  }

  private usual(subject: string, pod: Pod, served: readonly string[], key: TlsServing['key'], rng: Rng): Identity {
    const { name, namespace } = pod.meta
    const spec = {
      key,
      names: [`DNS:${name}`, ...served],
      notBefore: this.epoch - DAY,
      notAfter: this.epoch + 90 * DAY,
    } as const
    return serviceIdentity(subject, namespace, spec, this.ca, rng)
  }
}

function checkIssue(bundle: Bundle): void {
  const spec = bundle.issue === null ? null : readIssue(bundle.issue)
  if (typeof spec !== 'string') return
  const message = `${bundle.kind} ${nameOf(bundle.meta)}: annotation podwire.dev/issue: ${spec}`
  throw inputError(message, undefined, bundle.meta.at)
}

const qualified = (name: string, namespace: string): string => (name.includes('/') ? name : `${namespace}/${name}`)

/** curl's --tls-max: all versions from the lowest spoken up to one. */
export const versionsUpTo = (highest: '1.2' | '1.3' | undefined): HttpsClient['versions'] =>
  highest === '1.2' ? ['TLS 1.2'] : undefined
