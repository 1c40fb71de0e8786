import { describe, expect, it } from 'vitest'
import { backend, ingress, ingressClass, ingressYaml, ruleFor, secret } from '../../../test/support/ingress-cluster.ts'
import { formatDiagnostic } from '../../util/diagnostics.ts'
import { load } from './load.ts'

const told = (objects: readonly string[], classes?: readonly string[], serve = ''): string[] =>
  load([{ name: 'in.yaml', text: ingressYaml({ objects, classes, serve }) }]).diagnostics.map(formatDiagnostic)

const shop = (more = '', metadata = ''): string => ingress('shop', `${more}${ruleFor('shop.example')}`, metadata)
const path = (to: string): string =>
  ingress('shop', `rules: [{ http: { paths: [{ path: /a, pathType: Prefix, ${to} }] } }]`)
const TLS = 'tls: [{ hosts: [shop.example], secretName: shop-tls }], '
const DEFAULT = ", annotations: { ingressclass.kubernetes.io/is-default-class: 'true' }"

describe('what an Ingress names', () => {
  it('is there: nothing is said', () => {
    expect(told([shop(TLS), secret('shop-tls', 'names=shop.example')])).toEqual([])
    expect(told([path(backend('shop', '{ name: http }'))])).toEqual([])
    expect(told([path('backend: { resource: { kind: Bucket, name: b } }')])).toEqual([])
  })

  /** The object, its field, what it names, and what comes of it. */
  it.each([
    [
      'a Service',
      [path(backend('gone'))],
      /in\.yaml:\d+:\d+: warning: Ingress default\/shop: spec\.rules\[0\]\.http\.paths\[0\]\.backend names Service default\/gone, which is not there: 503/,
    ],
    [
      'its port',
      [path(backend('shop', '{ number: 81 }'))],
      /paths\[0\]\.backend names port 81 of Service default\/shop \(in\.yaml:\d+\), which has 80 \(http\): 503/,
    ],
    [
      'a default backend',
      [ingress('shop', 'defaultBackend: { service: { name: gone, port: { number: 80 } } }')],
      /Ingress default\/shop: spec\.defaultBackend names Service default\/gone/,
    ],
    [
      'a Secret',
      [shop(TLS)],
      /Ingress default\/shop: spec\.tls\[0\]\.secretName names Secret default\/shop-tls, which is not there: the controller's default certificate/,
    ],
    [
      'a Secret of another namespace',
      [shop(TLS), secret('shop-tls', 'names=shop.example', 'infra')],
      /which is not there \(there is Secret infra\/shop-tls, in another namespace\)/,
    ],
    [
      'a class',
      [shop().replace('ingressClassName: nginx', 'ingressClassName: inside')],
      /Ingress default\/shop is served by no controller: spec\.ingressClassName: there is no IngressClass inside/,
    ],
  ])('%s is not', (_name, objects, message) => {
    const lines = told(objects)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(message)
  })

  it('a class of another controller, or none: both are named', () => {
    const other =
      'apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: nginx }\nspec: { controller: acme.io/x }\n'
    expect(told([shop()], [other])).toEqual([
      expect.stringMatching(
        /Ingress default\/shop is served by no controller: spec\.ingressClassName: IngressClass nginx is for the controller acme\.io\/x/,
      ),
    ])
    const none = shop().replace('ingressClassName: nginx, ', '')
    expect(told([none])).toEqual([expect.stringContaining('no class is given')])
    expect(told([none], [ingressClass('nginx', DEFAULT)])).toEqual([])
    expect(told([none], undefined, 'withoutClass=served')).toEqual([])
  })

  it('a Secret without a certificate is there, and no use', () => {
    const opaque = 'apiVersion: v1\nkind: Secret\nmetadata: { name: shop-tls }\nstringData: { password: x }\n'
    expect(told([shop(TLS), opaque])).toEqual([])
  })

  it('without any controller, once for all of them', () => {
    const text = [1, 2, 3, 4].map((n) => ingress(`a${n}`, 'rules: [{ host: a.example }]')).join('---\n')
    const { diagnostics } = load([{ name: 'in.yaml', text }])
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'podwire: note: Ingress default/a1, default/a2, default/a3 and 1 more: served by nobody, for no pod is an ingress controller (annotation podwire.dev/serve: ingress)',
    ])
  })

  it('a dump without Secrets is not told that they are missing', () => {
    const text = [ingressClass(), shop(TLS)].join('---\n')
    const lines = load([{ name: 'in.yaml', text }]).diagnostics.map(formatDiagnostic)
    expect(lines.join('\n')).not.toContain('Secret')
  })

  it('a pod that a workload makes is a controller too', () => {
    const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: c }
spec:
  selector: { matchLabels: { app: c } }
  template:
    metadata: { labels: { app: c }, annotations: { podwire.dev/serve: 'http:8080, ingress?controller=acme.io/x' } }
    spec: { containers: [{ name: c, image: c }] }
`
    const acme =
      'apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: acme }\nspec: { controller: acme.io/x }\n'
    const one = ingress('shop', 'rules: [{ host: a.example }]').replace('nginx', 'acme')
    const { diagnostics } = load([{ name: 'in.yaml', text: [deployment, acme, one].join('---\n') }])
    expect(diagnostics.map(formatDiagnostic)).toEqual([])
  })
})

describe('two of them', () => {
  const rule = (type: string, at: string): string =>
    `rules: [{ host: shop.example, http: { paths: [{ path: ${at}, pathType: ${type}, ${backend('shop')} }] } }]`

  it('that claim one host and path: both are named, and which counts', () => {
    const [line, ...more] = told([
      ingress('a', rule('Prefix', '/x')),
      ingress('b', rule('ImplementationSpecific', '/x')),
    ])
    expect(more).toEqual([])
    expect(line).toMatch(
      /warning: Ingress default\/a claims shop\.example, path \/x \(Prefix\) as Ingress default\/b \(in\.yaml:\d+\) does, which counts/,
    )
    expect(told([ingress('a', rule('Exact', '/x')), ingress('b', rule('Prefix', '/x'))])).toEqual([])
  })

  it('of which the older counts, whatever their names', () => {
    const old = ", creationTimestamp: '2025-01-01T00:00:00Z'"
    const [line] = told([
      ingress('b', rule('Prefix', '/x'), ", creationTimestamp: '2025-01-02T00:00:00Z'"),
      ingress('a', rule('Prefix', '/x'), old),
    ])
    expect(line).toMatch(/Ingress default\/b claims .* as Ingress default\/a /)
  })

  it('that name two Secrets for one host', () => {
    const secrets = [secret('a-tls', 'names=shop.example'), secret('b-tls', 'names=shop.example')]
    const tls = (name: string): string => `tls: [{ hosts: [shop.example], secretName: ${name}-tls }], `
    const [line, ...more] = told([
      ingress('a', `${tls('a')}${rule('Prefix', '/a')}`),
      ingress('b', `${tls('b')}${rule('Prefix', '/b')}`),
      ...secrets,
    ])
    expect(more).toEqual([])
    expect(line).toMatch(
      /Ingress default\/a names Secret default\/a-tls for shop\.example, and Ingress default\/b \(in\.yaml:\d+\) Secret default\/b-tls, which counts/,
    )
  })

  it('classes that are both the default', () => {
    const classes = [ingressClass('nginx', DEFAULT), ingressClass('inside', DEFAULT)]
    expect(told([shop()], classes)).toEqual([
      expect.stringMatching(/IngressClass nginx is the default, as inside \(in\.yaml:\d+\) is: that one counts/),
    ])
  })
})
