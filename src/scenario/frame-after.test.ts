import { describe, expect, it } from 'vitest'
import { frameAfter } from '../explain/frame-after.ts'
import type { Trace } from '../explain/trace.ts'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'

const CLUSTER = `
apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { nodeName: node-1, containers: [{ name: c }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { nodeName: node-2, containers: [{ name: c, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: NodePort, clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }
`

const ETHERNET = 14

/** Of each tap that follows rewriting hops: what those made of the tap before, from the IP header on, and what it saw. */
function rewritten({ recorder }: Emulation, { hops }: Trace['forward']): { made: string; seen: string; by: string }[] {
  const found: { made: string; seen: string; by: string }[] = []
  let current: Uint8Array | null = null
  let by: string[] = []
  for (const hop of hops) {
    const step = recorder.steps.find(({ id }) => id === hop.step)!
    if (step.frame === null) {
      if (hop.action === 'encap' || hop.action === 'decap') current = null
      if (current === null) continue
      const after = frameAfter(current, step.event)
      if (after !== current) by.push(hop.action)
      current = after
      continue
    }
    const bytes = recorder.frame(step.frame)
    const text = (frame: Uint8Array): string => Buffer.from(frame.subarray(ETHERNET)).toString('hex')
    if (by.length > 0 && current !== null) found.push({ made: text(current), seen: text(bytes), by: by.join() })
    by = []
    current = bytes
  }
  return found
}

describe('a frame after NAT and forwarding is what the next tap sees', () => {
  it.each([
    ['client', 'svc/web', 'tcp', 'iptables'],
    ['client', 'svc/web', 'tcp', 'nftables'],
    ['external', 'node/node-2:30080', 'tcp', 'iptables'],
    ['external', 'node/node-2:30080', 'tcp', 'ipvs'],
    ['client', 'default/web', 'icmp', 'iptables'],
  ] as const)('%s to %s, %s, %s mode', (from, to, proto, proxyMode) => {
    const emulation = new Emulation(load([{ name: 'in.yaml', text: CLUSTER }]), { proxyMode })
    const { trace } = emulation.trace({ from, to, proto })
    const all = [...rewritten(emulation, trace.forward), ...rewritten(emulation, trace.reply!)]
    expect(all.length).toBeGreaterThan(0)
    for (const { made, seen } of all) expect(made).toBe(seen)
  })
})
