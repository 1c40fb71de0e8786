/** RFC 9293 3.3.2. */
export type TcpState =
  | 'LISTEN'
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'CLOSED'

/** Data may still be sent: the user has not closed (CLOSE-WAIT: only the peer has). */
export const canSend = (state: TcpState): boolean => state === 'ESTABLISHED' || state === 'CLOSE-WAIT'

/** Data may still arrive. */
export const canReceive = (state: TcpState): boolean =>
  state === 'ESTABLISHED' || state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2'

/** States in which an abort tells the peer (`tcp_need_reset`). */
export const needsReset = (state: TcpState): boolean =>
  state === 'SYN-RECEIVED' || state === 'CLOSE-WAIT' || canReceive(state)
