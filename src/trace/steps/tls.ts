/** What a TLS endpoint does. */
export type TlsEvent = { readonly kind: 'tls-note'; readonly text: string }
