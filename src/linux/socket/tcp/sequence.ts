/** Sequence numbers are int32 and wrap: compare them only with these (RFC 9293 3.4). */
export const before = (a: number, b: number): boolean => ((a - b) | 0) < 0
export const after = (a: number, b: number): boolean => ((a - b) | 0) > 0
export const plus = (a: number, count: number): number => (a + count) | 0
/** How far `a` is beyond `b`; negative when it lies before. */
export const distance = (a: number, b: number): number => (a - b) | 0
export const later = (a: number, b: number): number => (((a - b) | 0) > 0 ? a : b)
