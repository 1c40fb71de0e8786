import { describe, expect, it } from 'vitest'
import { ByName } from '../kube/api/by-name.ts'
import type { Service } from '../kube/api/service.ts'
import { Directory, formatTarget } from './directory.ts'
import { parseEndpoint } from './endpoint.ts'
import { load } from './load/load.ts'
import { planCluster } from './plan.ts'

const pod = (namespace: string, name: string, more = ''): string =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: ${namespace}${more} }\nspec: { nodeName: node-1, containers: [{ name: c }] }\n`
const owned = (hash: string): string =>
  `, labels: { pod-template-hash: '${hash}' }, ownerReferences: [{ kind: ReplicaSet, name: web-${hash}, controller: true }]`

const TEXT = [
  pod('default', 'client'),
  pod('shop', 'web-5d4-zz', owned('5d4')),
  pod('shop', 'web-5d4-aa', owned('5d4')),
  '---\napiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: [{ name: http, port: 80 }, { name: tls, port: 443 }] }\n',
].join('')

const inventory = load([{ name: 'in.yaml', text: TEXT }])
const services = new ByName<Service>()
for (const service of inventory.services) services.set(service.meta, service)
const directory = new Directory(planCluster(inventory, {}), services)
const resolve = (text: string): string => formatTarget(directory.resolve(parseEndpoint(text)))

describe('endpoints', () => {
  it.each([
    ['client', 'default/client'],
    ['deploy/shop/web', 'shop/web-5d4-aa'],
    ['svc/shop/web:tls', 'svc/shop/web:443'],
    ['node/node-2:22', 'node/node-2:22'],
    ['external', 'external'],
  ])('%s is %s', (text, found) => expect(resolve(text)).toBe(found))

  it.each([
    ['clinet', 'no Pod default/clinet: did you mean default/client?'],
    ['shop/web', 'no Pod shop/web, but a Service, expected svc/shop/web'],
    ['node-2', 'no Pod default/node-2, but a Node, expected node/node-2'],
    ['node/node2', 'no Node node2: did you mean node/node-2?'],
    ['svc/web', 'no Service default/web: there is svc/shop/web'],
    ['svc/shop/web:htp', 'Service shop/web has no port named "htp", expected one of http, tls'],
    ['deploy/web', 'no pod of a Deployment default/web: there is deploy/shop/web'],
  ])('%s: %s', (text, message) => expect(() => resolve(text)).toThrow(message))
})
