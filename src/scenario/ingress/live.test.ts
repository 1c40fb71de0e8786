import { describe, expect, it } from 'vitest'
import {
  askIngress,
  choices,
  ingress,
  ingressClass,
  printed,
  routes,
  ruleFor,
  secret,
} from '../../../test/support/ingress-cluster.ts'
import { isKind } from '../../explain/record.ts'
import { timelineOf } from '../../explain/timeline/timeline.ts'
import { SECOND } from '../../sim/time.ts'
import { Emulation } from '../emulation.ts'
import { kubectlGet } from '../lifecycle/kubectl.ts'
import { load } from '../load/load.ts'
import { runScenario } from '../run.ts'

const TLS = 'tls: [{ hosts: [shop.example], secretName: shop-tls }]'
const CLUSTER = [
  `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: c, image: nginx, ports: [{ containerPort: 8080 }] }] }
`,
  `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ port: 80, targetPort: 8080 }] }
`,
  `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: controller, namespace: ingress-nginx }
spec:
  selector: { matchLabels: { app: controller } }
  template:
    metadata: { labels: { app: controller }, annotations: { podwire.dev/serve: ingress } }
    spec: { hostNetwork: true, nodeSelector: { kubernetes.io/hostname: node-1 }, containers: [{ name: c, image: controller }] }
`,
  ingressClass(),
  ingress('shop', `${TLS}, ${ruleFor('shop.example')}`),
  secret('shop-tls', 'names=shop.example&validFor=1h'),
]

/** Runs the steps over the cluster, which has 20 s to come up. */
function play(steps: string, objects: readonly string[] = CLUSTER): Emulation {
  const scenario = `apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: live }
spec: { title: Live, steps: [{ advance: 20s }${steps === '' ? '' : `, ${steps}`}] }
`
  const inventory = load([{ name: 'live.yaml', text: [scenario, ...objects].join('---\n') }])
  const emulation = new Emulation(inventory)
  runScenario(emulation, inventory.scenarios[0])
  return emulation
}

const endpointsOf = (emulation: Emulation): string[] => routes(emulation).map(({ endpoints }) => endpoints.at(-1) ?? '')

