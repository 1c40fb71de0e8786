import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from './observed.ts'

/**
 * What the model is built on, read off the recordings of a real kernel: each fact, the recording that shows it, and what it
 * must hold. `kernel.test.ts` holds the recordings against the kernel at hand.
 */
type Holds = (r: Observed) => unknown

class Observed {
  private readonly recording: ReturnType<typeof parse>
  constructor(name: string) {
    this.recording = parse(readFileSync(new URL(`observed/${name}.txt`, import.meta.url), 'utf8'))
  }

  /** Frames at a tap, `out node-1:eth0`, that match. */
  at(tap: string, match: RegExp): string[] {
    return this.recording.seen
      .filter((s) => `${s.direction} ${s.netns}:${s.device}` === tap && match.test(s.text))
      .map((s) => s.text)
  }

  /** The taps that saw a frame, in order. */
  taps(match: RegExp): string[] {
    return this.recording.seen.filter((s) => match.test(s.text)).map((s) => `${s.direction} ${s.netns}:${s.device}`)
  }

  tracked(netns: string): string[] {
    return this.recording.tracked.filter((t) => t.netns === netns && !t.text.includes('8472')).map((t) => t.text)
  }

  get all(): string[] {
    return this.recording.seen.map((s) => s.text)
  }
}

const ttl = (frames: readonly string[]): number[] => frames.map((f) => Number(/ ttl (\d+)/.exec(f)![1]))
const FACTS: readonly (readonly [string, string, Holds])[] = [
  [
    'bridged pod -> pod keeps TTL 64 and its MACs',
    'vxlan/same-node-icmp',
    (r) => expect(r.at('in default_b1:eth0', /^default_a1:eth0 > default_b1:eth0 .* ttl 64 .*request/)).toHaveLength(1),
  ],
  [
    'bridged traffic is never seen on cni0',
    'vxlan/same-node-icmp',
    (r) => expect(r.taps(/icmp/).filter((t) => t.includes('cni0'))).toEqual([]),
  ],
  [
    'bridged traffic is tracked',
    'vxlan/same-node-icmp',
    (r) =>
      expect(r.tracked('node-1')[0]).toMatch(/^icmp 10.244.1.2 > 10.244.1.3 type 8 id#1, reply .* type 0 id#1, 30 s$/),
  ],
  [
    'with hairpin on, a pod receives its own ARP broadcast',
    'vxlan/same-node-icmp',
    (r) => expect(r.at('in default_a1:eth0', /arp who-has 10.244.1.3 tell 10.244.1.2/)).toHaveLength(1),
  ],
  [
    'the newest bridge port is flooded first, and cni0 last',
    'vxlan/same-node-icmp',
    (r) =>
      expect(r.taps(/arp who-has/).filter((t) => t.includes('node-1'))).toEqual([
        'in node-1:vetha1',
        'out node-1:vethb1',
        'out node-1:vetha1',
        'in node-1:cni0',
      ]),
  ],
  [
    'across nodes: TTL 64 in the pod, 63 underway, 62 at the receiver',
    'host-gw/across-icmp',
    (r) =>
      expect([
        ...ttl(r.at('out default_a1:eth0', /request/)),
        ...ttl(r.at('out node-1:eth0', /request/)),
        ...ttl(r.at('in default_a2:eth0', /request/)),
      ]).toEqual([64, 63, 62]),
  ],
  [
    'VXLAN outer: TTL 64, no DF, TOS 0, +50 bytes, VNI 1, a checksum',
    'vxlan/across-icmp',
    (r) =>
      expect(r.at('out node-1:eth0', /vxlan/)).toEqual([
        'node-1:eth0 > node-2:eth0 192.168.56.11 > 192.168.56.12 ttl 64 len 134 | udp vxlan vni 1 { node-1:flannel.1 > ' +
          'node-2:flannel.1 10.244.1.2 > 10.244.2.2 ttl 63 len 84 DF | icmp echo request id#1 seq 1 }',
      ]),
  ],
  ['no ARP on flannel.1', 'vxlan/across-icmp', (r) => expect(r.at('out node-1:flannel.1', /arp/)).toEqual([])],
  [
    'node -> remote pod takes flannel.1 as its source under vxlan',
    'vxlan/node-to-other-pod',
    (r) => expect(r.at('in default_a2:eth0', /10.244.1.0 > 10.244.2.2 .*request/)).toHaveLength(1),
  ],
  [
    'node -> remote pod takes the underlay address under host-gw',
    'host-gw/node-to-other-pod',
    (r) => expect(r.at('in default_a2:eth0', /192.168.56.11 > 10.244.2.2 .*request/)).toHaveLength(1),
  ],
  [
    'TTL exceeded quotes TTL 1, TOS 0xc0, from the gateway',
    'vxlan/ttl-1',
    (r) =>
      expect(r.at('in default_a1:eth0', /icmp 11\/0/)[0]).toMatch(
        /10.244.1.1 > 10.244.1.2 ttl 64 len 112 tos 0xc0 \| icmp 11\/0 \[10.244.1.2 > 10.244.2.2 ttl 1 /,
      ),
  ],
  [
    'the second hop of a traceroute is flannel.1 of the other node under vxlan',
    'vxlan/traceroute',
    (r) => expect(r.at('in default_a1:eth0', /icmp 11\/0/)[1]).toContain('10.244.2.0 > 10.244.1.2'),
  ],
  [
    'the second hop of a traceroute is the other node under host-gw',
    'host-gw/traceroute',
    (r) => expect(r.at('in default_a1:eth0', /icmp 11\/0/)[1]).toContain('192.168.56.12 > 10.244.1.2'),
  ],
  [
    'a pod at its MTU sending more with DF: no packet leaves (EMSGSIZE)',
    'vxlan/df-local-too-big',
    (r) => expect(r.all).toEqual([]),
  ],
  [
    'a pod at 1500 over vxlan gets 3/4 with mtu 1450 from its gateway, 576 bytes, quoted TTL 64',
    'vxlan/mtu-df-too-big',
    (r) =>
      expect(r.at('in default_a1:eth0', /icmp 3\/4/)[0]).toMatch(
        /10.244.1.1 > 10.244.1.2 ttl 64 len 576 tos 0xc0 \| icmp 3\/4 mtu 1450 \[.* ttl 64 len 1500 DF quoted 548/,
      ),
  ],
  [
    'TCP MSS is 1410 under vxlan',
    'vxlan/across-tcp',
    (r) => expect(r.at('out default_a1:eth0', /SYN/)[0]).toMatch(/mss 1410/),
  ],
  [
    'TCP MSS is 1460 under host-gw',
    'host-gw/across-tcp',
    (r) => expect(r.at('out default_a1:eth0', /SYN/)[0]).toMatch(/mss 1460/),
  ],
  [
    'fragments are one packet of 3028 bytes on cni0, and leave in their own sizes',
    'vxlan/udp-3000-across',
    (r) => {
      expect(r.at('in node-1:cni0', /udp/)).toHaveLength(1)
      expect(r.at('in node-1:cni0', /udp/)[0]).toContain('len 3028')
      const sizes = (tap: string) => r.at(tap, /10.244.1.2 > 10.244.2.2/).map((f) => / len (\d+)/.exec(f)![1])
      expect(sizes('out node-1:flannel.1')).toEqual(sizes('out default_a1:eth0'))
    },
  ],
  [
    'an absent neighbour on the own subnet: three requests, then 3/1 from the pod itself',
    'vxlan/same-node-absent',
    (r) => {
      expect(r.at('out default_a1:eth0', /arp who-has 10.244.1.77/)).toHaveLength(3)
      expect(r.at('in default_a1:lo', /10.244.1.2 > 10.244.1.2 .* icmp 3\/1/)).toHaveLength(1)
    },
  ],
  [
    'an absent neighbour across nodes: 3/1 from 10.244.2.0 under vxlan, quoting TTL 62',
    'vxlan/across-absent',
    (r) => expect(r.at('in default_a1:eth0', /10.244.2.0 > 10.244.1.2 .* icmp 3\/1 \[.* ttl 62 /)).toHaveLength(1),
  ],
  [
    'an absent neighbour across nodes: 3/1 from the node under host-gw, quoting TTL 62',
    'host-gw/across-absent',
    (r) => expect(r.at('in default_a1:eth0', /192.168.56.12 > 10.244.1.2 .* icmp 3\/1 \[.* ttl 62 /)).toHaveLength(1),
  ],
  [
    'an unanswered SYN is SYN_SENT [UNREPLIED]',
    'vxlan/syn-unanswered',
    (r) => expect(r.tracked('node-1')[0]).toMatch(/^tcp .* 120 s SYN_SENT \[UNREPLIED\]$/),
  ],
  [
    'a closed connection is TIME_WAIT for 120 s [ASSURED]',
    'vxlan/across-tcp',
    (r) => expect(r.tracked('node-1')[0]).toMatch(/120 s TIME_WAIT \[ASSURED\]$/),
  ],
  [
    'a refused connection leaves no entry: its only answer was a RST',
    'vxlan/across-tcp-refused',
    (r) => expect([...r.tracked('node-1'), ...r.tracked('node-2')]).toEqual([]),
  ],
  [
    'the node that masquerades holds the translation, the other side sees its address only',
    'vxlan/pod-to-other-node',
    (r) => {
      expect(r.tracked('node-1')).toEqual([
        'icmp 10.244.1.2 > 192.168.56.12 type 8 id#1, reply 192.168.56.12 > 192.168.56.11 type 0 id#2, 30 s',
      ])
      expect(r.tracked('node-2')[0]).toMatch(/^icmp 192.168.56.11 > 192.168.56.12 type 8 id#2/)
    },
  ],
]

/** What kube-proxy's rules make of packets; session affinity is in affinity.test.ts, since chance is in it. */
const SERVICE_FACTS: readonly (readonly [string, string, Holds])[] = [
  [
    'a ClusterIP to a pod on the same node is bridged: TTL 64, the MACs of client and endpoint, the reply un-DNATed',
    'vxlan/service-near-udp',
    (r) => {
      expect(
        r.at('in default_b1:eth0', /^default_a1:eth0 > default_b1:eth0 10.244.1.2 > 10.244.1.3 ttl 64 .* udp/),
      ).toHaveLength(1)
      expect(
        r.at('in default_a1:eth0', /^default_b1:eth0 > default_a1:eth0 10.96.0.81 > 10.244.1.2 ttl 64 .* udp/),
      ).toHaveLength(1)
    },
  ],
  [
    "a pod that reaches itself: source and destination MAC are its own, the source address is cni0's, TTL 64",
    'vxlan/service-hairpin-udp',
    (r) =>
      expect(
        r.at('in default_a1:eth0', /^default_a1:eth0 > default_a1:eth0 10.244.1.1 > 10.244.1.2 ttl 64 .* > 7 /),
      ).toHaveLength(1),
  ],
  [
    'DNAT is done at the veth: cni0 shows the endpoint, never the ClusterIP',
    'vxlan/service-far-udp',
    (r) => {
      expect(r.at('in node-1:cni0', /10.244.1.2 > 10.244.2.2 .*udp/)).toHaveLength(1)
      expect(r.at('in node-1:cni0', /10.96.0.82/)).toEqual([])
    },
  ],
  [
    'a NodePort to a remote endpoint is masqueraded to flannel.1 under vxlan',
    'vxlan/nodeport-other-node',
    (r) => expect(r.at('in default_a2:eth0', /10.244.1.0 > 10.244.2.2 .*SYN/)).toHaveLength(1),
  ],
  [
    'a NodePort to a remote endpoint is masqueraded to the underlay address under host-gw',
    'host-gw/nodeport-other-node',
    (r) => expect(r.at('in default_a2:eth0', /192.168.56.11 > 10.244.2.2 .*SYN/)).toHaveLength(1),
  ],
  [
    'a NodePort to a local endpoint is masqueraded to cni0',
    'vxlan/nodeport-own-node',
    (r) => expect(r.at('in default_a2:eth0', /10.244.2.1 > 10.244.2.2 .*SYN/)).toHaveLength(1),
  ],
  [
    "a node's own socket keeps the node's address, whatever the endpoint sees",
    'host-gw/service-near-from-node',
    (r) =>
      expect(r.tracked('node-1')[0]).toMatch(
        /^tcp 192.168.56.11:\S+ > 10.96.0.81:\S+ reply 10.244.1.3:8080 > 10.244.1.1:/,
      ),
  ],
  ...(['tcp', 'udp'] as const).map((protocol): (typeof FACTS)[number] => [
    `no endpoints: ICMP 3/3 from the gateway, TTL 64, TOS 0xc0, no DF, quoting TTL 63; nothing is tracked (${protocol})`,
    `vxlan/service-none-${protocol}`,
    (r) => {
      const errors = r.at('in default_a1:eth0', /icmp 3\/3/)
      expect(errors).toHaveLength(1)
      expect(errors[0]).toMatch(
        /10.244.1.1 > 10.244.1.2 ttl 64 len \d+ tos 0xc0 \| icmp 3\/3 \[10.244.1.2 > 10.96.0.84 ttl 63 /,
      )
      if (protocol === 'tcp') expect(errors[0]).toContain(' len 88 tos ')
      expect(r.tracked('node-1')).toEqual([])
    },
  ]),
  [
    'no endpoints, from the node itself: the error comes by lo, quoting TTL 64',
    'host-gw/service-none-from-node',
    (r) => expect(r.at('in node-1:lo', /icmp 3\/3 \[192.168.56.11 > 10.96.0.84 ttl 64 /)).toHaveLength(1),
  ],
  ...(['vxlan', 'host-gw', 'vxlan-nftables', 'host-gw-nftables'] as const).map((folder): (typeof FACTS)[number] => [
    'on the way to a ClusterIP every hop answers with the ClusterIP',
    `${folder}/service-traceroute`,
    (r) => {
      const hops = r.at('in default_a1:eth0', /icmp 11\/0/)
      expect(hops).toHaveLength(2)
      for (const hop of hops) expect(hop).toMatch(/10.96.0.82 > 10.244.1.2 .* \[10.244.1.2 > 10.96.0.82 ttl 1 /)
    },
  ]),
  ...(['service-ping', 'service-other-port'] as const).map((flow): (typeof FACTS)[number] => [
    'iptables mode leaves ICMP and unknown ports of a ClusterIP alone: out by the default route',
    `host-gw/${flow}`,
    (r) => expect(r.at('in laptop:eth0', / > 10.96.0.82 /)).not.toEqual([]),
  ]),
  ...(['service-ping', 'service-other-port'] as const).map((flow): (typeof FACTS)[number] => [
    'nftables mode rejects ICMP and unknown ports of a used ClusterIP',
    `host-gw-nftables/${flow}`,
    (r) =>
      expect(
        r.at('in default_a1:eth0', /10.244.1.1 > 10.244.1.2 .* icmp 3\/3 \[10.244.1.2 > 10.96.0.82 ttl 63 /),
      ).toHaveLength(1),
  ]),
  [
    'the node that did DNAT holds the translation, the other sees translated addresses only',
    'vxlan/service-far-tcp',
    (r) => {
      expect(r.tracked('node-1')[0]).toMatch(/^tcp 10.244.1.2:\S+ > 10.96.0.82:\S+ reply 10.244.2.2:8080 > 10.244.1.2:/)
      expect(r.tracked('node-2')[0]).toMatch(
        /^tcp 10.244.1.2:\S+ > 10.244.2.2:8080, reply 10.244.2.2:8080 > 10.244.1.2:/,
      )
    },
  ],
  [
    'externalTrafficPolicy Local without a local endpoint: silence, so that the SYN is sent again',
    'vxlan/nodeport-local-other-node',
    (r) => {
      expect(r.at('in node-1:eth0', /SYN seq 0/)).toHaveLength(3)
      expect(r.at('out node-1:eth0', /tcp|icmp/)).toEqual([])
    },
  ],
  [
    'externalTrafficPolicy Local with one: the client keeps its address',
    'vxlan/nodeport-local-own-node',
    (r) => expect(r.at('in default_a2:eth0', /192.168.56.1 > 10.244.2.2 .*SYN seq/)).toHaveLength(1),
  ],
]

describe('facts, as a real kernel showed them', () => {
  it.each([...FACTS, ...SERVICE_FACTS])('%s (%s)', (_, name, holds) => {
    holds(new Observed(name))
  })
})
