/** What is said of a program's conversation, in English. */
export const session = {
  ok: 'ok',
  noAnswer: 'no answer',
  lost: 'ended at',
  from: 'from',
  packets: 'PACKETS',
  output: 'OUTPUT',
  handshake: 'TLS    client sends -->, server <--',
  sealedFromHere: '-- from here on a tap reads nothing --',
  none: 'none',
  tickets: (count: number): string => (count === 1 ? 'a ticket to resume by' : `${count} tickets to resume by`),
  because: 'because',
  certificate: 'certificate',
  object: 'object     ',
  stillReady: 'still Ready? yes: HTTPS probes do not verify certificates',
  sameCheck: (host: string, port: number): string =>
    `same on a real pod: openssl s_client -connect ${host}:${port} -servername ${host} -showcerts </dev/null`,
  succeeded: (status: number): string => `OK  HTTP ${status}`,
  failed: (message: string): string => `FAILED  ${message}`,
  exit: (code: number): string => `(curl: exit ${code})`,
  requests: (count: number, ok: number): string => `${ok} of ${count} requests answered`,
} as const satisfies object
