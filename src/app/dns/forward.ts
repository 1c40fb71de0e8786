import type { Process } from '../../sim/process.ts'
import { type Nanos, SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import type { Address } from '../../util/address.ts'
import type { DnsMessage, Question } from '../../wire/dns/message.ts'
import type { DnsRecord } from '../../wire/dns/record.ts'
import type { PodContext } from '../context.ts'
import { type Answered, ask } from './exchange.ts'

/** `forward` waits this long for an answer (plugin/pkg/proxy: readTimeout). */
const TIMEOUT: Nanos = 2 * SECOND
/** kubeadm's Corefile: `cache 30`; what does not exist is kept as long here. */
const CACHE_SECONDS = 30

interface Cached {
  readonly message: DnsMessage
  readonly since: Nanos
  readonly until: Nanos
}

/**
 * CoreDNS's plugins `forward . /etc/resolv.conf` and `cache 30`: what no zone here knows is asked of the node's own resolver,
 * by packets, and remembered. kubeadm switches the cache off for the cluster's own names, so those never come here.
 */
export class Forwarder {
  private readonly cache = new Map<string, Cached>()

  constructor(
    private readonly context: PodContext,
    private readonly server: Address,
  ) {}

  /** Null: the server did not answer. The TTLs of what was remembered count down. */
  *ask({ name, type }: Question, cause: StepId): Process<Answered | null> {
    const key = `${name.toLowerCase()} ${type}`
    const { now } = this.context.simulation
    const known = this.cache.get(key)
    if (known !== undefined && now < known.until) return { message: aged(known, now), cause }
    const answered = (yield* ask(this.context, this.server, name, [type], TIMEOUT, cause)).get(type)
    if (answered === undefined) return null
    const { message } = answered
    const since = this.context.simulation.now
    const seconds = Math.min(CACHE_SECONDS, ...message.answers.map(ttlOf))
    this.cache.set(key, { message, since, until: since + seconds * SECOND })
    return answered
  }
}

function aged({ message, since }: Cached, now: Nanos): DnsMessage {
  const age = Math.floor((now - since) / SECOND)
  return { ...message, answers: message.answers.map((record) => younger(record, age)) }
}

const ttlOf = (record: DnsRecord): number => (record.type === 'OPT' ? CACHE_SECONDS : record.ttl)

const younger = (record: DnsRecord, age: number): DnsRecord =>
  record.type === 'OPT' ? record : { ...record, ttl: Math.max(0, record.ttl - age) }
