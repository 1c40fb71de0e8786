import type { NameService, PodContext } from '../app/context.ts'
import { ask, recordText } from '../app/dns/exchange.ts'
import { rcodeName } from '../app/dns/rcode.ts'
import { arpaOf } from '../app/dns/reverse.ts'
import type { Process } from '../sim/process.ts'
import { SECOND } from '../sim/time.ts'
import type { Event } from '../trace/step.ts'
import { type Address, formatAddress, parseAddress } from '../util/address.ts'
import { RECORD_TYPE } from '../wire/dns/record.ts'
import type { Asked, Outcome } from './outcome.ts'

/** As dig waits. */
const PATIENCE = 5 * SECOND

export type QueryType = 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'SRV' | 'TXT'

/** A name as programs look it up: getaddrinfo(3), whose questions to DNS are listed. */
export function* resolve(
  context: PodContext,
  name: string,
  names: (context: PodContext) => NameService,
): Process<Outcome> {
  const asked: Asked[] = []
  const found = yield* names(listening(context, asked)).resolve(name)
  if (found.kind === 'found')
    return { kind: 'resolve', answers: found.addresses.map(formatAddress), asked, error: null }
  return { kind: 'resolve', answers: [], asked, error: found.kind === 'unknown' ? 'EAI_NONAME' : 'EAI_AGAIN' }
}

/** One question about a whole name, as dig asks it. An address stands for the name of its PTR record. */
export function* query(context: PodContext, name: string, type: QueryType, server: Address): Process<Outcome> {
  const asked: Asked[] = []
  const number = RECORD_TYPE[type]
  const address = type === 'PTR' ? parseAddress(name) : null
  const whole = address === null ? name.replace(/\.$/, '') : arpaOf(address)
  const answers = yield* ask(listening(context, asked), server, whole, [number], PATIENCE)
  const message = answers.get(number)?.message
  if (message === undefined) return { kind: 'resolve', answers: [], asked, error: 'ETIMEDOUT' }
  const error = message.rcode === 0 ? null : rcodeName(message.rcode)
  return { kind: 'resolve', answers: message.answers.map(recordText), asked, error }
}

/** The same context, which also notes what DNS is asked and answers. */
function listening(context: PodContext, asked: Asked[]): PodContext {
  const note = (event: Event): void => {
    if (event.kind === 'dns-query') asked.push({ name: event.name, type: event.type, rcode: '', answers: [] })
    if (event.kind !== 'dns-answer') return
    const { name, type, rcode, answers } = event
    const open = asked.findIndex((entry) => entry.rcode === '' && entry.name === name && entry.type === type)
    if (open >= 0) asked[open] = { name, type, rcode, answers }
  }
  const { sockets, names, simulation, rng, hostname, epoch, cause, recording } = context
  return {
    ...{ sockets, names, simulation, rng, hostname, epoch, cause, recording },
    print: (line) => context.print(line),
    fork: (process, name) => context.fork(process, name),
    record: (event, because) => {
      note(event)
      return context.record(event, because)
    },
    skip: () => context.skip(),
  }
}
