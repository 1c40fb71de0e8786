import { describe, expect, it } from 'vitest'
import {
  annotated,
  askIngress,
  backend,
  choices,
  emulateIngress,
  hostname,
  ingress,
  path,
  printed,
  routes,
  rule,
  ruleFor,
  secret,
  status,
} from '../../../test/support/ingress-cluster.ts'
import { isKind } from '../../explain/record.ts'
import type { Emulation } from '../emulation.ts'

const TLS = 'tls: [{ hosts: [shop.example], secretName: shop-tls }]'
const SECRET = secret('shop-tls', 'names=shop.example')

describe('from http to https', () => {
  const go = (objects: readonly string[], url = 'http://shop.example/a/?b') => {
    const result = askIngress(emulateIngress({ objects }), url)
    const location = result.headers.find(([name]) => name === 'Location')?.[1] ?? null
    return { status: result.status, location }
  }
  const shop = (annotation = '', tls = `${TLS}, `): string =>
    ingress('shop', `${tls}${ruleFor('shop.example')}`, annotation === '' ? '' : annotated(annotation))
  const HTTPS = { status: 308, location: 'https://shop.example/a/?b' }
  const STAYS = { status: 200, location: null }

  it.each([
    ['where the host has a certificate', [shop(), SECRET], HTTPS],
    ['where it ought to have one', [shop()], HTTPS],
    ['not where there is no spec.tls', [shop('', '')], STAYS],
    ['not where ssl-redirect is off', [shop("ssl-redirect: 'false'"), SECRET], STAYS],
    ['not where ssl-redirect cannot be read', [shop("ssl-redirect: 'maybe'"), SECRET], HTTPS],
    ['without spec.tls where force-ssl-redirect is on', [shop("force-ssl-redirect: 'true'", '')], HTTPS],
  ] as const)('%s', (_name, objects, wanted) => {
    expect(go(objects)).toEqual(wanted)
  })

  it('leaves out the port and a trailing slash, and the paths of ACME', () => {
    expect(go([shop(), SECRET], 'http://shop.example/')).toEqual({ status: 308, location: 'https://shop.example' })
    const acme = [path('/', 'Prefix', backend('shop')), path('/.well-known/acme-challenge/x', 'Exact', backend('cart'))]
    const objects = [ingress('shop', `${TLS}, ${rule(acme)}`), SECRET]
    expect(go(objects, 'http://shop.example/.well-known/acme-challenge/x').status).toBe(200)
    expect(go(objects, 'http://shop.example/.well-known').status).toBe(308)
  })

  it('does not send on what came by TLS', () => {
    const emulation = emulateIngress({ objects: [shop("force-ssl-redirect: 'true'"), SECRET] })
    expect(status(emulation, 'https://shop.example/')).toBe(200)
  })
})

describe('TLS behind', () => {
  const BANK = [
    `apiVersion: v1
kind: Pod
metadata: { name: bank, labels: { app: bank }, annotations: { podwire.dev/serve: 'https:8443?names=bank.example' } }
spec: { nodeName: node-2, containers: [{ name: c, image: nginx }] }
`,
    `apiVersion: v1
kind: Service
metadata: { name: bank }
spec: { clusterIP: 10.96.0.90, selector: { app: bank }, ports: [{ name: https, port: 443, targetPort: 8443 }] }
`,
  ]
  const bank = (annotation: string): string =>
    ingress(
      'bank',
      `tls: [{ hosts: [bank.example], secretName: bank-tls }], ${rule([path('/', 'Prefix', backend('bank', '{ name: https }'))], 'bank.example')}`,
      annotation === '' ? '' : annotated(annotation),
    )
  const own = secret('bank-tls', 'names=bank.example')
  const shown = ({ recorder, index, tls }: Emulation): string | undefined => {
    const judged = recorder.steps.find((step) => isKind(step, 'cert-judge') && index.place(step).node === 'laptop')
    return judged !== undefined && isKind(judged, 'cert-judge')
      ? tls.origins.of(judged.event.leaf.fingerprint)?.object
      : undefined
  }

  it('is spoken to endpoints with backend-protocol HTTPS: no name asked for, any certificate taken', () => {
    const emulation = emulateIngress({ objects: [...BANK, bank('backend-protocol: https'), own] })
    const { status: got, page } = askIngress(emulation, 'https://bank.example/')
    expect({ got, host: hostname(page) }).toEqual({ got: 200, host: 'bank' })
    expect(shown(emulation)).toBe('Secret default/bank-tls')
    const { recorder, index } = emulation
    const hellos = recorder.steps.flatMap((step) =>
      isKind(step, 'tls-message') && step.event.role === 'client' && step.event.message === 'ClientHello'
        ? [{ node: index.place(step).node, named: step.event.fields.some(({ field }) => field === 'host_name') }]
        : [],
    )
    expect(hellos).toEqual([
      { node: 'laptop', named: true },
      { node: 'node-1', named: false },
    ])
  })

  it('is what the endpoint wants where plain HTTP is spoken: 502, or its complaint', () => {
    const emulation = emulateIngress({ objects: [...BANK, bank(''), own] })
    expect(status(emulation, 'https://bank.example/')).toBe(502)
  })

  it('is passed through by the name in the ClientHello, to the Service’s address, where the controller lets it', () => {
    const objects = [
      ...BANK,
      bank("ssl-passthrough: 'true'"),
      own,
      ingress('shop', `${TLS}, ${ruleFor('shop.example')}`),
      SECRET,
    ]
    const emulation = emulateIngress({ serve: 'passthrough=on', objects })
    expect(status(emulation, 'https://bank.example/')).toBe(200)
    expect(shown(emulation)).toBe('Pod default/bank')
    expect(choices(emulation)).toEqual([])
    expect(routes(emulation)).toMatchObject([
      { outcome: 'passed-through', ingress: 'default/bank', service: 'default/bank', port: '443' },
    ])
    const { recorder, index } = emulation
    const dialled = recorder.steps.some(
      (step) =>
        isKind(step, 'nat') && index.place(step).node === 'node-1' && JSON.stringify(step.event.from).includes('443'),
    )
    expect(dialled).toBe(true)
    // The others' TLS still ends at the controller.
    expect(status(emulation, 'https://shop.example/')).toBe(200)
    expect(choices(emulation)).toMatchObject([{ why: 'secret', host: 'shop.example' }])
  })

  it('is not passed through by a controller that was not told to, and it says so', () => {
    const emulation = emulateIngress({ objects: [...BANK, bank("ssl-passthrough: 'true'"), own] })
    askIngress(emulation, 'https://bank.example/')
    expect(shown(emulation)).toBe('Secret default/bank-tls')
    expect(printed(emulation).join()).toContain('SSL passthrough is not enabled')
  })
})
