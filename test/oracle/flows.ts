import { command, type Probe } from './probe.ts'

/** One thing to send, from where, and what the sender must be told (so that a flow that never started is not silence). */
export interface Flow {
  readonly name: string
  /** Namespace that sends, less the lab's prefix. */
  readonly from: string
  readonly probe: Probe
  readonly status?: number
  readonly says?: RegExp
  /** A namespace that loses packets to an address, without a word. */
  readonly blackhole?: { readonly netns: string; readonly address: string }
}

/** TCP and UDP echo in every pod and machine. */
export const ECHO = { tcp: 8080, udp: 7 }
export const CLOSED = 9

const A1 = 'default_a1'
const OK = { status: 0 }
const ping = (to: string, more: { size?: number; ttl?: number; df?: boolean; wait?: number } = {}): Probe => ({
  kind: 'ping',
  to,
  ...more,
})
const udp = (to: string, size: number, pmtu?: 'dont' | 'do'): Probe => ({
  kind: 'udp',
  to,
  port: ECHO.udp,
  size,
  ...(pmtu && { pmtu }),
})
const echo = (to: string): Probe => ({ kind: 'tcp', to, port: ECHO.tcp, exchange: true })
const refusedTcp = (to: string): Probe => ({ kind: 'tcp', to, port: CLOSED, exchange: false })
const refusedUdp = (to: string): Probe => ({ kind: 'udp', to, port: CLOSED, size: 5 })

/** Every item of the model that needs no Service. Pods: a1 10.244.1.2, b1 .3 on node-1; a2 10.244.2.2, b2 .3 on node-2. */
export const FLOWS: readonly Flow[] = [
  { name: 'same-node-icmp', from: A1, probe: ping('10.244.1.3'), ...OK },
  { name: 'same-node-udp', from: A1, probe: udp('10.244.1.3', 5), says: /^5$/m },
  { name: 'same-node-tcp', from: A1, probe: echo('10.244.1.3'), says: /^5$/m },
  { name: 'same-node-tcp-refused', from: A1, probe: refusedTcp('10.244.1.3'), says: /refused/ },
  { name: 'same-node-udp-refused', from: A1, probe: refusedUdp('10.244.1.3'), says: /refused/ },
  { name: 'same-node-absent', from: A1, probe: ping('10.244.1.77', { wait: 5 }), says: /Host Unreachable/ },
  { name: 'across-icmp', from: A1, probe: ping('10.244.2.2'), ...OK },
  { name: 'across-udp', from: A1, probe: udp('10.244.2.2', 5), says: /^5$/m },
  { name: 'across-tcp', from: A1, probe: echo('10.244.2.2'), says: /^5$/m },
  { name: 'across-tcp-refused', from: A1, probe: refusedTcp('10.244.2.2'), says: /refused/ },
  { name: 'across-udp-refused', from: A1, probe: refusedUdp('10.244.2.2'), says: /refused/ },
  { name: 'across-absent', from: A1, probe: ping('10.244.2.77', { wait: 5 }), says: /Host Unreachable/ },
  { name: 'traceroute', from: A1, probe: { kind: 'traceroute', to: '10.244.2.2' }, says: / 3 +10\.244\.2\.2/ },
  { name: 'ttl-1', from: A1, probe: ping('10.244.2.2', { ttl: 1 }), says: /Time to live exceeded/ },
  { name: 'ttl-2', from: A1, probe: ping('10.244.2.2', { ttl: 2 }), says: /Time to live exceeded/ },
  { name: 'gateway', from: A1, probe: ping('10.244.1.1'), ...OK },
  { name: 'other-gateway', from: A1, probe: ping('10.244.2.1'), ...OK },
  { name: 'own-address', from: A1, probe: ping('10.244.1.2'), ...OK },
  { name: 'pod-to-own-node', from: A1, probe: ping('192.168.56.11'), ...OK },
  { name: 'pod-to-other-node', from: A1, probe: ping('192.168.56.12'), ...OK },
  { name: 'node-to-own-pod', from: 'node-1', probe: ping('10.244.1.2'), ...OK },
  { name: 'node-to-other-pod', from: 'node-1', probe: ping('10.244.2.2'), ...OK },
  { name: 'node-to-node', from: 'node-1', probe: ping('192.168.56.12'), ...OK },
  { name: 'node-to-other-pod-tcp-refused', from: 'node-1', probe: refusedTcp('10.244.2.2'), says: /refused/ },
  { name: 'egress-icmp', from: A1, probe: ping('192.168.56.1'), ...OK },
  { name: 'egress-udp', from: A1, probe: udp('192.168.56.1', 5), says: /^5$/m },
  { name: 'egress-tcp-refused', from: A1, probe: refusedTcp('192.168.56.1'), says: /refused/ },
  { name: 'egress-no-route', from: A1, probe: ping('203.0.113.9'), says: /Net Unreachable/ },
  {
    name: 'syn-unanswered',
    from: A1,
    probe: { kind: 'tcp', to: '203.0.113.9', port: CLOSED, exchange: false, wait: 2.5 },
    says: /timed out/,
    blackhole: { netns: 'laptop', address: '203.0.113.9' },
  },
  { name: 'external-to-pod', from: 'laptop', probe: ping('10.244.1.2'), ...OK },
  { name: 'external-to-pod-tcp-refused', from: 'laptop', probe: refusedTcp('10.244.1.2'), says: /refused/ },
  { name: 'unknown-pod-cidr', from: A1, probe: ping('10.244.99.9'), says: /Net Unreachable/ },
  { name: 'df-local-too-big', from: A1, probe: udp('10.244.2.2', 1600, 'do'), says: /Message too long/ },
  { name: 'udp-3000-same-node', from: A1, probe: udp('10.244.1.3', 3000), says: /^3000$/m },
  { name: 'udp-3000-across', from: A1, probe: udp('10.244.2.2', 3000), says: /^3000$/m },
  { name: 'udp-3000-egress', from: A1, probe: udp('192.168.56.1', 3000), says: /^3000$/m },
  { name: 'udp-3000-gateway', from: A1, probe: udp('10.244.1.1', 3000), says: /^3000$/m },
  { name: 'ping-3000-across', from: A1, probe: ping('10.244.2.2', { size: 3000 }), ...OK },
]

