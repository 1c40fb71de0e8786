/** What is said of a program's conversation, in English. */
export const session = {
  ok: 'ok',
  noAnswer: 'no answer',
  endedAt: 'ended at',
  from: 'from',
  packets: 'PACKETS',
  output: 'OUTPUT',
  tls: 'TLS',
  sealedFromHere: '-- from here on a tap reads nothing --',
  none: 'none',
  tickets: (count: number): string => (count === 1 ? 'a ticket to resume by' : `${count} tickets to resume by`),
  because: 'because',
  certificate: 'certificate',
  object: 'object     ',
  record: (bytes: number): string => `${bytes}-byte record`,
  segments: (count: number): string => `${count} TCP segments`,
  stops: (who: string): string => `${who} stops here`,
  ready: ['Still Ready?', 'yes: HTTPS probes do not verify certificates'],
  same: 'Same on a real pod',
  stage: {
    dns: 'DNS',
    tcp: 'TCP',
    tls: 'TLS',
    http: 'http',
    hello: 'hello',
    certificate: 'certificate',
    signature: 'signature',
    clientCertificate: 'client certificate',
    finished: 'finished',
    data: 'data',
  },
  neverSent: 'never sent',
  daysAgo: (days: number): string => (days === 0 ? 'today' : days === 1 ? 'a day ago' : `${days} days ago`),
  inDays: (days: number): string =>
    days === 0 ? 'but will be within a day' : days === 1 ? 'but will be in a day' : `but will be in ${days} days`,
  clock: (time: string): string => ` · clock ${time}`,
  dns: 'DNS',
  tcp: 'TCP',
  asked: (from: string, server: string, by: string): string =>
    `${from} > ${server}${by === '' ? ', and no answer' : ` => ${by}`}`,
  noRecord: 'none',
  mss: (size: number): string => `MSS ${size}`,
  noConnection: (why: string): string => `no connection: ${why}`,
  nothingCame: 'nothing came back',
  saidBy: (who: string, line: string): string => `${who} says: ${line}`,
  judgedByServer: 'The client’s certificate, as the server judges it',
  lost: {
    title: 'LOST',
    headline: (what: string, by: string, hop: number, where: string, why: string): string =>
      `the ${what} of ${by} was lost at hop ${hop}, ${where}: ${why}`,
    record: (record: number, by: string, what: string, bytes: number, segments: number): string =>
      `record ${record} of ${by}: ${what}, ${bytes} bytes in ${segments === 1 ? '1 TCP segment' : `${segments} TCP segments`}`,
    bytes: (from: number, to: number): string => `bytes ${from}-${to}`,
    length: (length: number): string => `len ${length}`,
    arrived: (times: number, packet: number): string =>
      `packet ${packet} arrived${times > 1 ? `, of ${times} sent` : ''}`,
    dropped: (packet: number, times: number): string =>
      `packet ${packet} dropped${times > 1 ? `, and ${times - 1} times again` : ''}`,
    at: (hop: number, where: string, length: number | null): string =>
      `at hop ${hop}, ${where}${length === null ? '' : `, where it is ${length} bytes`}`,
    synPassed: (packet: number, length: number): string =>
      `the SYN, packet ${packet}, len ${length}, passed: small packets show nothing of this`,
  },
  succeeded: (status: number): string => `OK  HTTP ${status}`,
  failed: (message: string): string => `FAILED  ${message}`,
  exit: (code: number): string => `(curl: exit ${code})`,
  requests: (count: number, ok: number): string => `${ok} of ${count} requests answered`,
} as const satisfies object
