/** What a segment counts as: RST before SYN before FIN before ACK (get_conntrack_index). */
export const INDEX = { syn: 0, synAck: 1, fin: 2, ack: 3, rst: 4, none: 5 } as const

/** Beyond the states: a segment the connection cannot explain, let through, or not. */
export const IGNORE = 10
export const INVALID = 11

const STATE: Readonly<Record<string, number>> = {
  no: 0,
  ss: 1,
  sr: 2,
  es: 3,
  fw: 4,
  cw: 5,
  la: 6,
  tw: 7,
  cl: 8,
  s2: 9,
  ig: IGNORE,
  iv: INVALID,
}

/** Columns: NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2. */
const ORIGINAL = `
  ss ss ig ig ig ig ig ss ss s2
  iv iv ig ig ig ig ig ig ig sr
  iv iv fw fw la la la tw cl iv
  es iv es es cw cw tw tw cl iv
  iv cl cl cl cl cl cl cl cl cl
  iv iv iv iv iv iv iv iv iv iv`

const REPLY = `
  iv s2 iv iv iv iv iv ss iv s2
  iv sr ig ig ig ig ig ig ig sr
  iv iv fw fw la la la tw cl iv
  iv ig sr es cw cw tw tw cl ig
  iv cl cl cl cl cl cl cl cl cl
  iv iv iv iv iv iv iv iv iv iv`

/** tcp_conntracks of nf_conntrack_proto_tcp: the next state by direction, kind of segment and present state. */
export const TRANSITIONS = [parse(ORIGINAL), parse(REPLY)] as const

export const transition = (direction: 0 | 1, index: number, state: number): number =>
  TRANSITIONS[direction][index * 10 + state]

function parse(table: string): Uint8Array {
  return Uint8Array.from(table.trim().split(/\s+/), (name) => STATE[name])
}
