import { MILLISECOND, SECOND } from '../../../sim/time.ts'

/** TCP_TIMEOUT_INIT: before there is a round-trip time (RFC 6298 2.1). */
export const RTO_INITIAL = SECOND
/** TCP_RTO_MIN. RFC 6298 says 1 s; Linux says 200 ms, and applies it to the variance. */
export const RTO_MIN = 200 * MILLISECOND
export const RTO_MAX = 120 * SECOND
/** net.ipv4.tcp_syn_retries. */
export const SYN_RETRIES = 6
/** net.ipv4.tcp_syn_linear_timeouts: so many SYNs go out 1 s apart before the back-off, beside `SYN_RETRIES` (Linux 6.5). */
export const SYN_LINEAR_TIMEOUTS = 4
/** net.ipv4.tcp_synack_retries. */
export const SYNACK_RETRIES = 5
/** net.ipv4.tcp_retries2: as a time, 924.6 s at the least RTO. */
export const RETRIES2 = 15
/** net.ipv4.tcp_orphan_retries of 0 means 8. */
export const ORPHAN_RETRIES = 8
/** TCP_TIMEWAIT_LEN, and net.ipv4.tcp_fin_timeout for FIN-WAIT-2. */
export const TIME_WAIT = 60 * SECOND
/** TCP_DELACK_MIN = TCP_ATO_MIN. */
export const DELAYED_ACK = 40 * MILLISECOND
/** TCP_MAX_QUICKACKS. */
export const QUICK_ACKS = 16
/** net.ipv4.tcp_invalid_ratelimit: answers to segments out of the window. */
export const INVALID_RATE_LIMIT = 500 * MILLISECOND
/** RFC 6928. */
export const INITIAL_WINDOW = 10
/** RFC 9293 3.7.1: when the peer says nothing. */
export const DEFAULT_MSS = 536
/** The least that Linux goes down to (TCP_MIN_SND_MSS less options). */
export const MIN_MSS = 48
/** Half of net.ipv4.tcp_rmem[1]: what Linux offers of its default receive buffer before it has seen a segment. */
export const RECEIVE_SPACE = 65_536
/** What it comes to once full segments have come: data in proportion to `truesize` (1448 of 2304 bytes; scaling_ratio). */
export const RECEIVE_SPACE_FULL = 81_920
/** The same share of net.ipv4.tcp_rmem[2]: where autotuning ends. */
export const RECEIVE_SPACE_MOST = 3_932_160
/** For a largest buffer (tcp_rmem[2]) of 6 MiB. */
export const WINDOW_SCALE = 7
/** What Linux's send buffer comes to with the initial window (`tcp_sndbuf_expand`). It does not grow here. */
export const SEND_SPACE = 87_040
/** net.core.somaxconn. */
export const SOMAXCONN = 4096
