import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cluster, emulation } from './cluster.ts'
import { Lab } from './lab.ts'
import { missing, skip } from './requirements.ts'

/** Where a pod says its name to whoever connects. */
const SAYS = 8080
const CONNECTIONS = 12
/** So many Services that no two nodes pick the same endpoints of all by chance: 1 in 4,096. */
const COUNT = 12
const [NODE1, NODE2] = ['192.168.56.11', '192.168.56.12']

/** Services of two endpoints, a1 on node-1 and a2 on node-2, each loyal to its clients. */
const SERVICES = Array.from(
  { length: COUNT },
  (_, i) => `kind: Service
apiVersion: v1
metadata: { name: loyal-${i} }
spec: { clusterIP: 10.96.1.${i + 1}, type: NodePort, sessionAffinity: ClientIP, selector: { app: a }, ports: [{ port: 80, targetPort: ${SAYS}, nodePort: ${30_100 + i} }] }
---
kind: EndpointSlice
apiVersion: discovery.k8s.io/v1
metadata: { name: loyal-${i}-1, labels: { kubernetes.io/service-name: loyal-${i} } }
addressType: IPv4
ports: [{ name: "", port: ${SAYS}, protocol: TCP }]
endpoints:
  - { addresses: [10.244.1.2], nodeName: node-1, conditions: { ready: true } }
  - { addresses: [10.244.2.2], nodeName: node-2, conditions: { ready: true } }
`,
)

const byClusterIP = Array.from({ length: COUNT }, (_, i) => [`10.96.1.${i + 1}`, 80] as const)
const byNode = (node: string) => Array.from({ length: COUNT }, (_, i) => [node, 30_100 + i] as const)

/** Who answered each of a dozen connections to each of these, by their first letters and numbers. */
type Ask = (from: string, targets: readonly (readonly [string, number])[]) => Promise<string[][]>

function loyalty(ask: () => Ask): void {
  it('a client is led to one endpoint, 12 times of 12', async () => {
    for (const answers of await ask()('default_b1', byClusterIP)) {
      expect(answers).toHaveLength(CONNECTIONS)
      expect(answers[0]).toMatch(/^a[12]$/)
      expect(new Set(answers).size).toBe(1)
    }
  })

  it('so it is by NodePort, and each node has its own choice', async () => {
    const [one, two] = [await ask()('laptop', byNode(NODE1)), await ask()('laptop', byNode(NODE2))]
    for (const answers of [...one, ...two]) expect(new Set(answers).size).toBe(1)
    expect(one.map(([first]) => first)).not.toEqual(two.map(([first]) => first))
  })

  it('each client has its own', async () => {
    const [one, two] = [await ask()('default_b1', byClusterIP), await ask()('node-1', byClusterIP)]
    expect(one.map(([first]) => first)).not.toEqual(two.map(([first]) => first))
  })
}

describe.each(['iptables', 'nftables'] as const)('session affinity, %s', (proxyMode) => {
  const options = { overlay: 'host-gw', services: SERVICES, proxyMode } as const

  describe.skipIf(skip(missing(), 'the kernel oracle'))('in this kernel', () => {
    let lab: Lab
    beforeAll(async () => {
      lab = await Lab.build(cluster(options))
      for (const pod of ['a1', 'a2'])
        lab.serve(`default_${pod}`, `exec socat TCP4-LISTEN:${SAYS},fork,reuseaddr,backlog=16 SYSTEM:"echo ${pod}"`)
      await new Promise((resolve) => setTimeout(resolve, 300))
    })
    afterAll(() => lab?.destroy())

    loyalty(() => async (from, targets) => {
      const script = `import socket
for to in ${JSON.stringify(targets)}:
    print(" ".join(socket.create_connection(tuple(to), 3).recv(10).decode().strip() for _ in range(${CONNECTIONS})))`
      const { stdout, stderr } = await lab.run(from, `python3 -c '${script}'`)
      expect(stderr).toBe('')
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
    })
  })

  describe('in podwire', () => {
    const made = emulation(options)
    loyalty(() => async (from, targets) => {
      const source = from === 'laptop' ? 'external' : from.startsWith('node-') ? `node/${from}` : from.replace('_', '/')
      return targets.map(([ip, port]) =>
        Array.from({ length: CONNECTIONS }, () => {
          const { trace } = made.trace({ from: source, to: `ip/${ip}:${port}` })
          return trace.delivered?.name ?? trace.verdict
        }),
      )
    })
  })
})
