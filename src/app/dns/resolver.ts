import type { Process } from '../../sim/process.ts'
import type { StepId } from '../../trace/step.ts'
import { type Address, type Family, familyOf } from '../../util/address.ts'
import { RCODE } from '../../wire/dns/message.ts'
import { RECORD_TYPE } from '../../wire/dns/record.ts'
import type { NameService, PodContext, Resolution } from '../context.ts'
import { Hosts } from '../names.ts'
import { type Answered, ask } from './exchange.ts'
import type { ResolvConf } from './resolv-conf.ts'

/** What asking for one full name came to. */
type Attempt =
  | { readonly kind: 'found'; readonly addresses: readonly Address[]; readonly cause: StepId }
  /** NXDOMAIN, or no record of these types. */
  | { readonly kind: 'none'; readonly cause: StepId }
  /** SERVFAIL and the like, or silence from all servers. */
  | { readonly kind: 'failed'; readonly cause: StepId }

/** getaddrinfo(3) of glibc: /etc/hosts, then DNS with the search list of resolv.conf(5). */
export class Resolver implements NameService {
  constructor(
    private readonly context: PodContext,
    private readonly conf: ResolvConf,
    private readonly hosts: Hosts = new Hosts(),
  ) {}

  *resolve(name: string, family: Family | null = null): Process<Resolution> {
    const known = this.hosts.lookup(name, family)
    if (known !== null) return known
    let failed = false
    let cause: StepId = this.context.cause
    for (const candidate of candidates(name, this.conf)) {
      const attempt = yield* this.query(candidate, family)
      cause = attempt.cause
      if (attempt.kind === 'found') return { ...attempt, addresses: this.sort(attempt.addresses) }
      failed ||= attempt.kind === 'failed'
    }
    return { kind: failed ? 'unavailable' : 'unknown', cause }
  }

  /** Every server in turn, then all of them once more; each has `timeout` for all questions (`res_nsend`). */
  private *query(name: string, family: Family | null): Process<Attempt> {
    const { nameservers, attempts, timeout } = this.conf
    const wanted =
      family === null ? [RECORD_TYPE.A, RECORD_TYPE.AAAA] : [family === 4 ? RECORD_TYPE.A : RECORD_TYPE.AAAA]
    const answers = new Map<number, Answered>()
    for (let round = 0; round < attempts; round++) {
      for (const server of nameservers) {
        const open = wanted.filter((type) => !answers.has(type))
        for (const [type, answer] of yield* ask(this.context, server, name, open, timeout)) {
          if (isUsable(answer)) answers.set(type, answer)
        }
        if (answers.size === wanted.length) return verdict([...answers.values()], name)
      }
    }
    const some = verdict([...answers.values()], name)
    return some.kind === 'found' ? some : { kind: 'failed', cause: this.context.cause }
  }

  /** RFC 6724 as far as it shows here: what cannot be reached comes last, IPv6 before IPv4. */
  private sort(addresses: readonly Address[]): readonly Address[] {
    const rank = (address: Address): number =>
      (this.context.sockets.hasRoute(address) ? 0 : 2) + (familyOf(address) === 6 ? 0 : 1)
    return addresses
      .map((address, i) => ({ address, i }))
      .sort((a, b) => rank(a.address) - rank(b.address) || a.i - b.i)
      .map(({ address }) => address)
  }
}

/** In the order that `res_nsearch` tries them. A name that ends in a dot is complete. */
export function candidates(name: string, { search, ndots }: ResolvConf): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const dots = name.split('.').length - 1
  const longer = search.map((domain) => `${name}.${domain}`)
  return dots >= ndots ? [name, ...longer] : [...longer, name]
}

/** SERVFAIL, NOTIMP and REFUSED send glibc to the next server. */
function isUsable({ message }: Answered): boolean {
  return message.rcode === RCODE.noError || message.rcode === RCODE.nameError
}

function verdict(answers: readonly Answered[], name: string): Attempt {
  const addresses = answers.flatMap(({ message }) => addressesOf(message.answers, name))
  const cause = Math.max(0, ...answers.map((answer) => answer.cause))
  return addresses.length > 0 ? { kind: 'found', addresses, cause } : { kind: 'none', cause }
}

/** Follows aliases within the answer. */
function addressesOf(answers: Answered['message']['answers'], name: string): Address[] {
  let owner = name.toLowerCase()
  for (let i = 0; i < answers.length; i++) {
    const alias = answers.find((record) => record.type === 'CNAME' && record.name.toLowerCase() === owner)
    if (alias === undefined || alias.type !== 'CNAME') break
    owner = alias.target.toLowerCase()
  }
  return answers.flatMap((record) =>
    (record.type === 'A' || record.type === 'AAAA') && record.name.toLowerCase() === owner ? [record.address] : [],
  )
}
