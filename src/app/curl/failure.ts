/** curl ends with an exit code and a message; whoever upgrades a stream throws one too (35, 60: TLS). */
export class CurlFailure extends Error {
  constructor(
    /** As in curl(1), EXIT CODES. */
    readonly code: number,
    message: string,
  ) {
    super(message)
    this.name = 'CurlFailure'
  }
}

export const CODE = {
  unsupportedProtocol: 1,
  badUrl: 3,
  resolve: 6,
  connect: 7,
  weirdReply: 8,
  partial: 18,
  httpError: 22,
  timeout: 28,
  tlsConnect: 35,
  empty: 52,
  send: 55,
  receive: 56,
  certProblem: 58,
  peerVerification: 60,
} as const
