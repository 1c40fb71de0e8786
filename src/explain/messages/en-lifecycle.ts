/** What is said of addresses and their pods. */
export const lifecycle = {
  addressHead: ['ADDRESS', 'POD', 'NODE', 'FROM', 'UNTIL', 'SENT AFTER IT WAS GONE'],
  still: '-',
  late: (count: number): string => (count === 0 ? '' : `${count} ${count === 1 ? 'packet' : 'packets'}`),
  noPods: 'no pod was given an address',
  standsStill: 'the pods of this input are those of a dump, which stay as they were found: no controller runs them',
  requests: (made: number, failed: number): string => `${made} requests, ${failed} failed`,
} as const
