import { CLOSED, type Flow } from './flows.ts'
import type { Probe } from './probe.ts'

/** One endpoint each, so that no chance is involved: which of several is picked, no two kernels agree on. */
const SERVED = [
  { name: 'near', pod: 'b1', spec: 'clusterIP: 10.96.0.81' },
  { name: 'far', pod: 'a2', spec: 'clusterIP: 10.96.0.82' },
  { name: 'self', pod: 'a1', spec: 'clusterIP: 10.96.0.83' },
  { name: 'none', pod: 'nobody', spec: 'clusterIP: 10.96.0.84' },
  { name: 'open', pod: 'a2', spec: 'clusterIP: 10.96.0.85, type: NodePort', nodePort: 30_085 },
  {
    name: 'kept',
    pod: 'a2',
    spec: 'clusterIP: 10.96.0.86, type: NodePort, externalTrafficPolicy: Local',
    nodePort: 30_086,
  },
  { name: 'shut', pod: 'nobody', spec: 'clusterIP: 10.96.0.87, type: NodePort', nodePort: 30_087 },
  { name: 'asked', pod: 'a2', spec: 'clusterIP: 10.96.0.88, type: NodePort', udpNodePort: 30_088 },
] as const

/** Pods of the cluster carry their name as the label `app`. */
export const SERVICES: readonly string[] = SERVED.map((service) => {
  const nodePort = 'nodePort' in service ? `, nodePort: ${service.nodePort}` : ''
  const udpNodePort = 'udpNodePort' in service ? `, nodePort: ${service.udpNodePort}` : ''
  return `kind: Service
apiVersion: v1
metadata: { name: ${service.name} }
spec: { ${service.spec}, selector: { app: ${service.pod} }, ports: [{ name: tcp, port: 80, targetPort: 8080${nodePort} }, { name: closed, port: 81, targetPort: 9 }, { name: udp, protocol: UDP, port: 53, targetPort: 7${udpNodePort} }] }
`
})

const A1 = 'default_a1'
const echo = (to: string, port = 80): Probe => ({ kind: 'tcp', to, port, exchange: true })
const knock = (to: string, port = 80, wait?: number): Probe => ({ kind: 'tcp', to, port, exchange: false, wait })
const udp = (to: string, port = 53) => ({ kind: 'udp', to, port, size: 5 }) as const
const [NEAR, FAR, SELF, NONE] = ['10.96.0.81', '10.96.0.82', '10.96.0.83', '10.96.0.84']
const [NODE1, NODE2] = ['192.168.56.11', '192.168.56.12']
const ANSWERED = { says: /^5$/m }

/** The same in every mode of kube-proxy. */
export const SERVICE_FLOWS: readonly Flow[] = [
  { name: 'service-near-tcp', from: A1, probe: echo(NEAR), ...ANSWERED },
  { name: 'service-near-udp', from: A1, probe: udp(NEAR), ...ANSWERED },
  { name: 'service-far-tcp', from: A1, probe: echo(FAR), ...ANSWERED },
  { name: 'service-far-udp', from: A1, probe: udp(FAR), ...ANSWERED },
  // Refused, so that each frame follows from the one before: a connection's ACK and its first data race round the bridge.
  { name: 'service-hairpin-tcp-refused', from: A1, probe: knock(SELF, 81), says: /refused/ },
  { name: 'service-hairpin-udp', from: A1, probe: udp(SELF), ...ANSWERED },
  { name: 'service-none-tcp', from: A1, probe: knock(NONE), says: /refused/ },
  { name: 'service-none-udp', from: A1, probe: udp(NONE), says: /refused/ },
  { name: 'service-none-from-node', from: 'node-1', probe: knock(NONE), says: /refused/ },
  { name: 'service-near-from-node', from: 'node-1', probe: echo(NEAR), ...ANSWERED },
  { name: 'service-far-from-node', from: 'node-1', probe: echo(FAR), ...ANSWERED },
  { name: 'nodeport-other-node', from: 'laptop', probe: echo(NODE1, 30_085), ...ANSWERED },
  { name: 'nodeport-own-node', from: 'laptop', probe: echo(NODE2, 30_085), ...ANSWERED },
  { name: 'nodeport-from-pod', from: A1, probe: echo(NODE2, 30_085), ...ANSWERED },
  { name: 'nodeport-none', from: 'laptop', probe: knock(NODE1, 30_087), says: /refused/ },
  { name: 'nodeport-local-own-node', from: 'laptop', probe: echo(NODE2, 30_086), ...ANSWERED },
  { name: 'nodeport-local-other-node', from: 'laptop', probe: knock(NODE1, 30_086, 2.5), says: /timed out/ },
  // Whoever complains, the error is about a translated packet, and seems to come from the Service's address.
  { name: 'service-traceroute', from: A1, probe: { kind: 'traceroute', to: FAR, port: 53 }, says: /10\.96\.0\.82/ },
  { name: 'service-near-ttl-1', from: A1, probe: { ...udp(NEAR), ttl: 1 }, ...ANSWERED },
  { name: 'service-far-ttl-1', from: A1, probe: { ...udp(FAR), ttl: 1 }, says: /timed out/ },
  { name: 'service-far-ttl-2', from: A1, probe: { ...udp(FAR), ttl: 2 }, says: /timed out/ },
  { name: 'service-far-ttl-1-from-node', from: 'node-1', probe: { ...udp(FAR), ttl: 1 }, says: /timed out/ },
  { name: 'nodeport-ttl-1', from: 'laptop', probe: { ...udp(NODE1, 30_088), ttl: 1 }, says: /timed out/ },
  { name: 'nodeport-udp', from: 'laptop', probe: udp(NODE1, 30_088), ...ANSWERED },
  { name: 'nodeport-local-from-pod', from: A1, probe: echo(NODE1, 30_086), ...ANSWERED },
]

/** What the modes treat each in their own way: iptables leaves it to the routes. */
export const STRAY_FLOWS: readonly Flow[] = [
  { name: 'service-ping', from: A1, probe: { kind: 'ping', to: FAR }, says: /Net Unreachable/ },
  { name: 'service-other-port', from: A1, probe: knock(FAR, CLOSED), says: /unreachable/ },
]

/** nftables mode rejects what else comes to an address that a Service has. */
export const NFT_STRAY_FLOWS: readonly Flow[] = [
  { name: 'service-ping', from: A1, probe: { kind: 'ping', to: FAR }, says: /Port Unreachable/ },
  { name: 'service-other-port', from: A1, probe: knock(FAR, CLOSED), says: /refused/ },
]
