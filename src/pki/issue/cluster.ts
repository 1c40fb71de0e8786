import type { Rng } from '../../util/rng.ts'
import type { KeyType } from '../generate.ts'
import { DAY, type Moment, millisOf } from '../moment.ts'
import { name } from '../x509/name.ts'
import { endEntity, type IdentitySpec, rootCa, subordinateCa } from './authority.ts'
import type { Identity } from './certificate.ts'

/** What kubeadm makes on a control plane, and what an ingress controller serves from a public-style chain. */
export interface ClusterPki {
  /** `ca.crt`: signs serving and client certificates; pods find it in `kube-root-ca.crt`. */
  readonly ca: Identity
  readonly apiServer: Identity
  /** The API server towards kubelets. */
  readonly apiServerKubeletClient: Identity
  readonly admin: Identity
  readonly controllerManager: Identity
  readonly scheduler: Identity
  /** One a node, CN=system:node:NAME. */
  readonly kubelets: ReadonlyMap<string, Identity>
  /** `front-proxy-ca.crt`: what extension API servers trust for requests passed on by the aggregator. */
  readonly frontProxyCa: Identity
  readonly frontProxyClient: Identity
  readonly ingressRoot: Identity
  readonly ingressIntermediate: Identity
  /** Sends its intermediate. */
  readonly ingress: Identity
}

export interface ClusterPkiOptions {
  /** When the cluster was made: certificates start five minutes earlier, as kubeadm backdates them. */
  readonly at: Moment
  /** Default `p-256`; kubeadm's own default is RSA 2048. */
  readonly key?: KeyType
  /** Default cluster.local. */
  readonly domain?: string
  /** Default the three of the default cluster. */
  readonly nodes?: readonly string[]
  /** Of the API server: the first Service address and the control plane's. */
  readonly apiServerAddresses?: readonly string[]
  readonly ingressHosts?: readonly string[]
}

/** A cluster's certificates, as `kubeadm init phase certs` lays them out (CA ten years, leaves one). */
export function clusterPki(options: ClusterPkiOptions, rng: Rng): ClusterPki {
  const { key = 'p-256', nodes = ['control-plane', 'node-1', 'node-2'], ingressHosts = ['shop.example.com'] } = options
  const start = millisOf(options.at) - 5 * 60_000
  // Each has a stream of its own and, up to the size of the pool, an RSA key of its own.
  let index = 0
  const lasting = (years: number) => ({ key, keyIndex: index++, notBefore: start, notAfter: start + years * 365 * DAY })
  const root = (cn: string, years = 10): Identity => rootCa({ subject: cn, ...lasting(years) }, rng.fork(cn))
  const client = (ca: Identity, cn: string, organization?: string): Identity => {
    const subject = name(
      organization === undefined
        ? [['CN', cn]]
        : [
            ['O', organization],
            ['CN', cn],
          ],
    )
    return endEntity({ subject, extKeyUsage: ['clientAuth'], ...lasting(1) }, ca, rng.fork(cn))
  }
  const ca = root('kubernetes')
  const frontProxyCa = root('front-proxy-ca')
  const ingressRoot = root('Example Root CA', 20)
  const ingressIntermediate = subordinateCa(
    { subject: 'Example Issuing CA', ca: { pathLength: 0 }, extKeyUsage: ['serverAuth', 'clientAuth'], ...lasting(5) },
    ingressRoot,
    rng.fork('issuing'),
  )
  return {
    ca,
    apiServer: endEntity(
      { subject: 'kube-apiserver', names: apiServerNames(options), extKeyUsage: ['serverAuth'], ...lasting(1) },
      ca,
      rng.fork('kube-apiserver'),
    ),
    apiServerKubeletClient: client(ca, 'kube-apiserver-kubelet-client', 'kubeadm:cluster-admins'),
    admin: client(ca, 'kubernetes-admin', 'kubeadm:cluster-admins'),
    controllerManager: client(ca, 'system:kube-controller-manager'),
    scheduler: client(ca, 'system:kube-scheduler'),
    kubelets: new Map(nodes.map((node) => [node, client(ca, `system:node:${node}`, 'system:nodes')])),
    frontProxyCa,
    frontProxyClient: client(frontProxyCa, 'front-proxy-client'),
    ingressRoot,
    ingressIntermediate,
    ingress: endEntity(
      { subject: ingressHosts[0], names: ingressHosts.map(dns), extKeyUsage: ['serverAuth'], ...lasting(0.25) },
      ingressIntermediate,
      rng.fork('ingress'),
    ),
  }
}

/** The names under which pods reach a Service (Kubernetes DNS specification): `web`, `web.default`, … */
export function serviceNames(service: string, namespace: string, domain = 'cluster.local'): readonly string[] {
  return [
    service,
    `${service}.${namespace}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.${domain}`,
  ].map(dns)
}

/** A serving certificate for a Service, from the cluster's CA or any other; `spec` adds and overrides. */
export function serviceIdentity(
  service: string,
  namespace: string,
  spec: Omit<IdentitySpec, 'subject'> & Partial<Pick<IdentitySpec, 'subject'>>,
  issuer: Identity,
  rng: Rng,
): Identity {
  const names = serviceNames(service, namespace)
  return endEntity({ subject: service, names, extKeyUsage: ['serverAuth'], ...spec }, issuer, rng)
}

const dns = (host: string): string => `DNS:${host}`

function apiServerNames({
  domain,
  nodes,
  apiServerAddresses = ['10.96.0.1', '192.168.56.10'],
}: ClusterPkiOptions): string[] {
  const node = nodes?.[0] ?? 'control-plane'
  return [...serviceNames('kubernetes', 'default', domain), dns(node), ...apiServerAddresses.map((ip) => `IP:${ip}`)]
}
