import * as z from 'zod'
import { parseAddress } from '../../util/address.ts'
import { parsePrefix } from '../../util/prefix.ts'
import { LIFECYCLE_OPERATIONS, lifecycleOperations, lifeExpectation, timing } from '../lifecycle/schema.ts'
import { curlTls, tlsExpectation, tlsOperations } from '../tls/schema.ts'
import { duration } from './duration.ts'

const endpoint = z
  .string()
  .min(1)
  .describe(
    'client, NS/NAME, pod/NS/NAME, svc/[NS/]NAME[:PORT], deploy/NAME, node/NAME[:PORT], external, [ip/]ADDR[:PORT]',
  )
const cidrs = z
  .string()
  .refine((text) => text.split(',').every((part) => parsePrefix(part.trim()) !== null), {
    error: 'a CIDR like 10.244.0.0/16',
  })
  .describe('a CIDR, or an IPv4 and an IPv6 CIDR with a comma between')
const address = z.string().refine((text) => parseAddress(text) !== null, { error: 'an IP address' })
const port = z.int().min(1).max(65_535)
const mtu = z.int().min(68).max(65_535)
const ttl = z.int().min(1).max(255)
const payload = z.int().min(0).max(65_507).describe('bytes of payload')

const cluster = z.strictObject({
  overlay: z.enum(['vxlan', 'host-gw']).optional(),
  proxyMode: z.enum(['iptables', 'nftables', 'ipvs']).optional(),
  podCIDR: cidrs.optional(),
  serviceCIDR: cidrs.optional(),
  nodeCIDR: cidrs.optional().describe("the nodes' own network, 192.168.56.0/24 by default"),
  mtu: mtu.optional().describe("of the nodes' network; 1500 by default"),
  podMTU: mtu.optional().describe('by default what the overlay leaves: 50 bytes less for vxlan'),
  natInterface: z
    .boolean()
    .optional()
    .describe('every node has a first interface eth0 with 10.0.2.15 on a NAT network of its own, as Vagrant boxes do'),
  flannelInterface: z.string().optional().describe('the interface that flannel takes for its tunnels (--iface)'),
  dnsDomain: z.string().optional(),
  upstream: z
    .record(z.string().min(1), z.union([address, z.array(address).min(1)]))
    .optional()
    .describe(
      'names of the world outside and their addresses, served by a DNS server on the laptop; CoreDNS forwards to it',
    ),
  addons: z.boolean().optional().describe('CoreDNS and the API server, as kubeadm adds them; true by default'),
  staleConntrack: z
    .boolean()
    .optional()
    .describe('kube-proxy leaves UDP entries of conntrack that lead to endpoints which are gone; false by default'),
  timing: timing.optional().describe('delays of API server, controllers, kubelet and kube-proxy'),
  missingImages: z.array(z.string().min(1)).optional().describe('images that no registry has: ErrImagePull'),
  epoch: z.iso.datetime().optional().describe('the date at the start; 2026-01-01T00:00:00Z by default'),
})

const operations = {
  ping: z.strictObject({
    from: endpoint,
    to: endpoint,
    count: z.int().min(1).max(1000).default(1),
    size: payload.default(56),
    ttl: ttl.optional(),
    dontFragment: z.boolean().default(false),
  }),
  traceroute: z.strictObject({
    from: endpoint,
    to: endpoint,
    proto: z.enum(['udp', 'icmp']).default('udp'),
    maxHops: ttl.default(30),
  }),
  connect: z.strictObject({ from: endpoint, to: endpoint, send: payload.default(0) }),
  curl: z.strictObject({
    from: endpoint,
    url: z.string().min(1),
    ...curlTls,
  }),
  trace: z.strictObject({
    from: endpoint,
    to: endpoint,
    proto: z.enum(['tcp', 'udp', 'icmp']).default('tcp'),
    dport: port.optional(),
    sport: port.optional().describe('the port it is sent from; any by default'),
    size: payload.default(0),
    dontFragment: z.boolean().optional().describe('by default as Linux does: set for TCP, not for ping and UDP'),
    ttl: ttl.optional(),
  }),
  resolve: z.strictObject({
    from: endpoint,
    name: z.string().min(1),
    type: z
      .enum(['A', 'AAAA', 'CNAME', 'PTR', 'SRV', 'TXT'])
      .optional()
      .describe(
        'asks the DNS server for this alone, as dig does; by default as programs do: hosts, search path, A and AAAA',
      ),
  }),
  advance: duration,
  cutLink: z.strictObject({ node: z.string().optional(), pod: z.string().optional(), device: z.string().optional() }),
  setMtu: z.strictObject({
    node: z.string().optional(),
    pod: z.string().optional(),
    device: z.string().optional(),
    mtu,
  }),
  addNode: z.strictObject({ name: z.string().min(1), address: address.optional() }),
  ...tlsOperations,
  ...lifecycleOperations,
}

