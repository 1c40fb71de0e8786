import { describe, expect, it } from 'vitest'
import { fetch } from '../app/curl/curl.ts'
import { isKind } from '../explain/record.ts'
import { formatAddress } from '../util/address.ts'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'
import { runScenario } from './run.ts'

const TEXT = `
apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: dns }
spec: { title: DNS }
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { nodeName: node-1, containers: [{ name: c, image: curl }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { nodeName: node-2, containers: [{ name: w, image: nginx, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`

const emulate = (text = TEXT): Emulation => new Emulation(load([{ name: 't.yaml', text }]))

function ask(emulation: Emulation, from: string, url: string) {
  const result = emulation.runProgram(emulation.host(from), 'curl', (context) => fetch(context, url))
  const { steps } = emulation.recorder
  return {
    result,
    queries: steps.flatMap(({ event }) => (event.kind === 'dns-query' && event.type === 'A' ? [event.name] : [])),
    servers: new Set(steps.flatMap(({ event }) => (event.kind === 'dns-query' ? [formatAddress(event.server)] : []))),
    emulation,
  }
}

describe('DNS in the cluster', () => {
  it('answers for a Service by its short name, walking the search list as ndots:5 has it', () => {
    const { result, queries, servers } = ask(emulate(), 'client', 'http://web.default/')
    expect(result).toMatchObject({ code: 0, status: 200 })
    expect(queries).toEqual(['web.default.default.svc.cluster.local', 'web.default.svc.cluster.local'])
    expect([...servers]).toEqual(['10.96.0.10'])
  })

  it('is asked through its own Service address, which a rule rewrites', () => {
    const { emulation } = ask(emulate(), 'client', 'http://web/')
    const dnat = emulation.recorder.steps.find((step) => isKind(step, 'nat') && !step.event.reverse)
    expect(dnat?.event).toMatchObject({ nat: 'dnat', from: { port: 53 }, to: { port: 53 } })
  })

  it('is what the step resolve asks, and judges', () => {
    const steps = `steps: [
      { resolve: { from: client, name: web }, expect: { addresses: [10.96.0.80] } },
      { resolve: { from: client, name: nobody.default.svc.cluster.local. }, expect: { error: EAI_NONAME } },
      { resolve: { from: client, name: web }, expect: { addresses: [10.96.0.81] } } ]`
    const inventory = load([{ name: 't.yaml', text: TEXT.replace('title: DNS', `title: DNS, ${steps}`) }])
    const report = runScenario(new Emulation(inventory), inventory.scenarios[0])
    expect(report.steps.map(({ failures }) => failures)).toEqual([
      [],
      [],
      [{ field: 'addresses', got: '10.96.0.80', expected: '10.96.0.81' }],
    ])
  })

  it('is there for manifests alone, and not in a dump that lacks it', () => {
    const manifests = TEXT.split('---\n').slice(1).join('---\n')
    expect(ask(emulate(manifests), 'client', 'http://web/').result).toMatchObject({ code: 0, status: 200 })
    const dump = `${manifests}---\napiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\n`
    expect(ask(emulate(dump), 'client', 'http://web/').result.code).toBe(6)
  })

  it('says that an unknown name is unknown: curl exits 6', () => {
    expect(ask(emulate(), 'client', 'http://nobody/').result.code).toBe(6)
  })

  it('is not asked by nodes and by hosts outside', () => {
    const { result, queries } = ask(emulate(), 'external', 'http://web.default/')
    expect(result.code).toBe(6)
    expect(queries).toEqual([])
  })

  it('reaches the API server behind the Service kubernetes', () => {
    expect(emulate().trace({ from: 'client', to: 'svc/kubernetes:443' }).trace).toMatchObject({
      verdict: 'delivered',
      delivered: { kind: 'node', name: 'control-plane', address: '192.168.56.10', port: 6443 },
    })
  })
})
