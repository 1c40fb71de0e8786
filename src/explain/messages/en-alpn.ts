const PLACES = ['-', '1st', '2nd', '3rd'] as const

/** A failed choice of an application protocol. */
export const alpn = {
  title: 'ALPN',
  offers: (client: string): string => `${client} offers`,
  supports: (server: string): string => `${server} supports`,
  chosen: 'chosen',
  /** In a list, most wanted first; 0: not in it. */
  place: (n: number): string => PLACES[n] ?? `${n}th`,
  notOffered: 'no: not offered',
  notSupported: 'no: not supported',
  none: (by: string): string => `none in common: ${by} ends the handshake with no_application_protocol  (RFC 7301 3.2)`,
  /** `object`: `Pod default/web`; `wanted`: what it would then name. */
  fix: (object: string, wanted: readonly string[], supported: readonly string[]): string =>
    `in the annotation podwire.dev/serve of ${object} say alpn=${wanted.join('+')}; or let the client offer ${supported.join(' or ')}, or no ALPN at all`,
} as const
