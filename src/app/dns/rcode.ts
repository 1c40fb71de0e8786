/** RFC 1035 4.1.1, as dig prints them. */
const NAMES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const

export const rcodeName = (code: number): string => NAMES[code] ?? `RCODE${code}`
