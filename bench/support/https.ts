import { fetch } from '../../src/app/curl/curl.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { load } from '../../src/scenario/load/load.ts'
import { line, median, timed } from './measure.ts'

const WARM = 60
const ROUNDS = 200

const YAML = `
apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: https-bench }
spec: { title: HTTPS }
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { nodeName: node-1, containers: [{ name: c, image: curl }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web }, annotations: { podwire.dev/serve: 'https:8443' } }
spec: { nodeName: node-2, containers: [{ name: w, image: nginx }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 443, targetPort: 8443 }] }
`

/**
 * J6: curl https://web/ from a pod to a Service whose pod is on another node: DNS, TCP, TLS 1.3 with x25519 or the default
 * X25519MLKEM768, GET and close, both ends, every handshake whole.
 */
export function requests(): Record<string, number> {
  const figures: Record<string, number> = {}
  for (const [name, recording, groups] of [
    ['x25519, recording off', 'off', ['x25519']],
    ['x25519, recording frames', 'frames', ['x25519']],
    ['X25519MLKEM768, recording frames', 'frames', undefined],
  ] as const) {
    const emulation = new Emulation(load([{ name: 'bench.yaml', text: YAML }]), { recording })
    const https = emulation.tls.client({ insecure: false, groups })
    const host = emulation.host('client')
    const once = (): void => {
      const { status } = emulation.runProgram(host, 'curl', (context) =>
        fetch(context, 'https://web/', { upgrades: { https } }),
      )
      if (status !== 200) throw new Error(`the request ended with ${status}`)
    }
    for (let i = 0; i < WARM; i++) once()
    const spans = Array.from({ length: ROUNDS }, () => timed(once))
    const wall = median(spans.map((span) => span.wall))
    const cpu = median(spans.map((span) => span.cpu))
    const note = `  (processor ${cpu.toFixed(2)})`
    line(`DNS + TCP + TLS 1.3 + GET, ${name}`, wall, 'ms', name.startsWith('x25519') ? 2 : undefined, note)
    figures[name] = cpu
  }
  return figures
}
