/** A client that negotiates TLS 1.2, or may yet, passes over a HelloRequest (RFC 5246 7.4.1.1). */
export const IGNORED12 = ['HelloRequest'] as const
