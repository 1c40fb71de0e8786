import type { Trace } from '../explain/trace.ts'
import { formatEndpoint, parseAddress } from '../util/address.ts'
import type { Emulation, TraceRequest } from './emulation.ts'

/** Packets for each endpoint: with as many, one that is picked as often as the others is missed once in 10^17 times. */
const PATIENCE = 40

/**
 * Traces until every endpoint that the rules may pick has been picked: of each the first trace, in the order of the rules. What
 * chance never gives (session affinity keeps to one) is left out, and `untraced` tells of it.
 */
export function traceEach(emulation: Emulation, request: TraceRequest): Trace[] {
  const { trace: first } = emulation.trace(request)
  const wanted = endpointsOf(first)
  if (wanted.length === 0) return [first]
  const found = new Map<string, Trace>()
  note(found, first)
  for (let i = 1; i < PATIENCE * wanted.length && found.size < wanted.length; i++) {
    note(found, emulation.trace(request).trace)
  }
  const traces = wanted.flatMap((endpoint) => found.get(endpoint) ?? [])
  return traces.length === 0 ? [first] : traces
}

/** Endpoints that could be picked and were not, `ip:port`. */
export function untraced(traces: readonly Trace[]): string[] {
  const seen = new Set(traces.map(({ service }) => service?.picked))
  return traces.length === 0 ? [] : endpointsOf(traces[0]).filter((endpoint) => !seen.has(endpoint))
}

function note(found: Map<string, Trace>, trace: Trace): void {
  const picked = trace.service?.picked
  if (picked !== undefined && !found.has(picked)) found.set(picked, trace)
}

const endpointsOf = ({ service }: Trace): string[] =>
  service?.endpoints.map(({ address, port }) => formatEndpoint(parseAddress(address)!, port)) ?? []
