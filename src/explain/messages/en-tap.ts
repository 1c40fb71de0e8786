/** What a tap on the way learns, in English. */
export const tap = {
  nothing: 'no TCP connection passed here',
  between: (client: string, server: string): string => `${client} > ${server}`,
  name: (name: string | null, protocols: readonly string[]): string =>
    `reads a ClientHello: ${name === null ? 'no name' : `the name ${name}`}${protocols.length === 0 ? '' : `, ${protocols.join(', ')}`}`,
  suite: (suite: string | null): string => (suite === null ? 'no ServerHello' : `reads a ServerHello: ${suite}`),
  messages: (names: readonly string[], chain: boolean): string =>
    `in the clear: ${names.join(', ')}${chain ? ' (so it reads the certificate)' : ''}`,
  sealed: (
    client: { readonly records: number; readonly bytes: number },
    server: { readonly records: number; readonly bytes: number },
  ): string =>
    `sealed: ${client.records} records, ${client.bytes} bytes from the client; ${server.records} records, ${server.bytes} bytes from the server`,
  onlySigned: "the server's key opens nothing: it only signed, and the keys of both sides are gone",
  opened: "the server's key opens the premaster secret, and with it everything:",
  binary: (bytes: number): string => `${bytes} bytes that are no text`,
  more: (lines: number): string => `${lines} more lines`,
} as const satisfies object
