import { describe, expect, test } from 'vitest'
import { FakeNode } from '../../../../test/support/netfilter.ts'
import { CASES, type Case, type Flow, SOURCES, SPREAD } from '../../../../test/support/proxy-suite.ts'
import { modelOf, NODE, OPTIONS } from '../../../../test/support/services.ts'
import { type Address, address, familyOf, formatAddress, sameAddress } from '../../../util/address.ts'
import { inPrefix, prefix } from '../../../util/prefix.ts'
import { combineRules } from '../node-rules.ts'
import { explainService, type ProxyDecision } from './explain.ts'
import { IptablesProxy } from './iptables/proxy.ts'
import { IpvsProxy } from './ipvs/proxy.ts'
import { NftablesProxy } from './nftables/proxy.ts'

const LOOPBACK = prefix('127.0.0.0/8')

/** Every mode explains a flow from the rules it makes for a node. */
const MODES: Readonly<Record<string, (c: Case, flow: Flow) => ProxyDecision>> = {
  iptables: (c, flow) => {
    const proxy = new IptablesProxy(modelOf(c.services, c.slices), { ...OPTIONS, ...c.options })
    const node = c.node ?? NODE
    const family = familyOf(address(flow[2]))
    return explainService(combineRules([proxy.part(node, family)]), queryOf(flow), stateOf())
  },
  nftables: (c, flow) => {
    const proxy = new NftablesProxy(modelOf(c.services, c.slices), {
      ...OPTIONS,
      serviceCIDRs: [prefix('172.30.0.0/16')],
      // In this mode NodePorts are on the node's first address unless told otherwise.
      nodePortAddresses: ['0.0.0.0/0', '::/0'],
      ...c.options,
    })
    const family = familyOf(address(flow[2]))
    return explainService({}, queryOf(flow), stateOf(), [proxy.table(c.node ?? NODE, family)])
  },
  ipvs: (c, flow) => {
    const family = familyOf(address(flow[2]))
    const part = new IpvsProxy(modelOf(c.services, c.slices), { ...OPTIONS, ...c.options }).part(c.node ?? NODE, family)
    const stack = stateOf(part.addresses)
    stack.setIpSets(family, part.sets)
    stack.setVirtualServers(family, part.servers)
    return explainService(combineRules([part.rules]), queryOf(flow), stack, [], stack.ipvs)
  },
}

function queryOf([, from, destination, port, , , protocol = 'tcp']: Flow): Parameters<typeof explainService>[1] {
  const source = address(SOURCES[from] ?? from)
  const own = NODE.addresses.some((a) => sameAddress(a, source)) || inPrefix(source, LOOPBACK)
  const fake = new FakeNode()
  const input = own ? null : from === 'pod' || formatAddress(source).startsWith('10.') ? fake.cni0 : fake.eth0
  return { source, destination: address(destination), port, protocol, input }
}

function stateOf(more: readonly Address[] = []): FakeNode['stack'] {
  const locals = Object.fromEntries([...NODE.addresses, ...more].map((a) => [formatAddress(a), 'eth0']))
  return new FakeNode({}, locals).stack
}

/** The flows of a case, as a mode has them. */
const flowsOf = (mode: string, { flows, ipvs }: Case): readonly Flow[] =>
  flows.map((flow) => {
    const [what, from, destination, port, , , protocol] = flow
    const other = mode === 'ipvs' ? ipvs?.[what] : undefined
    return other === undefined ? flow : ([what, from, destination, port, ...other, protocol] as const)
  })

describe.each(Object.entries(MODES))('%s', (mode, explain) => {
  describe.each(CASES)('$name', (c) => {
    test.each(flowsOf(mode, c))('%s', (...flow) => {
      const [, , , , expected, masquerade] = flow
      const decision = explain(c, flow as unknown as Flow)
      const got =
        decision.verdict === 'DNAT' ? decision.destinations.map(({ text }) => text).join(', ') : decision.verdict
      expect({ got, masquerade: decision.masquerade }).toEqual({ got: expected, masquerade })
    })
  })

  test(SPREAD.name, () => {
    const { destinations } = explain(SPREAD, ['', 'pod', '172.30.0.41', 80, '', false])
    expect(destinations).toHaveLength(5)
    for (const { probability } of destinations) expect(probability).toBeCloseTo(0.2, 6)
  })
})
