import type { Tenancy } from '../address-history.ts'
import { lifecycle as say } from '../messages/en-lifecycle.ts'
import { columns } from './columns.ts'

/** Who had which address when, as a table; an address that two pods had is on two lines, one below the other. */
export function addressHistoryText(history: readonly Tenancy[]): string[] {
  if (history.length === 0) return [say.noPods]
  const order = new Map<string, number>()
  for (const { address } of history) if (!order.has(address)) order.set(address, order.size)
  const sorted = [...history].sort((a, b) => order.get(a.address)! - order.get(b.address)! || a.from - b.from)
  const rows = sorted.map(({ address, pod, node, from, until, late }) => [
    address,
    `${pod.namespace}/${pod.name}`,
    node,
    seconds(from),
    until === null ? say.still : seconds(until),
    say.late(late),
  ])
  return columns([say.addressHead, ...rows])
}

const seconds = (nanos: number): string => `${(nanos / 1e9).toFixed(3)}s`
