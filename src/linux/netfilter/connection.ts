import type { Address } from '../../util/address.ts'
import type { TcpTrack } from './conntrack/tcp-track.ts'

/** What `-m conntrack --ctstate` matches. */
export type ConnectionState = 'untracked' | 'invalid' | 'new' | 'established' | 'related'

/** 0: as the first packet went; 1: the other way. */
export type Direction = 0 | 1

/** Which address NAT rewrites. */
export type Manip = 'source' | 'destination'

/**
 * One direction of a connection, and its node in the hash table. For ICMP queries the source port is the id, and the
 * destination port is type and code; for protocols without ports both are 0.
 */
export class Tuple {
  next: Tuple | null = null
  hash = 0

  constructor(
    public source: Address,
    public destination: Address,
    public sourcePort: number,
    public destinationPort: number,
    readonly protocol: number,
    readonly connection: Connection,
    readonly direction: Direction,
  ) {}
}

/** A conntrack entry: struct nf_conn. */
export class Connection {
  readonly original: Tuple
  readonly reply: Tuple
  /** In the table: a later packet can find it (IPS_CONFIRMED). */
  confirmed = false
  /** A packet came back (IPS_SEEN_REPLY). */
  seenReply = false
  /** Not removed early when the table is full (IPS_ASSURED). */
  assured = false
  /** The table no longer holds it. */
  dead = false
  /** Rules were asked, or found not to apply, for each kind of rewriting (IPS_SRC_NAT_DONE, IPS_DST_NAT_DONE). */
  sourceDone = false
  destinationDone = false
  /** Packets of the original direction get another source, or destination (IPS_SRC_NAT, IPS_DST_NAT). */
  sourceNat = false
  destinationNat = false
  /** The source was chosen by MASQUERADE, which `sourceNat` then shows as such. */
  masqueraded = false
  /** `ConntrackTable.insertions` when nobody else had its original tuple, and its reply as it stands: -1, not known. */
  originalFree = -1
  replyFree = -1
  /** No free port was found: another connection has the tuple, so confirmation fails. */
  exhausted = false
  /** Virtual time at which it is forgotten. */
  expires = 0
  mark = 0
  readonly tcp: TcpTrack | null
  /** SCTP's state, or 0. */
  sctp = 0
  /** UDP: from when on two-way traffic counts as a stream. */
  streamFrom = 0

  constructor(
    readonly id: number,
    readonly family: 4 | 6,
    source: Address,
    destination: Address,
    sourcePort: number,
    destinationPort: number,
    replySourcePort: number,
    replyDestinationPort: number,
    readonly protocol: number,
    tcp: TcpTrack | null,
  ) {
    this.original = new Tuple(source, destination, sourcePort, destinationPort, protocol, this, 0)
    this.reply = new Tuple(destination, source, replySourcePort, replyDestinationPort, protocol, this, 1)
    this.tcp = tcp
  }

  tuple(direction: Direction): Tuple {
    return direction === 0 ? this.original : this.reply
  }
}
