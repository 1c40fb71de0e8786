import type { TlsResult } from '../app/curl/options.ts'
import type { Trace } from '../explain/trace.ts'
import type { DropReason } from '../trace/drops.ts'
import type { PacketId } from '../trace/step.ts'
import { type Address, formatAddress } from '../util/address.ts'
import type { StepExpectation } from './load/scenario-schema.ts'
import type { TapOutcome } from './tls/tap.ts'

/** What came of an operation. */
export type Outcome =
  | TraceOutcome
  | {
      readonly kind: 'ping'
      readonly sent: number
      readonly received: number
      /** Round trips in nanoseconds, of the replies in order. */
      readonly times: readonly number[]
      readonly error: string | null
    }
  | {
      readonly kind: 'traceroute'
      /** Who answered at each hop limit, up to the target; null where nobody did. */
      readonly via: readonly (Address | null)[]
      readonly reached: boolean
      readonly error: string | null
    }
  | { readonly kind: 'connect'; readonly error: string | null }
  | {
      readonly kind: 'curl'
      readonly status: number | null
      readonly exit: number
      readonly error: string | null
      /** Null where TLS was not spoken. */
      readonly tls: TlsResult | null
    }
  | {
      readonly kind: 'resolve'
      /** Addresses, or records as dig prints them. */
      readonly answers: readonly string[]
      /** Each question to DNS and what was answered, in the order of answers. */
      readonly asked: readonly Asked[]
      readonly error: string | null
    }
  /** What was expected of the cluster at that moment, and did not hold. */
  | { readonly kind: 'check'; readonly failures: readonly Failure[] }
  | TapOutcome
  | { readonly kind: 'done' }

export interface TraceOutcome {
  readonly kind: 'trace'
  readonly trace: Trace
  /** The first packet; 0 when none left the socket. */
  readonly packet: PacketId
  readonly reply: PacketId | null
  /** Who dropped or rejected it: a node or `NS/POD`; empty when nobody did. */
  readonly by: string
  readonly reason: DropReason | null
}

/** One question to DNS. */
export interface Asked {
  readonly name: string
  readonly type: string
  /** Empty: nobody answered. */
  readonly rcode: string
  readonly answers: readonly string[]
}

/** An outcome as JSON has it: addresses as text. */
export function plainOutcome(outcome: Outcome): object {
  return outcome.kind === 'traceroute' ? { ...outcome, via: viaText(outcome.via) } : outcome
}

const viaText = (via: readonly (Address | null)[]): (string | null)[] =>
  via.map((hop) => (hop === null ? null : formatAddress(hop)))

/** One expectation that did not hold. */
export interface Failure {
  readonly field: string
  readonly expected: string
  readonly got: string
}

/** Expectations that do not hold, field by field. The loader has seen to it that the fields fit the operation. */
export function judge(outcome: Outcome, expect: StepExpectation): Failure[] {
  const failures: Failure[] = []
  for (const field of Object.keys(expect) as (keyof StepExpectation)[]) {
    if (field === 'reads' || field === 'hidden') {
      const found = (expect[field] ?? []).filter((part) => outcome.kind === 'tap' && outcome.readable.includes(part))
      const wrong = field === 'hidden' ? found : (expect[field] ?? []).filter((part) => !found.includes(part))
      for (const part of wrong)
        failures.push({ field, expected: part, got: field === 'hidden' ? 'readable' : 'not in what was read' })
      continue
    }
    if (field === 'tls') {
      failures.push(...judgeTls(outcome, expect.tls ?? {}))
      continue
    }
    const expected = show(field === 'answers' ? expect.answers?.toSorted() : expect[field])
    const got = show(actual(outcome, field))
    if (expected !== got) failures.push({ field, expected, got })
  }
  return failures
}

function judgeTls(outcome: Outcome, expect: NonNullable<StepExpectation['tls']>): Failure[] {
  const tls = outcome.kind === 'curl' ? outcome.tls : null
  return (Object.keys(expect) as (keyof typeof expect)[]).flatMap((field) => {
    const [expected, got] = [show(expect[field]), show(tls?.[field])]
    return expected === got ? [] : [{ field: `tls.${field}`, expected, got }]
  })
}

function actual(outcome: Outcome, field: Exclude<keyof StepExpectation, 'tls' | 'reads' | 'hidden'>): unknown {
  switch (field) {
    case 'verdict':
      return outcome.kind === 'trace' ? outcome.trace.verdict : null
    case 'reason':
      return outcome.kind === 'trace' ? outcome.reason : null
    case 'by':
      return outcome.kind === 'trace' ? outcome.by : null
    case 'deliveredTo':
      return outcome.kind === 'trace' ? deliveredTo(outcome.trace) : null
    case 'status':
      return outcome.kind === 'curl' ? outcome.status : null
    case 'exit':
      return outcome.kind === 'curl' ? outcome.exit : null
    case 'received':
      return outcome.kind === 'ping' ? outcome.received : null
    case 'via':
      return outcome.kind === 'traceroute' ? viaText(outcome.via).map((hop) => hop ?? '*') : null
    case 'addresses':
      return outcome.kind === 'resolve' ? outcome.answers : null
    case 'answers':
      return outcome.kind === 'resolve' ? outcome.answers.toSorted() : null
    case 'questions':
      return outcome.kind === 'resolve' ? outcome.asked.length : null
    case 'error':
      return 'error' in outcome ? outcome.error : null
  }
}

function deliveredTo({ delivered }: Trace): string | null {
  if (delivered === undefined) return null
  return delivered.kind === 'pod' ? `${delivered.namespace}/${delivered.name}` : delivered.name
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'nobody' : value.join(', ')
  return value === null || value === undefined ? 'nothing' : String(value)
}
