import type { CurlOptions, CurlResult } from '../../src/app/curl/options.ts'
import { isKind } from '../../src/explain/record.ts'
import { type AlertExplained, explainAlert } from '../../src/explain/text/alert.ts'
import { tlsConnections } from '../../src/explain/tls-connections.ts'
import type { ClientOptions } from '../../src/scenario/cluster-tls.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { load } from '../../src/scenario/load/load.ts'
import { involvedIn } from '../../src/scenario/tls/involved.ts'
import type { IngressEvent } from '../../src/trace/steps/ingress.ts'
import { v4 } from '../../src/util/address.ts'
import { text } from '../../src/util/bytes.ts'
import { askWeb } from './web-cluster.ts'

/** Pods shop and cart on node-2 with Services of their names (port 80, named http), and an ingress controller on node-1. */
export interface IngressCluster {
  /** After `ingress?` in the controller's annotation. */
  readonly serve?: string
  /** Further documents: Ingresses, Secrets, Services. */
  readonly objects?: readonly string[]
  /** Of the Scenario, beside its title. */
  readonly spec?: string
  /** Instead of the IngressClass nginx. */
  readonly classes?: readonly string[]
}

const server = (name: string, serve = 'http:8080'): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} }, annotations: { podwire.dev/serve: '${serve}' } }
spec: { nodeName: node-2, containers: [{ name: c, image: nginx, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`

export const ingressClass = (name = 'nginx', more = ''): string => `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${name}${more} }
spec: { controller: k8s.io/ingress-nginx }
`

export function ingressYaml({ serve = '', objects = [], spec = '', classes }: IngressCluster): string {
  return [
    `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: ingress }
spec: { title: Ingress${spec === '' ? '' : `, ${spec}`} }
`,
    `apiVersion: v1
kind: Pod
metadata: { name: controller, namespace: ingress-nginx, annotations: { podwire.dev/serve: 'ingress?${serve}' } }
spec: { nodeName: node-1, hostNetwork: true, containers: [{ name: c, image: controller }] }
`,
    server('shop'),
    server('cart'),
    ...(classes ?? [ingressClass()]),
    ...objects,
  ].join('---\n')
}

export const emulateIngress = (cluster: IngressCluster): Emulation =>
  new Emulation(load([{ name: 'ingress.yaml', text: ingressYaml(cluster) }]))

/** An Ingress of the class nginx; `spec` is what else it says. */
export const ingress = (name: string, spec: string, metadata = ''): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}${metadata} }
spec: { ingressClassName: nginx, ${spec} }
`

export const backend = (service: string, port = '{ number: 80 }'): string =>
  `backend: { service: { name: ${service}, port: ${port} } }`

/** Metadata for `ingress`: annotations of ingress-nginx, `ssl-redirect: 'false'`. */
export const annotated = (...pairs: string[]): string =>
  `, annotations: { ${pairs.map((pair) => `nginx.ingress.kubernetes.io/${pair}`).join(', ')} }`

export const rule = (paths: readonly string[], host = 'shop.example'): string =>
  `rules: [{ host: ${host}, http: { paths: [${paths.join(', ')}] } }]`

export const path = (at: string, type: string, to: string): string => `{ path: ${at}, pathType: ${type}, ${to} }`

/** Which pod's page it is; empty for none's. */
export const hostname = (page: string): string => /Hostname: (\S+)/.exec(page)?.[1] ?? ''

/** Everything of a host to the Service shop. */
export const ruleFor = (host: string, service = 'shop'): string =>
  `rules: [{ host: '${host}', http: { paths: [{ path: /, pathType: Prefix, ${backend(service)} }] } }]`

export const secret = (name: string, issue: string, namespace = 'default'): string => `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: ${name}, namespace: ${namespace}, annotations: { podwire.dev/issue: '${issue}' } }
`

export const CONTROLLER = v4('192.168.56.11')

/** curl outside the cluster; every host of the URL is at the controller's node. */
export function askIngress(
  emulation: Emulation,
  url: string,
  { curl = {}, ...client }: Partial<ClientOptions> & { readonly curl?: CurlOptions } = {},
): CurlResult & { readonly page: string } {
  const { hostname, port, protocol } = new URL(url)
  const at = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  const resolve = new Map([[`${hostname}:${at}`, [CONTROLLER]]])
  const result = askWeb(emulation, url, { from: 'external', ...client, curl: { resolve, ...curl } })
  return { ...result, page: text(result.body) }
}

export const status = (emulation: Emulation, url: string): number | null => askIngress(emulation, url).status

type Choice = Extract<IngressEvent, { kind: 'ingress-certificate' }>
type Route = Extract<IngressEvent, { kind: 'ingress-route' }>

export const choices = ({ recorder }: Emulation): Choice[] =>
  recorder.steps.flatMap((step) => (isKind(step, 'ingress-certificate') ? [step.event] : []))

export const routes = ({ recorder }: Emulation): Route[] =>
  recorder.steps.flatMap((step) => (isKind(step, 'ingress-route') ? [step.event] : []))

export const printed = ({ recorder }: Emulation): string[] =>
  recorder.steps.flatMap((step) =>
    isKind(step, 'output') && step.event.program === 'ingress-nginx' ? [step.event.line] : [],
  )

/** What is said of the alert that ended the last connection from outside. */
export function explained(emulation: Emulation): AlertExplained | null {
  const connection = tlsConnections(emulation.index.recorded).findLast(({ client }) => client.node === 'laptop')
  return connection === undefined ? null : explainAlert(connection.events, 'client', involvedIn(emulation, connection))
}
