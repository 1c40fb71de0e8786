/** TCP's states as nf_conntrack_proto_tcp counts them. */
export const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const

export type TcpStateName = (typeof TCP_STATES)[number]

/** What one side of a TCP connection has been seen to send and allow: struct ip_ct_tcp_state. Sequence numbers are signed. */
export class TcpSide {
  end = 0
  maxEnd = 0
  maxWindow = 0
  maxAck = 0
  maxAckSet = false
  scale = 0
  windowScale = false
  sackPermitted = false
  closeInitiated = false
  liberal = false
  unacknowledged = false

  reset(): void {
    this.end = this.maxEnd = this.maxWindow = this.maxAck = this.scale = 0
    this.maxAckSet = this.windowScale = this.sackPermitted = false
    this.closeInitiated = this.liberal = this.unacknowledged = false
  }
}

/** struct ip_ct_tcp: both sides, and the last packet that was let through. */
export class TcpTrack {
  state = 0
  readonly sides = [new TcpSide(), new TcpSide()] as const
  lastDirection = 0
  lastIndex = 5
  lastSequence = 0
  lastAck = 0
  lastEnd = 0
  lastWindow = 0
  retransmissions = 0
  /** The last ACK offered no window. */
  closedWindow = false
  /** Options of a SYN that was let through though it did not fit. */
  ignoredScale = 0
  ignoredWindowScale = false
  ignoredSack = false
}
