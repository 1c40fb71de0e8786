import { isActive, type PodObject } from '../../../kube/api/pod-object.ts'
import type { Recording } from '../../../trace/recorder.ts'
import { Emulation } from '../../emulation.ts'
import { load } from '../../load/load.ts'
import { runScenario } from '../../run.ts'

/** Two pods `web` of a workload (on each node one, of a DaemonSet), their Service 10.96.0.80, and a client on node-1. */
export const workload = (kind: string, more = '', container = ''): string => `---
apiVersion: ${kind === 'ReplicationController' ? 'v1' : 'apps/v1'}
kind: ${kind}
metadata: { name: web }
spec:
  ${kind === 'DaemonSet' ? '' : 'replicas: 2'}
  selector: ${kind === 'ReplicationController' ? '{ app: web }' : '{ matchLabels: { app: web } }'}
  ${more}
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: 'nginx:1', ports: [{ name: http, containerPort: 8080 }] ${container} }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { nodeName: node-1, containers: [{ name: client, image: 'curl:8' }] }
`
const scenario = (steps: string): string => `---
apiVersion: podwire.dev/v1alpha1
kind: Scenario
metadata: { name: s }
spec: { title: T, steps: [${steps}] }
`
/** Runs a scenario of these steps, in flow style, over manifests. */
export const play = (steps: string, text: string, recording: Recording = 'frames'): Emulation => {
  const inventory = load([{ name: 'in.yaml', text: scenario(steps) + text }])
  const emulation = new Emulation(inventory, { recording })
  runScenario(emulation, inventory.scenarios[0])
  return emulation
}

/** The pods of `web` that are not on their way out. */
export const web = ({ life }: Emulation): PodObject[] =>
  life!.store.list('Pod', 'default').filter((pod) => pod.meta.labels.app === 'web' && isActive(pod))
