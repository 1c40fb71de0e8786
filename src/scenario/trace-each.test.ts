import { expect, it } from 'vitest'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'
import { traceEach, untraced } from './trace-each.ts'

const cluster = (count: number, more = ''): string =>
  [
    'apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: each }\nspec: { title: Each }',
    'apiVersion: v1\nkind: Pod\nmetadata: { name: client }\nspec: { nodeName: node-1, containers: [{ name: c, image: curl }] }',
    ...Array.from(
      { length: count },
      (_, i) =>
        `apiVersion: v1\nkind: Pod\nmetadata: { name: web-${i}, labels: { app: web } }\nspec: { nodeName: node-${1 + (i % 2)}, containers: [{ name: w, image: nginx, ports: [{ containerPort: 8080 }] }] }`,
    ),
    `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }]${more} }`,
  ].join('\n---\n')

const each = (text: string) =>
  traceEach(new Emulation(load([{ name: 't.yaml', text }])), { from: 'client', to: 'svc/web:80' })

it('traces a packet to every endpoint, in the order of the rules', () => {
  const traces = each(cluster(5))
  expect(traces.map(({ service }) => service!.picked)).toEqual(
    traces[0].service!.endpoints.map(({ address, port }) => `${address}:${port}`),
  )
  expect(traces.map(({ verdict, delivered }) => `${verdict} ${delivered?.name}`).sort()).toEqual(
    [0, 1, 2, 3, 4].map((i) => `delivered web-${i}`),
  )
  expect(untraced(traces)).toEqual([])
})

it('names what session affinity never picks, and is content with a Service that has no endpoint', () => {
  const traces = each(cluster(3, ', sessionAffinity: ClientIP'))
  expect(traces).toHaveLength(1)
  expect(untraced(traces)).toHaveLength(2)
  expect(each(cluster(0)).map(({ verdict }) => verdict)).toEqual(['rejected'])
})
