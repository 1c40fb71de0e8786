import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FakeNode } from '../../../../../test/support/netfilter.ts'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../../../../../test/support/services.ts'
import { nftScript } from '../../../../export/nftables.ts'
import { address } from '../../../../util/address.ts'
import { prefix } from '../../../../util/prefix.ts'
import { explainService } from '../explain.ts'
import { NftablesProxy } from './proxy.ts'

const TESTED = { ...OPTIONS, serviceCIDRs: [prefix('172.30.0.0/16')] }
const vector = readFileSync(new URL('../../../../../test/vectors/kube-proxy/overall.nft', import.meta.url), 'utf8')

/** kube-proxy's tests compare sorted too: a transaction has no order but that of rules within a chain. */
function canonical(script: string): string {
  const lines = script.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const rules = lines.filter((line) => line.startsWith('add rule'))
  const chain = (line: string): string => line.split(' ')[4]
  rules.sort((a, b) => (chain(a) < chain(b) ? -1 : chain(a) > chain(b) ? 1 : 0))
  return [...lines.filter((line) => !line.startsWith('add rule')).sort(), ...rules].join('\n')
}

test('TestOverallNFTablesRules', () => {
  const table = new NftablesProxy(overall(), TESTED).table(NODE, 4)
  expect(canonical(nftScript(table, 4))).toBe(canonical(vector))
})

describe('what only this mode does', () => {
  const table = new NftablesProxy(
    modelOf(
      [service('ns1/svc1', '172.30.0.41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
      [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])],
    ),
    TESTED,
  ).table(NODE, 4)
  const node = new FakeNode({}, { '192.168.0.2': 'eth0', '192.168.1.2': 'eth0' })
  const ask = (to: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): string =>
    explainService(
      {},
      { source: address('10.0.0.2'), destination: address(to), port, protocol, input: node.cni0 },
      node.stack,
      [table],
    ).verdict

  test.each([
    ['another port of a cluster address is rejected', '172.30.0.41', 81, 'tcp', 'REJECT'],
    ['another protocol too', '172.30.0.41', 80, 'udp', 'REJECT'],
    ['an address that no Service has is dropped', '172.30.0.50', 80, 'tcp', 'DROP'],
    ["NodePorts are on the node's first address", '192.168.0.2', 3001, 'tcp', 'DNAT'],
    ['and not on the others', '192.168.1.2', 3001, 'tcp', 'ACCEPT'],
  ] as const)('%s', (_what, to, port, protocol, verdict) => {
    expect(ask(to, port, protocol)).toBe(verdict)
  })
})
