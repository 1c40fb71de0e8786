/** What the steps of a scenario do, in English: the headings of its report. */
export const step = {
  trace: (what: string, from: string, to: string): string => `${what} from ${from} to ${to}`,
  packet: { tcp: 'a SYN', udp: 'a datagram', icmp: 'an echo request' },
  bytes: (count: number): string => `${count} bytes`,
  ttl: (hops: number): string => `ttl ${hops}`,
  dontFragment: (set: boolean): string => (set ? "don't fragment" : 'may be fragmented'),
  ping: (from: string, to: string, count: number): string =>
    `${from} pings ${to}${count === 1 ? '' : ` ${count} times`}`,
  traceroute: (from: string, to: string, proto: string): string => `${from} traces the route to ${to} (${proto})`,
  connect: (from: string, to: string): string => `${from} connects to ${to}`,
  sends: (bytes: number): string => `sends ${bytes} bytes`,
  curl: (from: string, url: string): string => `${from} asks for ${url}`,
  insecure: 'any certificate will do',
  tlsMax: (version: string): string => `TLS ${version} at the most`,
  resolve: (from: string, name: string, type: string | undefined): string =>
    type === undefined ? `${from} looks up ${name}` : `${from} asks DNS for ${type} of ${name}`,
  fromPort: (port: number): string => `from port ${port}`,
  /** What else of TLS is not as usual. */
  curlTls: (step: {
    readonly tlsMin?: string
    readonly roots?: string
    readonly cert?: string
    readonly groups?: string | readonly string[]
    readonly keyShares?: readonly string[]
    readonly suites?: readonly string[]
    readonly alpn?: readonly string[]
    readonly sessions?: string
    readonly earlyData?: boolean
    readonly maxTime?: string
  }): string[] =>
    [
      step.tlsMin === undefined ? '' : `TLS ${step.tlsMin} at the least`,
      step.roots === undefined ? '' : `trusts ${step.roots}`,
      step.cert === undefined
        ? ''
        : step.cert === 'cluster-ca'
          ? 'shows a certificate of the cluster CA'
          : `shows the certificate of ${step.cert}`,
      step.groups === undefined ? '' : `groups ${[step.groups].flat().join(', ')}`,
      step.keyShares === undefined ? '' : `a share for ${step.keyShares.join(', ')} only`,
      step.suites === undefined ? '' : step.suites.join(', '),
      step.alpn === undefined ? '' : step.alpn.length === 0 ? 'no ALPN' : `ALPN ${step.alpn.join(', ')}`,
      step.sessions === undefined ? '' : `keeps sessions as ${step.sessions}`,
      step.earlyData === true ? 'sends early data' : '',
      step.maxTime === undefined ? '' : `waits ${step.maxTime}`,
    ].filter((part) => part !== ''),
  tap: (at: string, key: string | undefined): string =>
    `what a tap at ${at} reads${key === undefined ? '' : `, and whoever has the key of ${key} later`}`,
  tamper: (device: string, byte: number): string => `somebody at ${device} will change byte ${byte} of the next answer`,
  rotateCert: (step: {
    readonly secret: string
    readonly names?: readonly string[]
    readonly validFor?: string
    readonly fault?: string
  }): string =>
    [
      `Secret ${step.secret} gets a new certificate`,
      step.names === undefined ? '' : `for ${step.names.join(', ')}`,
      step.validFor === undefined ? '' : `valid for ${step.validFor}`,
      step.fault ?? '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  advance: (time: string): string => `${time} pass`,
  cutLink: (device: string): string => `the cable of ${device} is pulled out`,
  setMtu: (device: string, mtu: number): string => `the mtu of ${device} becomes ${mtu}`,
  addNode: (name: string): string => `node ${name} joins`,
  traffic: (from: string, url: string, every: string, time: string): string =>
    `${from} asks for ${url} every ${every}, for ${time}`,
  pods: (name: string | undefined, selector: string | undefined, count: number | undefined): string =>
    name ??
    `${count === undefined ? 'every pod' : count === 1 ? 'one pod' : `${count} pods`} of ${selector ?? 'the namespace'}`,
  deletePod: (pods: string): string => `${pods} is deleted`,
  grace: (seconds: number): string => `${seconds} s of grace`,
  killContainer: (pods: string, code: number): string => `the container of ${pods} dies with exit code ${code}`,
  failProbe: (pods: string, probe: string): string => `the ${probe} probe of ${pods} begins to fail`,
  fixProbe: (pods: string, probe: string): string => `the ${probe} probe of ${pods} succeeds again`,
  scale: (name: string, replicas: number): string => `${name} is scaled to ${replicas}`,
  setImage: (name: string, image: string): string => `${name} gets the image ${image}`,
  drain: (name: string): string => `node ${name} is drained`,
  cordon: (name: string): string => `node ${name} is cordoned`,
  uncordon: (name: string): string => `node ${name} is uncordoned`,
  removeNode: (name: string): string => `node ${name} is removed`,
  partitionNode: (name: string): string => `node ${name} is cut off`,
  healNode: (name: string): string => `node ${name} is back on the network`,
  rebootNode: (name: string, time: string): string => `node ${name} reboots, which takes ${time}`,
  other: (name: string, details: readonly string[]): string => [name, ...details].join(' '),
} as const satisfies object
