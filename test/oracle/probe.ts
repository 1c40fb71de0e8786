/** What a flow sends, in words that both a shell and podwire can follow. */
export type Probe =
  /** One echo request. `size` is the ICMP payload (56 when absent); `df` as ping -M do. Waits up to `wait` seconds. */
  | {
      readonly kind: 'ping'
      readonly to: string
      readonly size?: number
      readonly ttl?: number
      readonly df?: boolean
      readonly wait?: number
    }
  /** One datagram of `size` bytes from a connected socket, then an answer or an error within half a second. */
  | {
      readonly kind: 'udp'
      readonly to: string
      readonly port: number
      readonly size: number
      readonly ttl?: number
      /** IP_MTU_DISCOVER: the default is `want` (DF set, unless the datagram is too large). */
      readonly pmtu?: 'want' | 'dont' | 'do'
    }
  /** A TCP connection. `exchange`: five bytes there and back, then close by the client; else it is closed at once. */
  | {
      readonly kind: 'tcp'
      readonly to: string
      readonly port: number
      readonly exchange: boolean
      /** Seconds to wait for the connection. */
      readonly wait?: number
    }
  /** UDP probes to ports from 33434 on, or all to one, one for each hop and one at a time. */
  | { readonly kind: 'traceroute'; readonly to: string; readonly port?: number }

export const PAYLOAD = 'hello'

/** The shell command that does it. */
export function command(probe: Probe): string {
  switch (probe.kind) {
    case 'ping': {
      const options = [
        `-W${probe.wait ?? 1}`,
        ...(probe.size === undefined ? [] : [`-s${probe.size}`]),
        ...(probe.ttl === undefined ? [] : [`-t${probe.ttl}`]),
        ...(probe.df ? ['-Mdo'] : []),
      ]
      return `ping -n -c1 ${options.join(' ')} ${probe.to}`
    }
    case 'udp':
      return python([
        `import socket; s = socket.socket(socket.${probe.to.includes(':') ? 'AF_INET6' : 'AF_INET'}, socket.SOCK_DGRAM)`,
        'e = s.settimeout(0.5)',
        ...(probe.pmtu === undefined ? [] : [`e = s.setsockopt(${pmtuOption(probe.to)}, ${PMTU[probe.pmtu]})`]),
        ...(probe.ttl === undefined ? [] : [`e = s.setsockopt(0, 2, ${probe.ttl})`]),
        `e = s.connect(("${probe.to}", ${probe.port}))`,
        `e = s.send(b"x" * ${probe.size})`,
        'print(len(s.recv(65535)))',
      ])
    case 'tcp':
      return python([
        `import socket; s = socket.create_connection(("${probe.to}", ${probe.port}), ${probe.wait ?? 3})`,
        ...(probe.exchange ? [`e = s.sendall(b"${PAYLOAD}")`, 'print(len(s.recv(100)))'] : []),
        's.close()',
      ])
    case 'traceroute':
      return `traceroute -n -q1 -N1 -w1${probe.port === undefined ? '' : ` -U -p${probe.port}`} ${probe.to}`
  }
}

/** IP_PMTUDISC_* of linux/in.h. */
const PMTU = { dont: 0, want: 1, do: 2 } as const
/** IPPROTO_IP, IP_MTU_DISCOVER; IPPROTO_IPV6, IPV6_MTU_DISCOVER. */
const pmtuOption = (to: string): string => (to.includes(':') ? '41, 23' : '0, 10')

const python = (statements: readonly string[]): string => `python3 -c '${statements.join('; ')}'`
