/** What `-m conntrack --ctstate` matches. */
export type ConnectionState = 'untracked' | 'invalid' | 'new' | 'established' | 'related'

/** A conntrack entry. */
export interface Connection {
  readonly id: number
}
