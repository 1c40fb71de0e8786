import type { Errno } from '../errno.ts'
import type { Route } from '../route/route.ts'

/** What a system call fails with when this is where its packet would go (`fib_props`); null when it may go. */
export function refusal(route: Route | null): Errno | null {
  switch (route?.kind) {
    case undefined:
      return 'ENETUNREACH'
    case 'unreachable':
      return 'EHOSTUNREACH'
    case 'prohibit':
      return 'EACCES'
    case 'blackhole':
      return 'EINVAL'
    default:
      return null
  }
}
