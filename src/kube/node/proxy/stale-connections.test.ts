import { expect, test } from 'vitest'
import { FakeNode, show, udpPacket } from '../../../../test/support/netfilter.ts'
import { modelOf, NODE, OPTIONS, service, slice } from '../../../../test/support/services.ts'
import { v4 } from '../../../util/address.ts'
import { combineRules } from '../node-rules.ts'
import { IptablesProxy } from './iptables/proxy.ts'
import { cleanStaleConnections } from './stale-connections.ts'

const UDP = [{ name: 'dns', port: 53, protocol: 'UDP' }] as const
const dns = service('kube-system/dns', '10.96.0.10', { ports: [...UDP] })
const CLIENT = v4('10.0.0.2')
const VIP = v4('10.96.0.10')

function send(node: FakeNode): string {
  const skb = udpPacket(CLIENT, 5353, VIP, 53)
  node.forward(skb)
  return show(skb).split(' > ')[1]
}

test('a UDP client that keeps its port stays with an endpoint that is gone, unless its entry is deleted', () => {
  const model = modelOf([dns], [slice('kube-system/dns', [...UDP], ['10.0.1.1'])])
  const proxy = new IptablesProxy(model, OPTIONS)
  const node = new FakeNode()
  const apply = (): void => node.stack.setRules(4, combineRules([proxy.part(NODE, 4)]))
  apply()
  expect(send(node)).toBe('10.0.1.1:53')
  model.setSlice(slice('kube-system/dns', [...UDP], ['10.0.1.2']))
  apply()
  expect(send(node)).toBe('10.0.1.1:53')
  expect(cleanStaleConnections(model, 4, node.stack.conntrack)).toBe(1)
  expect(send(node)).toBe('10.0.1.2:53')
  expect(cleanStaleConnections(model, 4, node.stack.conntrack)).toBe(0)
})

test('an entry from before the Service had endpoints is deleted too; of a Service without endpoints none is', () => {
  const model = modelOf([dns], [])
  const node = new FakeNode()
  // Rules that translate something, so that connections are tracked, yet nothing for this Service.
  node.stack.setRules(4, combineRules([new IptablesProxy(modelOf([], []), OPTIONS).part(NODE, 4)]))
  expect(send(node)).toBe('10.96.0.10:53')
  expect(cleanStaleConnections(model, 4, node.stack.conntrack)).toBe(0)
  model.setSlice(slice('kube-system/dns', [...UDP], ['10.0.1.2']))
  expect(cleanStaleConnections(model, 4, node.stack.conntrack)).toBe(1)
})
