import { describe, expect, it } from 'vitest'
import { formatDiagnostic, InputError } from '../../util/diagnostics.ts'
import { load } from './load.ts'

const read = (text: string) => load([{ name: 'in.yaml', text }])

function errors(text: string): string[] {
  try {
    read(text)
    return []
  } catch (error) {
    if (error instanceof InputError) return error.diagnostics.map(formatDiagnostic)
    throw error
  }
}

const ingress = (spec: string, metadata = 'name: shop'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { ${metadata} }\nspec: ${spec}\n`
const path = (fields: string): string => `{ rules: [{ host: a.example, http: { paths: [{ ${fields} }] } }] }`
const BACKEND = 'backend: { service: { name: web, port: { number: 80 } } }'

describe('an Ingress', () => {
  it('is read with what it says, and its status is left alone', () => {
    const [one] = read(`apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: shop
  uid: 5d3a
  creationTimestamp: '2025-11-01T10:00:00Z'
  annotations: { nginx.ingress.kubernetes.io/ssl-redirect: 'false', other.example/note: x }
spec:
  ingressClassName: nginx
  defaultBackend: { service: { name: fallback, port: { name: http } } }
  tls: [{ hosts: [shop.example, '*.shop.example'], secretName: shop-tls }, {}]
  rules:
    - host: '*.shop.example'
      http:
        paths:
          - { path: /a, pathType: Exact, ${BACKEND} }
          - { pathType: ImplementationSpecific, backend: { resource: { kind: Bucket, name: b } } }
    - host: bare.example
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1, ports: [{ port: 80, protocol: TCP }] }, { hostname: lb.example }] } }
`).ingresses
    expect(one).toMatchObject({
      meta: { name: 'shop', annotations: { 'nginx.ingress.kubernetes.io/ssl-redirect': 'false' } },
      className: 'nginx',
      defaultBackend: { service: 'fallback', port: 'http' },
      tls: [
        { hosts: ['shop.example', '*.shop.example'], secretName: 'shop-tls' },
        { hosts: [], secretName: '' },
      ],
      rules: [
        {
          host: '*.shop.example',
          paths: [
            { path: '/a', pathType: 'Exact', backend: { service: 'web', port: 80 } },
            { path: '', pathType: 'ImplementationSpecific', backend: null },
          ],
        },
        { host: 'bare.example', paths: null },
      ],
      created: Date.UTC(2025, 10, 1, 10),
      from: 'cluster',
    })
    expect(one.meta.annotations).not.toHaveProperty('other.example/note')
  })

  it('is read out of a List, and a class beside it', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'IngressClass',
          metadata: { name: 'nginx' },
          spec: { controller: 'k8s.io/ingress-nginx', parameters: { kind: 'P', name: 'p', scope: 'Cluster' } },
        },
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'a' },
          spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
          status: { loadBalancer: {} },
        },
      ],
    }
    const { ingresses, ingressClasses, skipped } = load([{ name: 'dump.json', text: JSON.stringify(list) }])
    expect(ingresses.map(({ meta }) => meta.name)).toEqual(['a'])
    expect(ingressClasses).toMatchObject([
      { meta: { name: 'nginx', namespace: '' }, controller: 'k8s.io/ingress-nginx' },
    ])
    expect(skipped).toEqual([])
  })

  /** What the API server says of each (pkg/apis/networking/validation). */
  it.each([
    ['{}', /spec: Invalid value: \[\]: either `defaultBackend` or `rules` must be specified/],
    ['{ rules: [{ host: 10.0.0.1 }] }', /spec\.rules\[0\]\.host: .*must be a DNS name, not an IP address/],
    ['{ rules: [{ host: Shop.example }] }', /spec\.rules\[0\]\.host: .*lowercase RFC 1123 subdomain/],
    ["{ rules: [{ host: 'a.*.example' }] }", /spec\.rules\[0\]\.host: .*wildcard DNS-1123 subdomain/],
    ["{ rules: [{ host: '*' }] }", /wildcard DNS-1123 subdomain/],
    ['{ rules: [{ http: { paths: [] } }] }', /spec\.rules\[0\]\.http\.paths: Required value/],
    [path(`path: /a, ${BACKEND}`), /paths\[0\]\.pathType: Required value: pathType must be specified/],
    [path(`path: /a, pathType: Regex, ${BACKEND}`), /supported values: "Exact", "ImplementationSpecific", "Prefix"/],
    [path(`path: a, pathType: Prefix, ${BACKEND}`), /paths\[0\]\.path: Invalid value: "a": must be an absolute path/],
    [path(`pathType: Exact, ${BACKEND}`), /paths\[0\]\.path: Invalid value: "": must be an absolute path/],
    [path(`path: a, pathType: ImplementationSpecific, ${BACKEND}`), /must be an absolute path/],
    [path(`path: /a//b, pathType: Prefix, ${BACKEND}`), /must not contain '\/\/'/],
    [path(`path: /a/../b, pathType: Exact, ${BACKEND}`), /must not contain '\/\.\.\/'/],
    [path(`path: /a%2Fb, pathType: Exact, ${BACKEND}`), /must not contain '%2F'/],
    [path(`path: /a/.., pathType: Exact, ${BACKEND}`), /cannot end with '\/\.\.'/],
    [path('path: /a, pathType: Prefix'), /paths\[0\]\.backend: Required value/],
    [
      path('path: /a, pathType: Prefix, backend: {}'),
      /backend: Required value: resource or service backend is required/,
    ],
    [
      path('path: /a, pathType: Prefix, backend: { service: { port: { number: 80 } } }'),
      /service\.name: Required value/,
    ],
    [path('path: /a, pathType: Prefix, backend: { service: { name: web } }'), /port name or number is required/],
    [
      path('path: /a, pathType: Prefix, backend: { service: { name: web, port: { name: h, number: 80 } } }'),
      /cannot set both port name & port number/,
    ],
    [
      path('path: /a, pathType: Prefix, backend: { service: { name: web, port: { number: 0 } } }'),
      /between 1 and 65535/,
    ],
    [path('path: /a, pathType: Prefix, backend: { service: { name: Web, port: { number: 1 } } }'), /DNS-1035 label/],
    [
      path(`path: /a, pathType: Prefix, backend: { resource: { kind: B, name: b }, service: { name: w } }`),
      /cannot set both resource and service backends/,
    ],
    ["{ defaultBackend: {}, tls: [{ hosts: ['*'] }] }", /spec\.tls\[0\]\.hosts\[0\]: Invalid value/],
    ['{ rules: [{ host: a.example }], tls: [{ secretName: a_b }] }', /spec\.tls\[0\]\.secretName: Invalid value/],
    ['{ rules: [{ host: a.example }], ingressClassName: A }', /spec\.ingressClassName: Invalid value/],
    ['{ rules: a }', /cannot unmarshal string into Go struct field Ingress/],
    ['{ rules: [{ host: a.example }], ingressClass: nginx }', /unknown field "spec\.ingressClass"/],
  ])('%s is refused', (spec, message) => {
    expect(errors(ingress(spec)).join('\n')).toMatch(message)
  })

  it('has its class in one place when it is made, and may have it in both when it is there already', () => {
    const spec = '{ ingressClassName: nginx, rules: [{ host: a.example }] }'
    const metadata = 'name: a, annotations: { kubernetes.io/ingress.class: nginx }'
    expect(errors(ingress(spec, metadata)).join()).toContain('can not be set when the class field is also set')
    expect(errors(ingress(spec, `uid: x, ${metadata}`))).toEqual([])
  })

  it('of an old version is told the new one', () => {
    const [error] = errors(ingress('{ rules: [] }').replace('/v1', '/v1beta1'))
    expect(error).toContain('no matches for kind "Ingress" in version "networking.k8s.io/v1beta1"')
    expect(error).toContain('networking.k8s.io/v1')
  })
})

describe('an IngressClass', () => {
  const one = (spec: string): string =>
    `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: nginx }\nspec: ${spec}\n`

  it.each([
    ['{}', /spec\.controller: Required value/],
    ['{ controller: nginx }', /must be a domain-prefixed path/],
  ])('%s is refused', (spec, message) => {
    expect(errors(one(spec)).join()).toMatch(message)
  })
})
