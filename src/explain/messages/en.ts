import { lifeStep } from './en-life-step.ts'
import { proxy } from './en-proxy.ts'
import { report } from './en-report.ts'
import { session } from './en-session.ts'
import { step } from './en-step.ts'
import { timeline } from './en-timeline.ts'
import { ui } from './en-ui.ts'

/** What a failed system call of the sender means. */
const errnos: Readonly<Record<string, string>> = {
  EMSGSIZE: 'since it is larger than the mtu and may not be fragmented',
  ENETUNREACH: 'since there is no route to the destination',
  EHOSTUNREACH: 'since the destination cannot be reached',
  EADDRNOTAVAIL: 'since no source address or port is left',
  EPERM: 'since a rule dropped it',
}

/**
 * Every sentence that a person reads, in English. A translation is another object of this shape.
 * Names of devices, chains, fields and commands are never translated.
 */
export const en = {
  ui,
  report,
  session,
  step,
  proxy,
  timeline,
  lifeStep,
  verdict: {
    delivered: 'DELIVERED',
    refused: 'REFUSED',
    rejected: 'REJECTED',
    dropped: 'DROPPED',
    unanswered: 'UNANSWERED',
  },
  reply: {
    ok: 'reply OK',
    none: 'no reply',
    rst: 'answered with RST',
    icmp: (what: string): string => `answered with ICMP ${what}`,
  },
  reason: {
    silent: 'it arrived, and no answer came back',
    replyLost: (place: string, why: string): string => `it arrived; the answer was lost at ${place}: ${why}`,
    rst: (from: string): string => `${from} answered with RST: nothing listens on that port`,
    icmp: (what: string, from: string): string => `ICMP ${what} from ${from}`,
    rejectedBy: (why: string): string => `a rule rejects it${why === '' ? '' : `, since ${why}`}`,
    lostAt: (place: string, why: string): string => `at ${place}: ${why}`,
    notSent: (errno: string): string =>
      `no packet left: the system call failed with ${errno}${errno in errnos ? `, ${errnos[errno]}` : ''}`,
  },
  heading: {
    forward: 'FORWARD',
    reply: 'REPLY',
    assumed: 'Assumed',
    unmodelled: 'Not modelled, and it could change the verdict',
    onNode: 'On a real',
    next: 'Next',
    conntrack: 'conntrack',
  },

  service: {
    choice: (service: string, device: string): string => `${service} is on ${device || 'no device'}. Ready endpoints:`,
    none: (service: string, device: string): string =>
      `${service} is on ${device || 'no device'}, and has no ready endpoint`,
    withheld: (service: string, device: string, ready: number): string =>
      `${service} is on ${device || 'no device'}, and the rules lead this packet to none of its ready endpoints (${ready})`,
    nodePort: (service: string, port: number, node: string): string =>
      `${service} is nodePort ${port} of ${node}. Endpoints that its rules may pick:`,
    closedNodePort: (service: string, port: number, node: string): string =>
      `${service} is nodePort ${port} of ${node}, whose rules lead to no endpoint`,
    picked: (seed: number): string => `<- picked (seed ${seed})`,
    untraced: (endpoints: readonly string[]): string =>
      `Never picked, since the rules remember the client: ${endpoints.join(', ')}`,
  },

  conntrack: {
    neverSaw: (node: string, destination: string): string => `${node} never saw ${destination}`,
  },

  what: {
    ttl: (before: number, after: number): string => `ttl ${before} => ${after}`,
    nat: (from: string, to: string): string => `${from} => ${to}`,
    whoHas: (address: string): string => `who has ${address}? the packet waits`,
    encap: (vni: number, overhead: number): string => `+${overhead} B, VNI ${vni}, udp 8472`,
    decap: (vni: number, remote: string): string => `VNI ${vni} from ${remote}`,
    toPort: (port: string): string => `to ${port}`,
    hairpin: (port: string): string => `back out of ${port}`,
    toHost: 'up to the host',
    flooded: (ports: string): string => `flooded to ${ports}`,
    listening: (port: number): string => `${port} listening`,
    connected: (local: string): string => `to the socket on ${local}`,
    kernel: 'the kernel takes it itself',
    rejectWith: (what: string): string => (what === '' ? '' : `with ${what}`),
    icmpError: (name: string, to: string): string => `${name}, to ${to}`,
  },

  why: {
    onLink: (destination: string, network: string, device: string): string =>
      `${destination} is in ${network}, on the link of ${device}`,
    viaGateway: (destination: string, network: string, gateway: string, device: string): string =>
      `${destination} is in ${network} via ${gateway} dev ${device}`,
    viaDefault: (destination: string, gateway: string, device: string): string =>
      `no other route has ${destination}: default via ${gateway} dev ${device}`,
    local: (destination: string): string => `${destination} is an address of this host`,
    learned: (mac: string): string => `${mac} was learned there`,
    ownMac: (mac: string): string => `${mac} is the bridge's own address`,
    unknownMac: (mac: string): string => `${mac} is at no known port`,
    broadcast: 'it is a broadcast',
    hairpin: 'hairpin is on at that port',
    dnat: (service: string): string => `for ${service}: its rules picked this endpoint`,
    masquerade: 'so that the answer comes back through this node',
    reversed: 'conntrack turns it back',
    kept: 'IPVS sends it where the connection began',
    returned: 'IPVS gives it the address that the client knows',
    scheduled: (service: string, reals: number, how: string): string =>
      reals === 1
        ? `IPVS: ${service} has one real server`
        : `IPVS picks one of ${reals} real servers of ${service} ${how}`,
    scheduler: {
      rr: 'in turn (rr)',
      wrr: 'in turn, the heavier more often (wrr)',
      lc: 'by the fewest connections (lc)',
      wlc: 'by the fewest connections for its weight (wlc)',
      sed: 'by the shortest expected delay (sed)',
      nq: 'that has no connection, or by the shortest expected delay (nq)',
      sh: "by a hash of the client's address (sh)",
      mh: "by a consistent hash of the client's address (mh)",
    },
    persistent: (service: string, seconds: number): string =>
      `${service} keeps a client at its real server for ${seconds} s (IPVS persistence)`,
    encap: (remote: string): string => `FDB: the next hop's MAC address is at ${remote}`,
  },

  note: {
    resolved: (address: string, mac: string): string => `${address} is at ${mac}`,
    answered: (place: string, address: string, mac: string): string => `${place} answers: ${address} is at ${mac}`,
    unanswered: (times: number): string => `asked ${times === 1 ? 'once' : `${times} times`}, and nobody answers`,
    neighbourFailed: (address: string): string => `nobody answered for ${address}`,
    mark: (rule: string, mark: string): string => `mark ${mark} set: ${rule}`,
    unmarked: (rule: string): string => `mark cleared: ${rule}`,
    noMark: (mark: string): string => `no ${mark} mark`,
    accepted: (hook: string, rule: string, asked: string): string =>
      `${hook} accepts: ${rule}${asked === '' ? '' : ` ${asked}`}`,
    notMasqueraded: (rule: string, asked: string): string => `${rule} keeps the source: ${asked}`,
    rule: (verdict: string, rule: string): string => `${verdict}: ${rule}`,
    conntrackNew: (pair: string): string => `conntrack: new entry ${pair}`,
    conntrackNat: (pair: string, reply: string): string => `conntrack: new entry ${pair}, answered by ${reply}`,
    conntrackState: (change: string, state: string): string => `conntrack: ${change}${state === '' ? '' : ` ${state}`}`,
    conntrackInvalid: 'conntrack: fits no entry (INVALID)',
    fragment: (count: number, mtu: number): string => `cut into ${count} fragments for mtu ${mtu}`,
    reassembled: (count: number, length: number): string => `${count} fragments put together: ${length} bytes`,
  },

  drop: {
    'not-specified': 'dropped without a reason the kernel names',
    'no-socket': 'nothing listens on that port',
    'packet-too-small': 'shorter than its headers say',
    'tcp-checksum': 'wrong TCP checksum',
    'udp-checksum': 'wrong UDP checksum',
    'ip-checksum': 'wrong IP header checksum',
    'ip-header': 'bad IP header',
    'icmp-checksum': 'wrong ICMP checksum',
    'socket-receive-buffer': "the socket's receive buffer is full",
    netfilter: 'a rule dropped it',
    'other-host': 'addressed to another host',
    'unknown-protocol': 'no handler for this IP protocol',
    'unhandled-protocol': 'no handler for this EtherType',
    'no-route-in': 'no route to the destination',
    'no-route-out': 'no route to the destination',
    'reverse-path': 'the way back to its source leads out of another device (rp_filter)',
    'martian-source': 'a source address that cannot come from there',
    'not-forwarding': 'this host does not forward (ip_forward is off)',
    'ttl-exceeded': 'the ttl ran out',
    'too-big': 'larger than the mtu, and not to be fragmented',
    'fragment-timeout': 'a fragment never came',
    'fragment-overlap': 'fragments overlap',
    'neighbour-failed': 'nobody answers for the next hop',
    'neighbour-queue-full': 'too many packets wait for one link-layer address',
    'device-down': 'the device is down',
    'bridge-ingress': 'the bridge port is not forwarding',
    'bridge-same-port': 'it would leave by the port it came in by, and hairpin is off',
    'vxlan-header': 'bad VXLAN header',
    'vxlan-vni': 'no device for this VNI',
    'vxlan-no-remote': 'no forwarding entry says which node has that MAC address',
    'tunnel-loop': 'the tunnel would carry itself',
    'ipvs-no-destination': 'the virtual server has no real server',
    'ipvs-server-gone': "the connection's real server is gone: only the next packet is new",
    'conntrack-invalid': 'conntrack finds it invalid',
    'conntrack-clash': 'another packet took the same conntrack tuple first',
    'nat-ports-exhausted': 'no free port is left for source NAT',
    'tcp-old-sequence': 'an old segment',
    'tcp-invalid-sequence': 'outside the receive window',
    'tcp-old-data': 'the data was here already',
    'tcp-over-window': 'the data lies beyond the receive window',
    'tcp-invalid-ack': 'it acknowledges what was not sent, or what is too old',
    'tcp-paws': 'its timestamp is older than one seen before (RFC 7323 PAWS)',
    'tcp-syn': 'a SYN within a connection: answered with a challenge ACK (RFC 5961)',
    'tcp-reset': 'a reset that does not fit: answered with a challenge ACK (RFC 5961)',
    'tcp-close': 'data for a socket that its program has closed',
    'tcp-flags': 'flags that make no sense in this state',
    'listen-overflow': 'the backlog of the listener is full',
    'link-fault': 'the link lost it (a fault of the scenario)',
    'link-cut': 'the link is cut',
    redirect: 'the sender has a shorter way',
  },

  icmp: {
    '3/0': 'network unreachable',
    '3/1': 'host unreachable',
    '3/2': 'protocol unreachable',
    '3/3': 'port unreachable',
    '3/4': 'fragmentation needed',
    '3/9': 'network prohibited',
    '3/10': 'host prohibited',
    '3/13': 'administratively prohibited',
    '5/0': 'redirect for the network',
    '5/1': 'redirect for the host',
    '11/0': 'ttl exceeded',
    '11/1': 'reassembly time exceeded',
    '12/0': 'parameter problem',
    '1/0 v6': 'no route',
    '1/1 v6': 'administratively prohibited',
    '1/3 v6': 'address unreachable',
    '1/4 v6': 'port unreachable',
    '2/0 v6': 'packet too big',
    '3/0 v6': 'hop limit exceeded',
    '3/1 v6': 'reassembly time exceeded',
    '4/0 v6': 'parameter problem',
  } as Readonly<Record<string, string>>,
} as const satisfies object

/** The shape every language fills. */
export type Messages = typeof en
