/** What reports of scenarios say, in English. */
export const report = {
  ok: 'ok',
  failed: 'FAILED',
  passed: (steps: number): string => `PASSED  ${steps} ${steps === 1 ? 'step' : 'steps'}`,
  failures: (count: number): string => `FAILED  ${count} ${count === 1 ? 'expectation' : 'expectations'} did not hold`,
  expected: (field: string, got: string, wanted: string): string => `${field} is ${got}, expected ${wanted}`,
  ping: (sent: number, received: number): string => `${sent} sent, ${received} received`,
  roundTrip: (text: string): string => `round trip ${text} ms`,
  reached: 'reached',
  notReached: 'not reached',
  connected: 'connected',
  failedWith: (error: string): string => `failed: ${error}`,
  http: (status: number): string => `HTTP ${status}`,
  asked: (name: string, type: string, rcode: string, answers: readonly string[]): string =>
    `${type.padEnd(5)} ${name}.  ${rcode === '' ? 'no answer' : answers.length > 0 ? answers.join(', ') : rcode === 'NOERROR' ? 'no such record' : rcode}`,
  answer: (answers: readonly string[]): string => (answers.length === 0 ? 'nothing' : `=> ${answers.join(', ')}`),
  exit: (code: number): string => `curl: exit ${code}`,
} as const satisfies object
