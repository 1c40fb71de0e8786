import { describe, expect, it } from 'vitest'
import { InputError } from '../../util/diagnostics.ts'
import { load } from '../load/load.ts'
import { servingsOf } from '../servers.ts'

function servings(serve: string, ports = '') {
  const text = `apiVersion: v1
kind: Pod
metadata: { name: c, annotations: { podwire.dev/serve: '${serve}' } }
spec: { nodeName: node-1, containers: [{ name: c${ports} }] }
`
  const [pod] = load([{ name: 'in.yaml', text }]).pods
  return servingsOf(pod)
}

function refusal(serve: string): string {
  try {
    servings(serve)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  return ''
}

describe('the annotation of an ingress controller', () => {
  it('has the defaults of ingress-nginx’s flags', () => {
    for (const text of ['ingress', 'ingress?'])
      expect(servings(text)).toEqual([
        {
          scheme: 'ingress',
          port: 443,
          ingress: {
            ...{ http: 80, https: 443, className: 'nginx', controller: 'k8s.io/ingress-nginx', by: 'controller' },
            ...{ withoutClass: 'ignored', passthrough: 'off', defaultBackend: null, defaultCertificate: '' },
          },
        },
      ])
  })

  it('is read with all that it takes', () => {
    const all =
      'class=inside&controller=acme.io/x&withoutClass=served&passthrough=on&http=8000&https=8443&defaultCertificate=infra/any-tls&defaultBackend=infra/pages:http'
    expect(servings(`ingress?${all}`)).toMatchObject([
      {
        port: 8443,
        ingress: {
          ...{ http: 8000, https: 8443, className: 'inside', controller: 'acme.io/x', by: 'name' },
          ...{ withoutClass: 'served', passthrough: 'on', defaultCertificate: 'infra/any-tls' },
          defaultBackend: { namespace: 'infra', backend: { service: 'pages', port: 'http' } },
        },
      },
    ])
  })

  it('takes both its ports from the container, and leaves the others alone', () => {
    const ports = ', ports: [{ containerPort: 80 }, { containerPort: 443 }, { containerPort: 8443 }]'
    expect(servings('ingress, udp:53', ports).map(({ scheme, port }) => `${scheme}:${port}`)).toEqual([
      'ingress:443',
      'http:8443',
      'udp:53',
    ])
  })

  it.each([
    ['ingress:443', 'this is no scheme and port'],
    ['ingress?klass=nginx', 'parameter "klass" is not known: expected one of class, controller,'],
    ['ingress?class=', 'class=: expected the name of an IngressClass'],
    ['ingress?controller=nginx', 'controller=nginx: expected spec.controller of IngressClasses'],
    ['ingress?http=70000', 'http=70000: expected a port'],
    ['ingress?http=443', 'http and https are both 443: expected two ports'],
    ['ingress?passthrough=yes', 'passthrough=yes: expected on or off'],
    ['ingress?defaultBackend=pages:80', 'expected NAMESPACE/SERVICE:PORT'],
    ['ingress?defaultCertificate=any', 'expected NAMESPACE/SECRET'],
  ])('%s is refused', (serve, message) => {
    const refused = refusal(serve)
    expect(refused).toContain(`Pod default/c: annotation podwire.dev/serve holds "${serve}"`)
    expect(refused).toContain(message)
  })
})