describe('a controller follows the cluster', () => {
  it('takes endpoints in turn, and a pod that is replaced is left and its successor found', () => {
    const emulation = play('')
    for (let n = 0; n < 4; n++) expect(askIngress(emulation, 'https://shop.example/').status).toBe(200)
    const before = [...new Set(endpointsOf(emulation))]
    expect(before).toHaveLength(2)
    const [first, second, third, fourth] = endpointsOf(emulation)
    expect([first, second]).toEqual([third, fourth])
    const { store } = emulation.life!
    const [gone] = store.list('Pod', 'default').filter(({ meta }) => meta.labels.app === 'shop')
    store.delete('Pod', 'default', gone.meta.name, { gracePeriodSeconds: 0 })
    emulation.advance(15 * SECOND)
    const from = routes(emulation).length
    for (let n = 0; n < 4; n++) expect(askIngress(emulation, 'https://shop.example/').status).toBe(200)
    const after = [...new Set(endpointsOf(emulation).slice(from))]
    expect(after).toHaveLength(2)
    expect(after).not.toEqual(before)
    const told = timelineOf(emulation.recorder).filter(({ subject }) => subject === 'ingress')
    expect(told.map(({ text }) => text).join('\n')).toMatch(/configuration of 1 host anew: EndpointSlice shop-/)
  })

  it('goes on to the next endpoint where a pod has just died, before it has heard of it', () => {
    const emulation = play('')
    const { store, kubelet } = emulation.life!
    const [gone] = store.list('Pod', 'default').filter(({ meta }) => meta.labels.app === 'shop')
    for (const run of kubelet.worker(gone.meta.uid)!.main) run.end(1, 0)
    const from = routes(emulation).length
    for (let n = 0; n < 2; n++) expect(askIngress(emulation, 'https://shop.example/').status).toBe(200)
    const tried = routes(emulation).slice(from)
    expect(tried.some(({ outcome, endpoints }) => outcome === 'forwarded' && endpoints.length === 2)).toBe(true)
    expect(printed(emulation).join('\n')).toMatch(/ECONNREFUSED while connecting to upstream, host: "shop\.example"/)
  })

  it('has nobody to ask when all pods are gone', () => {
    const emulation = play('{ scale: { name: shop, replicas: 0 } }, { advance: 40s }')
    expect(askIngress(emulation, 'https://shop.example/')).toMatchObject({ code: 0, status: 503 })
    expect(routes(emulation).at(-1)).toMatchObject({ outcome: 'no-endpoints', service: 'default/shop', port: '80' })
  })

  it('serves a Secret’s new certificate as soon as it may make its configuration anew, and not a minute later', () => {
    const emulation = play('')
    const fingerprint = (): string => {
      askIngress(emulation, 'https://shop.example/')
      const judged = emulation.recorder.steps.findLast((step) => isKind(step, 'cert-judge'))
      return judged !== undefined && isKind(judged, 'cert-judge') ? judged.event.leaf.fingerprint : ''
    }
    const before = fingerprint()
    emulation.tls.rotate('default/shop-tls', {}, emulation.now, { file: '', line: 1, column: 1 })
    emulation.ingress.news.tell('Secret default/shop-tls', 0)
    emulation.advance(4 * SECOND)
    expect(fingerprint()).not.toBe(before)
  })

  it('makes it anew 3.3 s after the last time at the earliest', () => {
    const emulation = play('')
    const syncs = (): number[] =>
      emulation.recorder.steps.flatMap((step) => (isKind(step, 'ingress-sync') ? [step.at / SECOND] : []))
    const from = syncs().length
    for (let n = 0; n < 10; n++) {
      emulation.tls.rotate('default/shop-tls', {}, emulation.now, { file: '', line: 1, column: 1 })
      emulation.ingress.news.tell('Secret default/shop-tls', 0)
      emulation.advance(SECOND)
    }
    const times = syncs().slice(from)
    expect(times.length).toBeGreaterThan(1)
    for (const [i, time] of times.slice(1).entries()) expect(time - times[i]).toBeGreaterThan(3.3)
    expect(times.length).toBeLessThan(5)
  })

  it('a Secret that is deleted, applied again, or no certificate any more', () => {
    const why = (steps: string): string => {
      const emulation = play(`${steps}, { advance: 5s }`)
      askIngress(emulation, 'https://shop.example/')
      return choices(emulation).at(-1)!.why
    }
    const gone = '{ delete: { kind: Secret, name: shop-tls } }'
    const json = (data: object): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata: { name: 'shop-tls', ...data },
      })
    const issued = json({ annotations: { 'podwire.dev/issue': 'names=shop.example' } })
    const broken = json({}).replace(/}$/, ', "stringData": { "tls.crt": "x", "tls.key": "y" } }')
    expect(why('{ advance: 1s }')).toBe('secret')
    expect(why(gone)).toBe('secret-missing')
    expect(why(`${gone}, { advance: 5s }, { apply: { objects: [${issued}] } }`)).toBe('secret')
    expect(why(`{ apply: { objects: [${broken}] } }`)).toBe('secret-unusable')
    expect(() => play('{ delete: { kind: Secret, name: other } }')).toThrow('secrets "other" not found')
  })

  it('an Ingress that is applied, changed and deleted', () => {
    const of = (host: string): string =>
      JSON.stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'more' },
        spec: {
          ingressClassName: 'nginx',
          rules: [
            {
              host,
              http: {
                paths: [
                  { path: '/', pathType: 'Prefix', backend: { service: { name: 'shop', port: { number: 80 } } } },
                ],
              },
            },
          ],
        },
      })
    const status = (steps: string, host: string): number | null =>
      askIngress(play(`${steps}, { advance: 5s }`), `http://${host}/`).status
    const a = `{ apply: { objects: [${of('a.example')}] } }`
    const b = `{ advance: 5s }, { apply: { objects: [${of('b.example')}] } }`
    expect(status('{ advance: 1s }', 'a.example')).toBe(404)
    expect(status(a, 'a.example')).toBe(200)
    expect(status(`${a}, ${b}`, 'a.example')).toBe(404)
    expect(status(`${a}, ${b}`, 'b.example')).toBe(200)
    expect(status(`${a}, { advance: 5s }, { delete: { kind: Ingress, name: more } }`, 'a.example')).toBe(404)
  })

  it('gives a new Ingress the default class, and lists both as kubectl does', () => {
    const objects = [
      ...CLUSTER.filter((text) => !text.includes('kind: IngressClass')),
      ingressClass('nginx', ", annotations: { ingressclass.kubernetes.io/is-default-class: 'true' }"),
    ]
    const more = JSON.stringify({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'more' },
      spec: { defaultBackend: { service: { name: 'shop', port: { number: 80 } } } },
    })
    const emulation = play(`{ apply: { objects: [${more}] } }, { advance: 5s }`, objects)
    expect(askIngress(emulation, 'http://anything.example/').status).toBe(200)
    const { store } = emulation.life!
    const cells = (what: 'ing' | 'ingressclasses'): string[] =>
      kubectlGet(store, what, { wide: false }).map((row) => row.slice(0, -1).join(' ').trim())
    expect(cells('ing')).toEqual([
      'NAMESPACE NAME CLASS HOSTS ADDRESS PORTS',
      'default more nginx *  80',
      'default shop nginx shop.example  80, 443',
    ])
    expect(cells('ingressclasses')).toEqual(['NAME CONTROLLER PARAMETERS', 'nginx k8s.io/ingress-nginx <none>'])
  })

  it('starts again with its container', () => {
    const steps = '{ killContainer: { namespace: ingress-nginx, selector: app=controller } }, { advance: 30s }'
    const emulation = play(steps)
    expect(askIngress(emulation, 'https://shop.example/').status).toBe(200)
  })
})
