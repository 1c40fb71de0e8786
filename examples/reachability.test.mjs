// @ts-check
import assert from 'node:assert/strict'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { Emulation, readInput, traceText } from 'podwire'

const cluster = readInput([fileURLToPath(new URL('shop.yaml', import.meta.url))])

/** @param {import('podwire').TraceRequest} request */
const trace = (request) => new Emulation(cluster).trace(request).trace

test('the cart reaches the catalog through its Service', () => {
  const found = trace({ from: 'shop/cart', to: 'svc/shop/catalog:80' })
  assert.equal(found.verdict, 'delivered', traceText(found).join('\n'))
  assert.equal(found.delivered?.name, 'catalog-1')
  // The address of the Service is translated on the client's node, before the packet is routed.
  const dnat = found.forward.hops.find((hop) => hop.action === 'dnat')
  assert.equal(dnat?.node, 'worker-a')
})

test('nobody answers for the search Service, and the trace says why', () => {
  const found = trace({ from: 'shop/cart', to: 'svc/shop/search:80' })
  assert.equal(found.verdict, 'rejected')
  const reject = found.forward.hops.find((hop) => hop.action === 'reject')
  assert.match(reject?.why ?? '', /shop\/search has no endpoints/)
})

test('large datagrams cross the tunnel whole', () => {
  const found = trace({ from: 'shop/cart', to: 'shop/catalog-1', proto: 'icmp', size: 1422, dontFragment: true })
  assert.equal(found.verdict, 'delivered', found.reason)
})