/** Pods at 1500 over vxlan's 1450: the black hole, and what reports it. */
export const MTU_FLOWS: readonly Flow[] = [
  { name: 'mtu-df-too-big', from: A1, probe: udp('10.244.2.2', 1472, 'do'), says: /Message too long/ },
  { name: 'mtu-ping-df', from: A1, probe: ping('10.244.2.2', { df: true, size: 1472 }), says: /mtu = 1450/ },
  { name: 'mtu-no-df', from: A1, probe: udp('10.244.2.2', 1472, 'dont'), says: /timed out/ },
  { name: 'mtu-udp-3000', from: A1, probe: udp('10.244.2.2', 3000), says: /^3000$/m },
  { name: 'mtu-tcp', from: A1, probe: echo('10.244.2.2'), says: /^5$/m },
]

/** Pods at 1450 where the way out has room for 1500. */
export const NARROW_FLOWS: readonly Flow[] = [
  { name: 'narrow-udp-3000', from: A1, probe: udp('10.244.2.2', 3000), says: /^3000$/m },
  { name: 'narrow-egress-udp-3000', from: A1, probe: udp('192.168.56.1', 3000), says: /^3000$/m },
  { name: 'narrow-tcp', from: A1, probe: echo('10.244.2.2'), says: /^5$/m },
]

export const SIX_FLOWS: readonly Flow[] = [
  { name: 'six-same-node', from: A1, probe: ping('fd00:244:0:1::3'), ...OK },
  { name: 'six-across', from: A1, probe: ping('fd00:244:0:2::2'), ...OK },
  { name: 'six-across-tcp', from: A1, probe: echo('fd00:244:0:2::2'), says: /^5$/m },
  { name: 'six-across-udp-refused', from: A1, probe: refusedUdp('fd00:244:0:2::2'), says: /refused/ },
  { name: 'six-ttl-1', from: A1, probe: ping('fd00:244:0:2::2', { ttl: 1 }), says: /Hop limit/ },
  { name: 'six-gateway', from: A1, probe: ping('fd00:244:0:1::1'), ...OK },
  { name: 'six-egress', from: A1, probe: ping('fd00:56::1'), ...OK },
  { name: 'six-other-gateway', from: A1, probe: ping('fd00:244:0:2::1'), ...OK },
  { name: 'six-absent', from: A1, probe: ping('fd00:244:0:1::77', { wait: 5 }), says: /unreachable/i },
  { name: 'six-udp-3000', from: A1, probe: udp('fd00:244:0:2::2', 3000), says: /^3000$/m },
]

export const commandOf = (flow: Flow): string => command(flow.probe)
