import { describe, expect, it } from 'vitest'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'

const ENDPOINTS = 5
const CONNECTIONS = 1000
/** Of four degrees of freedom, what chi-square exceeds by chance in one of a thousand fair draws. */
const CRITICAL = 18.467

function cluster(more = ''): string {
  const pods = Array.from(
    { length: ENDPOINTS },
    (_, i) =>
      `{ apiVersion: v1, kind: Pod, metadata: { name: web-${i}, labels: { app: web } }, spec: { nodeName: node-${1 + (i % 2)}, containers: [{ name: w, image: w, ports: [{ containerPort: 8080 }] }] } }`,
  )
  return [
    '{ apiVersion: v1, kind: Pod, metadata: { name: client }, spec: { nodeName: node-1, containers: [{ name: c, image: c }] } }',
    ...pods,
    `{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] ${more} } }`,
  ].join('\n---\n')
}

function picks(proxyMode: 'iptables' | 'nftables', connections: number, more = ''): Map<string, number> {
  const emulation = new Emulation(load([{ name: 'in.yaml', text: cluster(more) }]), { seed: 11, proxyMode })
  const counts = new Map<string, number>()
  for (let i = 0; i < connections; i++) {
    const { delivered } = emulation.trace({ from: 'client', to: 'svc/web:80' }).trace
    const name = delivered?.name ?? 'nobody'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

describe.each(['iptables', 'nftables'] as const)('endpoints in %s mode', (proxyMode) => {
  it('are picked evenly, by chi-square over a thousand connections', { timeout: 120_000 }, () => {
    const counts = picks(proxyMode, CONNECTIONS)
    expect([...counts.keys()].sort()).toEqual(Array.from({ length: ENDPOINTS }, (_, i) => `web-${i}`))
    const expected = CONNECTIONS / ENDPOINTS
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(chi).toBeLessThan(CRITICAL)
    // As even as this by chance, too, in one of a thousand: nobody takes turns.
    expect(chi).toBeGreaterThan(0.091)
  })

  it('with session affinity are one for a client: twelve of twelve', () => {
    expect([...picks(proxyMode, 12, ', sessionAffinity: ClientIP').values()]).toEqual([12])
  })
})
