import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isActive, isReady, type PodObject } from '../../kube/api/pod-object.ts'
import { formatAddress } from '../../util/address.ts'
import { Emulation } from '../emulation.ts'
import { load } from '../load/load.ts'
import { perform } from '../operations.ts'

/** A service of a shop as such shops are written: identities, security settings, environment, requests, gRPC probes. */
const service = (name: string, port: number, probes: string): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      serviceAccountName: ${name}
      terminationGracePeriodSeconds: 5
      securityContext: { fsGroup: 1000, runAsGroup: 1000, runAsNonRoot: true, runAsUser: 1000 }
      containers:
        - name: server
          image: registry.example/${name}:v1
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] }, readOnlyRootFilesystem: true }
          ports: [{ containerPort: ${port} }]
          env: [{ name: PORT, value: '${port}' }, { name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
          resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 200m, memory: 128Mi } }
          ${probes}
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: ClusterIP, selector: { app: ${name} }, ports: [{ name: main, port: 80, targetPort: ${port} }] }
`
const both = (handler: string, more = ''): string =>
  `readinessProbe: { ${handler}${more} }\n          livenessProbe: { ${handler}${more} }`
const SHOP = [
  service(
    'frontend',
    8080,
    both(
      "httpGet: { path: /_healthz, port: 8080, httpHeaders: [{ name: Cookie, value: 'session=probe' }] }",
      ', initialDelaySeconds: 10',
    ),
  ),
  service('catalog', 3550, both('grpc: { port: 3550 }')),
  service(
    'checkout',
    5050,
    both('grpc: { port: 5050, service: shop.Checkout }', ', initialDelaySeconds: 20, periodSeconds: 15'),
  ),
  service('cart-store', 6379, both('tcpSocket: { port: 6379 }', ', periodSeconds: 5')),
].join('')

class Shop {
  readonly emulation: Emulation

  constructor(text: string) {
    const scenario =
      '---\napiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec: { title: T }\n'
    this.emulation = new Emulation(load([{ name: 'shop.yaml', text: text + scenario }]), { recording: 'steps' })
    this.emulation.advance(90e9)
  }

  get pods(): PodObject[] {
    return this.emulation.life!.store.list('Pod', 'default').filter(isActive)
  }

  do(step: string) {
    const text = `apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec: { title: T, steps: [{ ${step} }] }`
    const [{ operation, at }] = load([{ name: 's.yaml', text }]).scenarios[0].steps
    return perform(this.emulation, operation, at)
  }

  /** Of each Service: its name, asked in a pod as programs do, is its address, and each of its TCP ports takes a connection. */
  byName(): void {
    const from = this.pods[0].meta.name
    const { all } = this.emulation.services
    for (const { meta, clusterIPs, ports } of all) {
      if (meta.namespace !== 'default') continue
      const answer = this.do(`resolve: { from: ${from}, name: ${meta.name} }`)
      expect([meta.name, answer]).toMatchObject([meta.name, { answers: [formatAddress(clusterIPs[0])] }])
      for (const { port } of ports) {
        const open = this.do(`connect: { from: ${from}, to: 'svc/${meta.name}:${port}' }`)
        expect([meta.name, port, open]).toMatchObject([meta.name, port, { error: null }])
      }
    }
    expect(this.do(`curl: { from: ${from}, url: 'http://frontend/' }`)).toMatchObject({ status: 200 })
  }

  /** Each pod dies in turn: its successor becomes Ready, and the frontend answers. */
  survive(): void {
    expect(this.pods.filter((pod) => !isReady(pod)).map(({ meta }) => meta.name)).toEqual([])
    const address = this.emulation.services.all.find(({ meta }) => meta.name === 'frontend')!.clusterIPs[0]
    const ask = () => this.do(`curl: { from: node/node-1, url: 'http://${formatAddress(address)}/' }`)
    expect(ask()).toMatchObject({ status: 200 })
    const before = this.pods
    for (const { meta } of before) {
      this.do(`deletePod: { name: ${meta.name} }`)
      this.emulation.advance(60e9)
      expect([meta.name, ask()]).toMatchObject([meta.name, { status: 200 }])
    }
    const after = this.pods
    expect(after.filter(isReady)).toHaveLength(before.length)
    expect(after.filter(({ meta }) => before.some((one) => one.meta.uid === meta.uid))).toEqual([])
  }
}

describe('a shop of many services', () => {
  it('comes up, and answers after any of its pods has died', () => new Shop(SHOP).survive())

  it('answers at every Service by its name', () => new Shop(SHOP).byName())

  it('is asked whether it is well by packets of its nodes, whatever the kind of probe', () => {
    const { emulation } = new Shop(SHOP)
    const { steps, places } = emulation.recorder
    const asked = new Set(steps.flatMap(({ event }) => (event.kind === 'probe' ? [event.asked.split(' ')[0]] : [])))
    expect(asked).toEqual(new Set(['GET', 'grpc', 'tcp']))
    const began = new Set(
      steps.flatMap(({ id, event }) => (event.kind === 'program' && event.program === 'kubelet' ? [id] : [])),
    )
    const delivered = steps.filter(({ event }) => event.kind === 'deliver')
    const ports = new Set(
      delivered.flatMap(({ event, place }) =>
        event.kind === 'deliver' && places[place].netns !== 'host' ? [event.local.port] : [],
      ),
    )
    expect(began.size).toBeGreaterThan(20)
    for (const port of [8080, 3550, 5050, 6379]) expect(ports.has(port)).toBe(true)
  })

  it('in which a service fails its probe: no endpoint is left, and its container is restarted with its address', () => {
    const shop = new Shop(SHOP)
    for (const [app, probe] of [
      ['catalog', 'grpc'],
      ['cart-store', 'tcpSocket'],
      ['frontend', 'httpGet'],
    ]) {
      const [pod] = shop.pods.filter(({ meta }) => meta.labels.app === app)
      expect(pod.spec.containers[0].livenessProbe?.handler.kind).toBe(probe)
      shop.do(`failProbe: { selector: app=${app}, probe: readiness }`)
      expect(shop.do(`check: { endpoints: default/${app}, ready: 0, within: 60s }`)).toEqual({
        kind: 'check',
        failures: [],
      })
      shop.do(`fixProbe: { selector: app=${app}, probe: readiness }`)
      expect(shop.do(`check: { endpoints: default/${app}, ready: 1, within: 90s }`)).toEqual({
        kind: 'check',
        failures: [],
      })
      shop.do(`failProbe: { selector: app=${app}, probe: liveness }`)
      const again = `check: { selector: app=${app}, pods: 1, ready: 1, address: kept, uid: kept, within: 120s }`
      shop.emulation.advance(60e9)
      expect(shop.do(again)).toEqual({ kind: 'check', failures: [] })
      const [same] = shop.pods.filter(({ meta }) => meta.labels.app === app)
      expect(same.status.containerStatuses[0].restartCount).toBeGreaterThan(0)
    }
  })

  // Google's microservices-demo, release/kubernetes-manifests.yaml: PODWIRE_BOUTIQUE names the file.
  const real = process.env.PODWIRE_BOUTIQUE ?? ''
  it.skipIf(!existsSync(real))('online-boutique too', { timeout: 60_000 }, () => {
    const shop = new Shop(readFileSync(real, 'utf8'))
    shop.byName()
    shop.survive()
  })
})
