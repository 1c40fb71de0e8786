import type { Namespace } from '../linux/namespace.ts'
import type { Sockets } from '../linux/socket/table.ts'

/** A namespace in which programs run, and its sockets. */
export interface Host {
  readonly namespace: Namespace
  readonly sockets: Sockets
}
