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
import { askWeb } from '../../../test/support/web-cluster.ts'
import { isKind } from '../../explain/record.ts'
import { routesOf } from '../../explain/request/ingress.ts'
import { routesText } from '../../explain/text/ingress.ts'
import { text, utf8 } from '../../util/bytes.ts'

const TLS = 'tls: [{ hosts: [shop.example], secretName: shop-tls }]'
const SECRET = secret('shop-tls', 'names=shop.example')

describe('a request', () => {
  it('is led by its path to a Service, and asks the pod itself, not the Service’s address', () => {
    const paths = [
      path('/', 'Prefix', backend('shop')),
      path('/cart', 'Prefix', backend('cart', '{ name: http }')),
      path('/cart', 'Exact', backend('shop', '{ number: 8080 }')),
    ]
    const emulation = emulateIngress({ objects: [ingress('shop', rule(paths))] })
    const served = (at: string): string => hostname(askIngress(emulation, `http://shop.example${at}`).page)
    expect(['/', '/cart', '/cart/', '/cart/7?x=/', '/carts'].map(served)).toEqual([
      'shop',
      'shop',
      'cart',
      'cart',
      'shop',
    ])
    expect(routes(emulation).map(({ field }) => field)).toEqual([
      'spec.rules[0].http.paths[0]',
      'spec.rules[0].http.paths[2]',
      'spec.rules[0].http.paths[1]',
      'spec.rules[0].http.paths[1]',
      'spec.rules[0].http.paths[0]',
    ])
    const [pod] = [...emulation.directory.allPods()].filter(({ meta }) => meta.name === 'shop')
    const { recorder, index } = emulation
    const asked = recorder.steps.flatMap((step) =>
      isKind(step, 'http-request') && index.place(step).node === 'node-1' && step.event.url.includes(':8080')
        ? [step.event.url]
        : [],
    )
    expect(pod.meta.name).toBe('shop')
    expect(asked).toHaveLength(5)
    expect(asked.every((url) => url.startsWith('http://10.244.2.'))).toBe(true)
  })

  it('goes behind with the headers of nginx.tmpl, and with nobody’s word but the connection’s', () => {
    const emulation = emulateIngress({ objects: [ingress('shop', `${TLS}, ${ruleFor('shop.example')}`), SECRET] })
    const headers = [
      ['X-Forwarded-For', '203.0.113.9'],
      ['X-Forwarded-Proto', 'gopher'],
      ['X-Real-IP', '203.0.113.9'],
      ['Proxy', 'http://evil.example'],
      ['X-Own', 'kept'],
      ['Connection', 'keep-alive, X-Own'],
    ] as const
    const { page } = askIngress(emulation, 'https://shop.example/a?b=c', { curl: { headers } })
    const got = Object.fromEntries(
      [...page.matchAll(/^ {2}([a-z-]+): (.*)$/gm)].map(([, name, value]) => [name, value]),
    )
    expect(page).toContain('Request: GET /a?b=c')
    expect(got).toMatchObject({
      host: 'shop.example',
      'x-real-ip': '192.168.56.1',
      'x-forwarded-for': '192.168.56.1',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-forwarded-scheme': 'https',
      'x-scheme': 'https',
      'x-original-forwarded-for': '203.0.113.9',
      'x-own': 'kept',
      'user-agent': expect.stringContaining('curl'),
    })
    expect(got['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
    expect(got).not.toHaveProperty('proxy')
    expect(got).not.toHaveProperty('connection')
  })

  it('brings its body, and its answer comes back as it was', () => {
    const emulation = emulateIngress({ objects: [ingress('shop', ruleFor('shop.example'))] })
    const curl = { data: utf8('x'.repeat(5000)) }
    const { status: got, page, headers } = askIngress(emulation, 'http://shop.example/', { curl })
    expect({ got, page }).toEqual({ got: 200, page: expect.stringContaining('content-length: 5000') })
    expect(headers.filter(([name]) => name.toLowerCase() === 'date')).toHaveLength(1)
    const head = askIngress(emulation, 'http://shop.example/', { curl: { head: true } })
    expect(head).toMatchObject({ status: 200, page: '' })
  })

  it('has another Host behind where upstream-vhost says so, and HSTS in answers over TLS', () => {
    const objects = [ingress('shop', `${TLS}, ${ruleFor('shop.example')}`, annotated('upstream-vhost: inner')), SECRET]
    const emulation = emulateIngress({ objects })
    const { page, headers } = askIngress(emulation, 'https://shop.example/')
    expect(page).toContain('  host: inner')
    expect(page).toContain('x-forwarded-host: shop.example')
    expect(headers).toContainEqual(['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'])
  })

  it('is the cause of what goes to the endpoint, and that of what comes back', () => {
    const emulation = emulateIngress({ objects: [ingress('shop', `${TLS}, ${ruleFor('shop.example')}`), SECRET] })
    askIngress(emulation, 'https://shop.example/')
    const { recorder, index } = emulation
    const chain = (id: number): string[] => {
      const kinds: string[] = []
      for (let step = index.step(id); step !== null; step = index.step(step.cause)) kinds.push(step.event.kind)
      return kinds
    }
    const behind = recorder.steps.find((step) => isKind(step, 'http-request') && index.place(step).node === 'node-2')!
    expect(chain(behind.id)).toEqual(
      expect.arrayContaining(['ingress-route', 'http-request', 'ingress-certificate', 'deliver', 'program']),
    )
    const last = recorder.steps.findLast((step) => isKind(step, 'http-response'))!
    expect(index.place(last).node).toBe('laptop')
    expect(chain(last.id)).toEqual(expect.arrayContaining(['ingress-route', 'http-response']))
    expect(chain(last.id).filter((kind) => kind === 'http-request').length).toBeGreaterThanOrEqual(3)
  })
})

describe('pages of the controller’s own', () => {
  it('404 where no host or path fits, or the backend is no Service', () => {
    const bucket = 'backend: { resource: { kind: Bucket, name: b } }'
    const paths = [path('/a', 'Exact', backend('shop')), path('/b', 'Prefix', bucket)]
    const emulation = emulateIngress({ objects: [ingress('shop', rule(paths))] })
    const codes = ['shop.example/', 'shop.example/a/', 'shop.example/b', 'other.example/a', 'shop.example/a'].map(
      (at) => status(emulation, `http://${at}`),
    )
    expect(codes).toEqual([404, 404, 404, 404, 200])
    const fields = routes(emulation).map(({ outcome, ingress: by, field }) => `${outcome} ${by} ${field}`)
    expect(fields).toEqual([
      'no-backend default/shop spec.rules[0]',
      'no-backend default/shop spec.rules[0]',
      'no-backend default/shop spec.rules[0]',
      'no-backend  ',
      'forwarded default/shop spec.rules[0].http.paths[0]',
    ])
  })

  it('503 where the Service, its port or its endpoints are missing', () => {
    const paths = [
      path('/gone', 'Prefix', backend('gone')),
      path('/port', 'Prefix', backend('shop', '{ number: 81 }')),
      path('/name', 'Prefix', backend('shop', '{ name: grpc }')),
      path('/idle', 'Prefix', backend('idle')),
    ]
    const idle = `apiVersion: v1\nkind: Service\nmetadata: { name: idle }\nspec: { selector: { app: idle }, ports: [{ port: 80 }] }\n`
    const emulation = emulateIngress({ objects: [ingress('shop', rule(paths)), idle] })
    for (const at of ['gone', 'port', 'name', 'idle']) expect(status(emulation, `http://shop.example/${at}`)).toBe(503)
    expect(routes(emulation).every(({ outcome }) => outcome === 'no-endpoints')).toBe(true)
    expect(routes(emulation).map(({ detail }) => detail)).toEqual([
      'there is no such Service',
      'it has no such port, but 80',
      'it has no such port, but 80',
      'none of its endpoints is ready',
    ])
  })

  it('502 where the endpoint refuses, after three tries', () => {
    const closed = `apiVersion: v1\nkind: Service\nmetadata: { name: closed }\nspec: { selector: { app: shop }, ports: [{ port: 80, targetPort: 9 }] }\n`
    const emulation = emulateIngress({ objects: [ingress('shop', ruleFor('shop.example', 'closed')), closed] })
    expect(status(emulation, 'http://shop.example/')).toBe(502)
    expect(routes(emulation).at(-1)).toMatchObject({ outcome: 'unreachable', service: 'default/closed' })
    expect(routes(emulation).at(-1)?.endpoints).toHaveLength(3)
    expect(printed(emulation)[0]).toMatch(
      /ECONNREFUSED while connecting to upstream, host: "shop\.example", upstream: "10\.244\.2\.\d+:9"/,
    )
  })

  it('400 for http at the port of https, and without a Host', () => {
    const emulation = emulateIngress({ objects: [ingress('shop', ruleFor('shop.example'))] })
    const plain = askIngress(emulation, 'http://shop.example:443/')
    expect(plain).toMatchObject({
      status: 400,
      page: expect.stringContaining('plain HTTP request was sent to HTTPS port'),
    })
    const climbing = askIngress(emulation, 'http://shop.example/%2e%2e/etc')
    expect(climbing.status).toBe(400)
  })

  it('a default backend instead: the Ingress’s, that of one without rules, or the controller’s', () => {
    const own = ingress(
      'shop',
      `defaultBackend: { service: { name: cart, port: { number: 80 } } }, ${rule([path('/a', 'Exact', backend('shop'))])}`,
    )
    const all = ingress('all', 'defaultBackend: { service: { name: cart, port: { number: 80 } } }')
    const page = (objects: string[], serve: string, url: string): string =>
      hostname(askIngress(emulateIngress({ objects, serve }), url).page)
    expect(page([own], '', 'http://shop.example/b')).toBe('cart')
    expect(page([own], '', 'http://shop.example/a')).toBe('shop')
    expect(page([all], '', 'http://any.example/')).toBe('cart')
    expect(page([], 'defaultBackend=default/shop:80', 'http://any.example/')).toBe('shop')
  })
})

describe('where a request was led', () => {
  const said = (objects: readonly string[], url = 'http://shop.example/x'): string[] => {
    const emulation = emulateIngress({ objects })
    askIngress(emulation, url)
    const start = emulation.recorder.steps.findLast(
      (step) => isKind(step, 'program') && step.event.program === 'curl' && step.event.change === 'start',
    )
    return routesText(routesOf(emulation.index, start?.id ?? 0)).map((line) => line.replace(/^ingress +/, ''))
  }
  const other = ingress('shop', ruleFor('shop.example')).replace('ingressClassName: nginx', 'ingressClassName: inside')

  it.each([
    [
      'forwarded',
      [ingress('shop', ruleFor('shop.example'))],
      /^Ingress default\/shop: spec\.rules\[0\]\.http\.paths\[0\] => Service default\/shop:80 => 10\.244\.2\.\d+:8080$/,
    ],
    [
      'redirected',
      [ingress('shop', `${TLS}, ${ruleFor('shop.example')}`)],
      /paths\[0\]: shop\.example goes on to https$/,
    ],
    [
      'no path',
      [ingress('shop', rule([path('/a', 'Prefix', backend('shop'))]))],
      /^Ingress default\/shop: spec\.rules\[0\] has no path for shop\.example\/x$/,
    ],
    ['no host', [], /^no Ingress has the host shop\.example$/],
    [
      'another class',
      [other],
      /^Ingress default\/shop: spec\.ingressClassName: the controller does not serve shop\.example for it: there is no IngressClass inside$/,
    ],
    [
      'no rule',
      [ingress('shop', `${TLS}, ${ruleFor('a.example')}`)],
      /^Ingress default\/shop: spec\.tls\[0\]\.hosts\[0\] has shop\.example, for which there is no rule$/,
    ],
    [
      'no Service',
      [ingress('shop', ruleFor('shop.example', 'gone'))],
      /=> Service default\/gone:80 => there is no such Service$/,
    ],
  ] as const)('is told: %s', (_name, objects, message) => {
    const lines = said(objects)
    expect(lines.join(' ').replace(/ {2,}/g, ' ')).toMatch(message)
  })
})

describe('two Ingresses of one host', () => {
  it('share it: paths of both count, and of one path that of the older, or the greater name', () => {
    const a = ingress('a', rule([path('/', 'Prefix', backend('shop'))]))
    const b = ingress('b', rule([path('/', 'Prefix', backend('cart')), path('/cart', 'Prefix', backend('cart'))]))
    const both = emulateIngress({ objects: [a, b] })
    expect(hostname(askIngress(both, 'http://shop.example/').page)).toBe('cart')
    const older = a.replace('name: a', "name: a, creationTimestamp: '2025-01-01T00:00:00Z'")
    const younger = b.replace('name: b', "name: b, creationTimestamp: '2025-01-02T00:00:00Z'")
    const aged = emulateIngress({ objects: [younger, older] })
    expect(hostname(askIngress(aged, 'http://shop.example/').page)).toBe('shop')
    expect(hostname(askIngress(aged, 'http://shop.example/cart').page)).toBe('cart')
  })

  it('the certificate is that of the first with spec.tls', () => {
    const plain = ingress('z', rule([path('/', 'Prefix', backend('shop'))]))
    const secure = ingress('a', `${TLS}, ${rule([path('/cart', 'Prefix', backend('cart'))])}`)
    const emulation = emulateIngress({ objects: [plain, secure, SECRET] })
    expect(askIngress(emulation, 'https://shop.example/')).toMatchObject({ code: 0, status: 200 })
    expect(choices(emulation)[0]).toMatchObject({ ingress: 'default/a', why: 'secret' })
  })
})

describe('a controller in a pod', () => {
  /** Behind a Service, and with the cluster's names: one on the host network has its node's. */
  const INNER = `apiVersion: v1
kind: Pod
metadata: { name: inner, labels: { app: inner }, annotations: { podwire.dev/serve: 'ingress?http=8000&https=8443' } }
spec: { nodeName: node-2, containers: [{ name: c, image: controller }] }
---
apiVersion: v1
kind: Service
metadata: { name: inner }
spec: { clusterIP: 10.96.0.91, selector: { app: inner }, ports: [{ name: http, port: 80, targetPort: 8000 }] }
`
  const ALIAS = `apiVersion: v1
kind: Service
metadata: { name: alias }
spec: { type: ExternalName, externalName: cart.default.svc.cluster.local, ports: [{ port: 80 }] }
`

  it('is asked by the name of its Service', () => {
    const emulation = emulateIngress({ objects: [INNER, ingress('shop', ruleFor('inner'))] })
    const result = askWeb(emulation, 'http://inner/', { from: 'cart' })
    expect({ status: result.status, by: hostname(text(result.body)) }).toEqual({ status: 200, by: 'shop' })
  })

  it('resolves what an ExternalName says, where it can', () => {
    const emulation = emulateIngress({ objects: [INNER, ALIAS, ingress('shop', ruleFor('inner', 'alias'))] })
    expect(askWeb(emulation, 'http://inner/', { from: 'shop' }).status).toBe(200)
    expect(routes(emulation)[0].endpoints).toEqual(['cart.default.svc.cluster.local:80'])
    const outside = emulateIngress({ objects: [ALIAS, ingress('shop', ruleFor('shop.example', 'alias'))] })
    expect(status(outside, 'http://shop.example/')).toBe(502)
    expect(printed(outside)[0]).toContain('resolve cart.default.svc.cluster.local')
  })
})
