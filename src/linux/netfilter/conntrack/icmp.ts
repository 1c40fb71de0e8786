/** Query types and their answers: RFC 792 (echo, timestamp, information, address mask) and RFC 4443 (echo). */
const ANSWER_V4: Readonly<Record<number, number>> = { 8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17 }
const ANSWER_V6: Readonly<Record<number, number>> = { 128: 129, 129: 128 }

/** The type that answers, or asks, a query; undefined for anything else. */
export function inverseType(family: 4 | 6, type: number): number | undefined {
  return family === 4 ? ANSWER_V4[type] : ANSWER_V6[type]
}

/** Only requests begin a connection. */
export function isRequest(family: 4 | 6, type: number): boolean {
  return family === 4 ? type === 8 || type === 13 || type === 15 || type === 17 : type === 128
}

/** How a tuple holds type and code: in the place of the destination port. */
export const typeAndCode = (type: number, code: number): number => (type << 8) | code

/** Neighbour discovery and group membership are not tracked (icmpv6_error, noct_valid_new). */
export function isUntrackedV6(type: number): boolean {
  return (type >= 130 && type <= 137) || type === 143
}
