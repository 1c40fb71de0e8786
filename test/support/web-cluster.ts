import { fetch } from '../../src/app/curl/curl.ts'
import type { CurlOptions, CurlResult } from '../../src/app/curl/options.ts'
import type { ClientOptions } from '../../src/scenario/cluster-tls.ts'
import { Emulation, type EmulationOptions } from '../../src/scenario/emulation.ts'
import { load } from '../../src/scenario/load/load.ts'

/** A cluster of two pods and a Service: default/client on node-1 asks default/web on node-2 by 10.96.0.80. */
export interface WebCluster {
  /** The annotation podwire.dev/serve of web; none: http on its port 8080. */
  readonly serve?: string
  /** Of the Scenario, beside its title: `cluster: { epoch: … }, steps: […]`. */
  readonly spec?: string
  /** Further documents. */
  readonly objects?: readonly string[]
}

/** The cluster as YAML. With `serve` the Service's port is 443 and leads to 8443, else it is 80 and leads to 8080. */
export function webCluster({ serve, spec = '', objects = [] }: WebCluster = {}): string {
  const annotations = serve === undefined ? '' : `, annotations: { podwire.dev/serve: '${serve}' }`
  const [port, target] = serve === undefined ? [80, 8080] : [443, 8443]
  return [
    `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: web }
spec: { title: Web${spec === '' ? '' : `, ${spec}`} }
`,
    `apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { nodeName: node-1, containers: [{ name: c, image: curl }] }
`,
    `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web }${annotations} }
spec: { nodeName: node-2, containers: [{ name: w, image: nginx, ports: [{ containerPort: 8080 }] }] }
`,
    `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: ${port}, targetPort: ${target} }] }
`,
    ...objects,
  ].join('---\n')
}

export const emulateWeb = (cluster: WebCluster = {}, options?: EmulationOptions): Emulation =>
  new Emulation(load([{ name: 'web.yaml', text: webCluster(cluster) }]), options)

/** curl in the pod `from` (default/client): its TLS as `podwire curl` sets it up. */
export function askWeb(
  emulation: Emulation,
  url = 'https://web/',
  options: Partial<ClientOptions> & { readonly from?: string; readonly curl?: CurlOptions } = {},
): CurlResult {
  const { from = 'client', curl, ...client } = options
  const https = emulation.tls.client({ insecure: false, ...client })
  return emulation.runProgram(emulation.host(from), 'curl', (context) =>
    fetch(context, url, { ...curl, upgrades: { https } }),
  )
}
