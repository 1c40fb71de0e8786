/** IP_VS_TCP_S_*. */
export const STATES = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
] as const

export const ESTABLISHED = 1
export const TIME_WAIT = 5

/** Seconds that a connection lives on in each state, in the order of `STATES`. */
export const TIMEOUTS: readonly number[] = [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120]

const STATE: Readonly<Record<string, number>> = {
  no: 0,
  es: 1,
  ss: 2,
  sr: 3,
  fw: 4,
  tw: 5,
  cl: 6,
  cw: 7,
  la: 8,
  li: 9,
  sa: 10,
}

/** Rows: SYN FIN ACK RST; columns in the order of `STATES`. */
const FROM_CLIENT = `
  sr es es sr sr sr sr sr sr sr sr
  cl cw ss tw tw tw cl cw la li tw
  cl es ss es fw tw cl cw cl li es
  cl cl cl sr cl cl cl cl la li sr`

const FROM_SERVER = `
  ss es ss sr ss ss ss ss ss li sr
  tw fw ss tw fw tw cl tw la li tw
  es es ss es fw tw cl cw la es es
  cl cl ss cl cl tw cl cl cl cl cl`

/** Of clients whose server has not been heard of: its answers may go another way. */
const CLIENT_ONLY = `
  sr es es sr sr sr sr sr sr sr sr
  cl fw ss tw fw tw cl cw la li tw
  cl es ss es fw tw cl cw cl li es
  cl cl cl sr cl cl cl cl la li cl`

const parse = (table: string): Uint8Array => Uint8Array.from(table.trim().split(/\s+/), (name) => STATE[name])

const TABLES = { client: parse(FROM_CLIENT), server: parse(FROM_SERVER), clientOnly: parse(CLIENT_ONLY) } as const

const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16

/** tcp_states of ip_vs_proto_tcp: the next state. A segment with none of the four flags closes. */
export function nextState(from: keyof typeof TABLES, state: number, flags: number): number {
  const row = flags & RST ? 3 : flags & SYN ? 0 : flags & FIN ? 1 : flags & ACK ? 2 : -1
  return row < 0 ? STATE.cl : TABLES[from][row * STATES.length + state]
}