const expectation = z.strictObject({
  verdict: z.enum(['delivered', 'refused', 'rejected', 'dropped', 'unanswered']).optional(),
  reason: z.string().optional().describe('why the packet was dropped, by its name in the catalogue of drops'),
  by: z.string().optional().describe('the node or pod that dropped or rejected it'),
  deliveredTo: z.string().optional().describe('NS/NAME of the pod, or the node'),
  status: z.int().optional().describe('HTTP status'),
  exit: z.int().optional().describe("curl's exit code"),
  error: z
    .string()
    .optional()
    .describe('errno name: ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ETIMEDOUT; of a name EAI_NONAME or EAI_AGAIN'),
  received: z.int().optional().describe('replies that came back'),
  addresses: z.array(address).optional().describe('what a name resolves to, in the order that programs try them'),
  answers: z.array(z.string()).optional().describe('addresses or records that a name has, in any order'),
  questions: z.int().optional().describe('how often DNS was asked'),
  via: z.array(address).optional().describe('addresses that answered, in order, without the target'),
  tls: tlsExpectation.optional(),
  reads: z.array(z.string().min(1)).optional().describe('text that a tap reads'),
  hidden: z.array(z.string().min(1)).optional().describe('text that a tap must not find'),
})

const step = z.strictObject({
  at: duration
    .optional()
    .describe('from the start; without it, when the step before is over, and the first when all pods are up'),
  name: z.string().optional(),
  ...(Object.fromEntries(Object.entries(operations).map(([key, schema]) => [key, schema.optional()])) as {
    [K in keyof typeof operations]: z.ZodOptional<(typeof operations)[K]>
  }),
  expect: expectation.optional(),
})

const finalExpectation = z.strictObject({
  ...lifeExpectation,
  by: duration.optional().describe('lets time pass until then, where it is still to come'),
})

const spec = z.strictObject({
  title: z.string().min(1),
  description: z.string().optional(),
  seed: z.int().min(0).default(1),
  cluster: cluster.default({}),
  manifests: z.array(z.string().min(1)).default([]),
  steps: z.array(step).default([]),
  expect: z.array(finalExpectation).default([]),
})

/** podwire.dev/v1alpha1 Scenario, as it is written in a file. */
export const scenarioSchema = z.object({
  apiVersion: z.literal('podwire.dev/v1alpha1'),
  kind: z.literal('Scenario'),
  metadata: z.object({ name: z.string().min(1) }),
  spec,
})

export type ScenarioSpec = z.output<typeof spec>
export type ClusterSettings = z.output<typeof cluster>
export type StepSpec = z.output<typeof step>
export type StepExpectation = z.output<typeof expectation>
export type FinalExpectation = z.output<typeof finalExpectation>
export type OperationName = keyof typeof operations
export const OPERATIONS = Object.keys(operations) as readonly OperationName[]

/** What can be expected of each operation. */
export const EXPECTABLE: Readonly<Record<OperationName, readonly (keyof StepExpectation)[]>> = {
  ping: ['received', 'error'],
  traceroute: ['via', 'error'],
  connect: ['error'],
  curl: ['status', 'exit', 'error', 'tls'],
  trace: ['verdict', 'reason', 'by', 'deliveredTo'],
  resolve: ['addresses', 'answers', 'questions', 'error'],
  advance: [],
  cutLink: [],
  setMtu: [],
  rotateCert: [],
  tamper: [],
  tap: ['reads', 'hidden'],
  addNode: [],
  ...(Object.fromEntries(LIFECYCLE_OPERATIONS.map((name) => [name, []])) as unknown as Record<
    keyof typeof lifecycleOperations,
    readonly (keyof StepExpectation)[]
  >),
}

/** For editors: docs/scenario.schema.json. */
export const scenarioJsonSchema = (): object => ({
  $id: 'https://podwire.dev/scenario.schema.json',
  title: 'podwire Scenario',
  ...z.toJSONSchema(scenarioSchema, { io: 'input' }),
})
