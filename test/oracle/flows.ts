/** One thing to send, as a shell command in a namespace and (below) as podwire says it. */
export interface Flow {
  readonly name: string
  /** Namespace that sends, less the lab's prefix. */
  readonly from: string
  readonly command: string
  /** What the command must report, so that a flow that failed to start is not taken for silence. */
  readonly status?: number
  readonly says?: RegExp
}

/** TCP and UDP echo in every pod and machine. */
export const ECHO = { tcp: 8080, udp: 5353 }
export const CLOSED = 9

const ping = (to: string, more = '-W1') => `ping -n -c1 ${more} ${to}`
const python = (script: string) => `/usr/bin/python3 -c '${script}'`
const connect = (to: string, port: number, then: string) =>
  python(`import socket; s = socket.create_connection(("${to}", ${port}), 3); ${then}`)
const PMTUDISC_DONT = 0
const PMTUDISC_DO = 2
const six = (to: string): boolean => to.includes(':')
/** Sends one datagram of `size` bytes and waits for an answer or an error. `pmtu` is IP_MTU_DISCOVER's value, else its default. */
const udp = (to: string, port: number, size: number, pmtu: typeof PMTUDISC_DONT | typeof PMTUDISC_DO | null = null) =>
  python(
    [
      `import socket; s = socket.socket(socket.${six(to) ? 'AF_INET6' : 'AF_INET'}, socket.SOCK_DGRAM)`,
      'e = s.settimeout(0.5)',
      ...(pmtu === null ? [] : [`e = s.setsockopt(0, 10, ${pmtu})`]),
      `e = s.connect(("${to}", ${port}))`,
      `e = s.send(b"x" * ${size})`,
      'print(len(s.recv(65535)))',
    ].join('; '),
  )

const SENT = 'e = s.sendall(b"hello"); print(len(s.recv(100))); s.close()'

/** Every item of the model that needs no Service. Pods: a1 10.244.1.2, b1 .3 on node-1; a2 10.244.2.2, b2 .3 on node-2. */
export const FLOWS: readonly Flow[] = [
  { name: 'same-node-icmp', from: 'default_a1', command: ping('10.244.1.3'), status: 0 },
  { name: 'same-node-udp', from: 'default_a1', command: udp('10.244.1.3', ECHO.udp, 5), says: /^5$/m },
  { name: 'same-node-tcp', from: 'default_a1', command: connect('10.244.1.3', ECHO.tcp, SENT), says: /^5$/m },
  {
    name: 'same-node-tcp-refused',
    from: 'default_a1',
    command: connect('10.244.1.3', CLOSED, 'pass'),
    says: /refused/,
  },
  { name: 'same-node-udp-refused', from: 'default_a1', command: udp('10.244.1.3', CLOSED, 5), says: /refused/ },
  { name: 'same-node-absent', from: 'default_a1', command: ping('10.244.1.77', '-W5'), says: /Unreachable/ },
  { name: 'across-icmp', from: 'default_a1', command: ping('10.244.2.2'), status: 0 },
  { name: 'across-udp', from: 'default_a1', command: udp('10.244.2.2', ECHO.udp, 5), says: /^5$/m },
  { name: 'across-tcp', from: 'default_a1', command: connect('10.244.2.2', ECHO.tcp, SENT), says: /^5$/m },
  { name: 'across-tcp-refused', from: 'default_a1', command: connect('10.244.2.2', CLOSED, 'pass'), says: /refused/ },
  { name: 'across-udp-refused', from: 'default_a1', command: udp('10.244.2.2', CLOSED, 5), says: /refused/ },
  { name: 'across-absent', from: 'default_a1', command: ping('10.244.2.77', '-W5'), says: /Unreachable/ },
  {
    name: 'traceroute',
    from: 'default_a1',
    command: 'traceroute -n -q1 -N1 -w1 10.244.2.2',
    says: / 3 +10\.244\.2\.2/,
  },
  { name: 'ttl-1', from: 'default_a1', command: ping('10.244.2.2', '-W1 -t1'), says: /Time to live exceeded/ },
  { name: 'ttl-2', from: 'default_a1', command: ping('10.244.2.2', '-W1 -t2'), says: /Time to live exceeded/ },
  { name: 'gateway', from: 'default_a1', command: ping('10.244.1.1'), status: 0 },
  { name: 'own-address', from: 'default_a1', command: ping('10.244.1.2'), status: 0 },
  { name: 'pod-to-own-node', from: 'default_a1', command: ping('192.168.56.11'), status: 0 },
  { name: 'pod-to-other-node', from: 'default_a1', command: ping('192.168.56.12'), status: 0 },
  { name: 'node-to-own-pod', from: 'node-1', command: ping('10.244.1.2'), status: 0 },
  { name: 'node-to-other-pod', from: 'node-1', command: ping('10.244.2.2'), status: 0 },
  { name: 'node-to-node', from: 'node-1', command: ping('192.168.56.12'), status: 0 },
  {
    name: 'node-to-other-pod-tcp-refused',
    from: 'node-1',
    command: connect('10.244.2.2', CLOSED, 'pass'),
    says: /refused/,
  },
  { name: 'egress-icmp', from: 'default_a1', command: ping('192.168.56.1'), status: 0 },
  { name: 'egress-udp', from: 'default_a1', command: udp('192.168.56.1', ECHO.udp, 5), says: /^5$/m },
  { name: 'egress-tcp-refused', from: 'default_a1', command: connect('192.168.56.1', CLOSED, 'pass'), says: /refused/ },
  { name: 'egress-no-route', from: 'default_a1', command: ping('203.0.113.9'), says: /Net Unreachable/ },
  { name: 'external-to-pod', from: 'laptop', command: ping('10.244.1.2'), status: 0 },
  {
    name: 'external-to-pod-tcp-refused',
    from: 'laptop',
    command: connect('10.244.1.2', CLOSED, 'pass'),
    says: /refused/,
  },
  { name: 'unknown-pod-cidr', from: 'default_a1', command: ping('10.244.99.9'), says: /Unreachable|100% packet loss/ },
  {
    name: 'df-local-too-big',
    from: 'default_a1',
    command: udp('10.244.2.2', ECHO.udp, 1600, PMTUDISC_DO),
    says: /Message too long/,
  },
  { name: 'udp-3000-same-node', from: 'default_a1', command: udp('10.244.1.3', ECHO.udp, 3000), says: /^3000$/m },
  { name: 'udp-3000-across', from: 'default_a1', command: udp('10.244.2.2', ECHO.udp, 3000), says: /^3000$/m },
  { name: 'udp-3000-egress', from: 'default_a1', command: udp('192.168.56.1', ECHO.udp, 3000), says: /^3000$/m },
  { name: 'udp-3000-gateway', from: 'default_a1', command: udp('10.244.1.1', ECHO.udp, 3000), says: /^3000$/m },
]

