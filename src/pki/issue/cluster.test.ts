import { describe, expect, it } from 'vitest'
import { Rng } from '../../util/rng.ts'
import { describeCertificate } from '../describe.ts'
import { judge } from '../path/judge.ts'
import type { Identity } from './certificate.ts'
import { clusterPki, serviceIdentity } from './cluster.ts'

const at = '2026-01-01T00:00:00Z'
const pki = clusterPki({ at }, new Rng(7))
const verdict = ({ certificate, chain }: Identity, root: Identity, purpose: 'server' | 'client', name?: string) =>
  judge({ chain: [certificate, ...chain], roots: [root.certificate], at, purpose, name }).verdict

describe("a cluster's certificates", () => {
  it.each([
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    '10.96.0.1',
    '192.168.56.10',
    'control-plane',
  ])('the API server is %s', (name) => {
    expect(verdict(pki.apiServer, pki.ca, 'server', name)).toMatchObject({ ok: true, errors: [] })
  })

  it('clients are clients, of their own CA', () => {
    const clients = [
      pki.admin,
      pki.apiServerKubeletClient,
      pki.controllerManager,
      pki.scheduler,
      ...pki.kubelets.values(),
    ]
    for (const client of clients) {
      expect(verdict(client, pki.ca, 'client').ok).toBe(true)
      expect(verdict(client, pki.ca, 'server').errors.map((error) => error.code)).toEqual(['wrong-purpose'])
      expect(verdict(client, pki.frontProxyCa, 'client').errors.map((error) => error.code)).toEqual(['unknown-ca'])
    }
    expect(verdict(pki.frontProxyClient, pki.frontProxyCa, 'client').ok).toBe(true)
    expect(pki.kubelets.get('node-2')?.certificate.subject.text).toBe('CN=system:node:node-2,O=system:nodes')
  })

  it('the ingress sends its intermediate, which may issue no further CA', () => {
    expect(verdict(pki.ingress, pki.ingressRoot, 'server', 'shop.example.com').path).toEqual([
      'CN=shop.example.com',
      'CN=Example Issuing CA',
      'CN=Example Root CA',
    ])
    expect(describeCertificate(pki.ingressIntermediate.certificate)).toMatchObject({ ca: true, pathLength: 0 })
  })

  it('a Service has the names that pods look up', () => {
    const web = serviceIdentity('web', 'shop', { notBefore: at, notAfter: '2026-03-01T00:00:00Z' }, pki.ca, new Rng(1))
    for (const name of ['web', 'web.shop', 'web.shop.svc', 'web.shop.svc.cluster.local']) {
      expect(verdict(web, pki.ca, 'server', name).ok).toBe(true)
    }
    expect(verdict(web, pki.ca, 'server', 'web.default').ok).toBe(false)
  })

  it('the same seed makes the same cluster, in RSA with a key for each', () => {
    const der = (p: typeof pki) => [p.ca, p.apiServer, p.ingress].map((one) => one.certificate.der)
    expect(der(clusterPki({ at }, new Rng(7)))).toEqual(der(pki))
    expect(der(clusterPki({ at }, new Rng(8)))).not.toEqual(der(pki))
    const rsa = clusterPki({ at, key: 'rsa-2048', nodes: ['n', 'm', 'o', 'p'] }, new Rng(7))
    const all = [
      rsa.ca,
      rsa.apiServer,
      rsa.admin,
      rsa.frontProxyCa,
      rsa.frontProxyClient,
      rsa.ingressRoot,
      rsa.ingress,
      ...rsa.kubelets.values(),
    ]
    const keys = new Set(all.map((one) => describeCertificate(one.certificate).key.sha256))
    expect(keys.size).toBe(all.length)
  })
})
