/** What curl 7.88 says. */
export const say = {
  version: 'curl/7.88.1',
  trying: (endpoint: string): string => `*   Trying ${endpoint}...`,
  connected: (host: string, address: string, port: number): string =>
    `* Connected to ${host} (${address}) port ${port} (#0)`,
  connectFailed: (address: string, port: number, why: string): string =>
    `* connect to ${address} port ${port} failed: ${why}`,
  immediately: (why: string): string => `* Immediate connect fail for ${why}`,
  unresolved: (host: string): string => `Could not resolve host: ${host}`,
  failed: (host: string, port: number, millis: number, why: string): string =>
    `Failed to connect to ${host} port ${port} after ${millis} ms: ${why}`,
  couldNotConnect: "Couldn't connect to server",
  sslTimeout: 'SSL connection timeout',
  timeoutReached: 'Timeout was reached',
  connectTimeout: (family: 4 | 6, millis: number): string =>
    `* ipv${family} connect timeout after ${millis}ms, move on!`,
  connectionTimedOut: (millis: number): string => `Connection timed out after ${millis} milliseconds`,
  operationTimedOut: (millis: number, received: number, expected: number | null): string =>
    `Operation timed out after ${millis} milliseconds with ${received}${expected === null ? '' : ` out of ${expected}`} bytes received`,
  resolvingTimedOut: (millis: number): string => `Resolving timed out after ${millis} milliseconds`,
  receiveFailed: (why: string): string => `Recv failure: ${why}`,
  sendFailed: (why: string): string => `Send failure: ${why}`,
  emptyReply: 'Empty reply from server',
  cutShort: (missing: number): string => `transfer closed with ${missing} bytes remaining to read`,
  cutChunk: 'transfer closed with outstanding read data remaining',
  notHttp: 'Received HTTP/0.9 when not allowed',
  malformed: 'Malformed response',
  returned: (status: number): string => `The requested URL returned error: ${status}`,
  badScheme: (scheme: string): string => `Protocol "${scheme}" not supported or disabled in libcurl`,
  badUrl: 'URL using bad/illegal format or missing URL',
  closing: (connection: number): string => `* Closing connection ${connection}`,
  intact: (host: string): string => `* Connection #0 to host ${host} left intact`,
  error: (code: number, message: string): string => `curl: (${code}) ${message}`,
} as const
