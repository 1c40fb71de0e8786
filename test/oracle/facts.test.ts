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

describe('facts, as a real kernel showed them', () => {
  it.each(FACTS)('%s (%s)', (_, name, holds) => {
    holds(new Observed(name))
  })
})
