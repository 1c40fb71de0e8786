import type { PodContext } from '../app/context.ts'
import type { Upgrade } from '../app/curl/options.ts'
import type { TlsStream } from '../app/tls/stream.ts'
import { acceptTls, type HttpsClient, httpsUpgrade, type KeyLog, STEPS } from '../app/tls/upgrade.ts'
import { selects } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { TcpStream } from '../linux/socket/tcp/stream.ts'
import {
  type Certificate,
  type Crl,
  FAULTS,
  type Fault,
  type Identity,
  present,
  rootCa,
  serviceIdentity,
  serviceNames,
  type Trust,
} from '../pki/certificates.ts'
import { emulatedSigner } from '../pki/keys.ts'
import type { Process } from '../sim/process.ts'
import { identityOf, trusting, trustingAnyone } from '../tls/trust.ts'
import { formatAddress } from '../util/address.ts'
import type { Rng } from '../util/rng.ts'
import type { Services } from './services.ts'

const DAY = 86_400_000

/** Certificates of an emulated cluster: its CA, and a serving certificate for every pod that serves HTTPS. */
export class ClusterTls {
  /** Key log lines of every connection so far, in the order of their handshakes. */
  readonly keylog: string[] = []
  private authority: Identity | null = null
  /** Roots and revocation lists that come with faulty certificates: for all but the fault they are to be believed. */
  private readonly lessons: { roots: Certificate[]; crls: Crl[] } = { roots: [], crls: [] }

  constructor(
    private readonly services: Services,
    private readonly rng: Rng,
    /** Milliseconds since 1970 at the scenario's start. */
    private readonly epoch: number,
  ) {}

  /** `ca.crt` of the cluster: ten years, as kubeadm makes it. */
  get ca(): Identity {
    const years = (n: number): number => this.epoch + n * 365 * DAY
    this.authority ??= rootCa(
      { subject: 'kubernetes', key: 'p-256', notBefore: this.epoch - 30 * DAY, notAfter: years(10) },
      this.rng.fork('kubernetes'),
    )
    return this.authority
  }

  /** For curl in a pod: trusts the cluster's CA, `roots` instead, or (curl -k) anybody. */
  client(
    options: { readonly insecure: boolean; readonly roots?: readonly Certificate[] } & Pick<
      HttpsClient,
      'versions' | 'groups'
    >,
  ): Upgrade {
    const judge = options.insecure ? trustingAnyone : trusting(options.roots ? { roots: options.roots } : this.trust)
    return httpsUpgrade({ ...options, judge, keylog: this.log })
  }

  /** For a pod's server: its certificate names the Services that select it. */
  server(pod: Pod, fault: Fault | null, context: PodContext): (tcp: TcpStream) => Process<TlsStream | null> {
    const rng = this.rng.fork(`certificate of ${pod.meta.namespace}/${pod.meta.name}`)
    const { certificate, chain, key } = this.identity(pod, fault, rng)
    const identities = [identityOf({ certificate, chain }, emulatedSigner(key, rng.fork('signatures')))]
    return acceptTls(context, { identities, random: context.rng, alpn: ['http/1.1'], ...STEPS }, this.log)
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
    }
  }

  private readonly log: KeyLog = (line) => {
    this.keylog.push(line)
  }

  private identity(pod: Pod, fault: Fault | null, rng: Rng): Identity {
    const { name, namespace, labels } = pod.meta
    const fronts = this.services.all.filter(
      (service) =>
        service.meta.namespace === namespace && service.selector !== null && selects(service.selector, labels),
    )
    const names = fronts.flatMap(({ meta, clusterIPs }) => [
      ...serviceNames(meta.name, meta.namespace),
      ...clusterIPs.map((address) => `IP:${formatAddress(address)}`),
    ])
    if (fault !== null) {
      const { identity, roots, crls } = present(fault, { at: this.epoch, names }, rng)
      this.lessons.roots.push(...roots)
      this.lessons.crls.push(...crls)
      return identity
    }
    const spec = {
      key: 'p-256',
      names: [`DNS:${name}`, ...names],
      notBefore: this.epoch - DAY,
      notAfter: this.epoch + 90 * DAY,
    } as const
    return serviceIdentity(fronts[0]?.meta.name ?? name, namespace, spec, this.ca, rng)
  }
}

export const isFault = (text: string): text is Fault => Object.hasOwn(FAULTS, text)
export const faultNames = Object.keys(FAULTS).join(', ')

/** curl's --tls-max: all versions from the lowest spoken up to one. */
export const versionsUpTo = (highest: '1.2' | '1.3' | undefined): HttpsClient['versions'] =>
  highest === '1.2' ? ['TLS 1.2'] : undefined
