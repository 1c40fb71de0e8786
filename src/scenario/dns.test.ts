import { describe, expect, it } from 'vitest'
import { webCluster } from '../../test/support/web-cluster.ts'
import { fetch } from '../app/curl/curl.ts'
import { isKind } from '../explain/record.ts'
import { SECOND } from '../sim/time.ts'
import { formatAddress } from '../util/address.ts'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'
import { perform } from './operations.ts'
import { runScenario } from './run.ts'

const TEXT = webCluster()

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
    const inventory = load([{ name: 't.yaml', text: TEXT.replace('title: Web', `title: Web, ${steps}`) }])
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

describe('an upstream', () => {
  const outside = TEXT.replace(
    'title: Web',
    'title: Web, cluster: { upstream: { example.com: [203.0.113.7, 2001:db8::7] } }',
  )
  /** Names that the server on the laptop was asked for by now. */
  const forwarded = ({ recorder }: Emulation): string[] =>
    recorder.steps.flatMap(({ event }) =>
      event.kind === 'dns-query' && formatAddress(event.server) === '192.168.56.1'
        ? [`${event.name} ${event.type}`]
        : [],
    )
  const look = (emulation: Emulation, name: string) =>
    perform(emulation, { name: 'resolve', with: { from: 'client', name } }, { file: 't', line: 1, column: 1 })

  it('is asked by packets for what is not of the cluster, once in 30 s', () => {
    const emulation = emulate(outside)
    expect(look(emulation, 'example.com.')).toMatchObject({ answers: ['203.0.113.7', '2001:db8::7'], error: null })
    expect(forwarded(emulation)).toEqual(['example.com A', 'example.com AAAA'])
    const packets = emulation.recorder.steps.filter(
      (step) =>
        isKind(step, 'nat') && step.event.nat === 'masquerade' && !step.event.reverse && step.event.from.port !== 0,
    )
    expect(packets.length).toBeGreaterThan(0)
    look(emulation, 'example.com.')
    expect(forwarded(emulation)).toHaveLength(2)
    emulation.advance(31 * SECOND)
    look(emulation, 'example.com.')
    expect(forwarded(emulation)).toHaveLength(4)
  })

  it('says NXDOMAIN of names that it does not know, and is not asked for names of the cluster', () => {
    const emulation = emulate(outside)
    expect(look(emulation, 'example.org.')).toMatchObject({ error: 'EAI_NONAME' })
    expect(look(emulation, 'web')).toMatchObject({ answers: ['10.96.0.80'] })
    expect(forwarded(emulation)).toEqual(['example.org A', 'example.org AAAA'])
  })

  it('is needed: without one such a name is SERVFAIL at once', () => {
    expect(look(emulate(), 'example.com.')).toMatchObject({ error: 'EAI_AGAIN' })
  })

  it('that is silent is SERVFAIL after two seconds', () => {
    const emulation = emulate(outside)
    const at = { file: 't', line: 1, column: 1 }
    perform(emulation, { name: 'cutLink', with: { node: 'control-plane' } }, at)
    const asked = perform(
      emulation,
      { name: 'resolve', with: { from: 'kube-system/coredns', name: 'example.com', type: 'A' } },
      at,
    )
    expect(asked).toMatchObject({ error: 'SERVFAIL' })
    expect(emulation.now).toBeGreaterThan(2 * SECOND)
  })
})