/** Pods at 1500 over vxlan's 1450: the black hole, and what reports it. */
export const MTU_FLOWS: readonly Flow[] = [
  {
    name: 'mtu-df-too-big',
    from: 'default_a1',
    command: udp('10.244.2.2', ECHO.udp, 1472, PMTUDISC_DO),
    says: /Message too long/,
  },
  { name: 'mtu-ping-df', from: 'default_a1', command: ping('10.244.2.2', '-W1 -Mdo -s1472'), says: /mtu = 1450/ },
  {
    name: 'mtu-no-df',
    from: 'default_a1',
    command: udp('10.244.2.2', ECHO.udp, 1472, PMTUDISC_DONT),
    says: /timed out/,
  },
  { name: 'mtu-udp-3000', from: 'default_a1', command: udp('10.244.2.2', ECHO.udp, 3000), says: /^3000$/m },
  { name: 'mtu-tcp', from: 'default_a1', command: connect('10.244.2.2', ECHO.tcp, SENT), says: /^5$/m },
]

export const SIX_FLOWS: readonly Flow[] = [
  { name: 'six-same-node', from: 'default_a1', command: ping('fd00:244:0:1::3'), status: 0 },
  { name: 'six-across', from: 'default_a1', command: ping('fd00:244:0:2::2'), status: 0 },
  { name: 'six-across-tcp', from: 'default_a1', command: connect('fd00:244:0:2::2', ECHO.tcp, SENT), says: /^5$/m },
  { name: 'six-across-udp-refused', from: 'default_a1', command: udp('fd00:244:0:2::2', CLOSED, 5), says: /refused/ },
  { name: 'six-ttl-1', from: 'default_a1', command: ping('fd00:244:0:2::2', '-W1 -t1'), says: /Hop limit/ },
  { name: 'six-gateway', from: 'default_a1', command: ping('fd00:244:0:1::1'), status: 0 },
  { name: 'six-egress', from: 'default_a1', command: ping('fd00:56::1'), status: 0 },
  { name: 'six-absent', from: 'default_a1', command: ping('fd00:244:0:1::77', '-W5'), says: /unreachable/i },
  { name: 'six-udp-3000', from: 'default_a1', command: udp('fd00:244:0:2::2', ECHO.udp, 3000), says: /^3000$/m },
]
