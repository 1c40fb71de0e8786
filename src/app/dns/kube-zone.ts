import { type Address, formatAddress, isV4, parseV4, parseV6, V6 } from '../../util/address.ts'
import { utf8 } from '../../util/bytes.ts'
import { RCODE } from '../../wire/dns/message.ts'
import { ANY, type DnsRecord, RECORD_TYPE } from '../../wire/dns/record.ts'
import type { DnsEndpoint, DnsPort, DnsService, KubeDirectory } from './kube-directory.ts'
import { addressOfArpa } from './reverse.ts'
import type { Zone, ZoneAnswer } from './zone.ts'

/** kubeadm's Corefile: `ttl 30`. */
const TTL = 30
/** The version of the specification that is served (kubernetes/dns/docs/specification.md). */
const SCHEMA = '1.1.0'

/** What a name stands for, before the question's type is looked at. Null: no such name. */
type Found = readonly DnsRecord[] | null

/** The `kubernetes` plugin of CoreDNS: records of Services, their endpoints and pods (`pods insecure`). */
export class KubeZone implements Zone {
  constructor(
    private readonly directory: KubeDirectory,
    /** Seconds since 1970: the serial number of the SOA. */
    private readonly serial: number,
    private readonly domain = 'cluster.local',
  ) {}

  answer(name: string, type: number): ZoneAnswer | null {
    const lower = name.toLowerCase()
    if (lower.endsWith('.arpa')) return this.reverse(name, lower, type)
    if (lower === this.domain) return this.apex(name, type)
    if (!lower.endsWith(`.${this.domain}`)) return null
    const labels = lower.slice(0, -this.domain.length - 1).split('.')
    const found = this.find(name, labels, type)
    if (found === null) return this.negative(RCODE.nameError)
    const answers = found.filter((record) => record.type === 'CNAME' || matches(record, type))
    return answers.length === 0 ? this.negative(RCODE.noError) : this.positive(answers)
  }

  private find(name: string, labels: readonly string[], type: number): Found {
    const [kind, namespace, service] = [...labels].reverse()
    if (labels.length === 1) {
      if (kind === 'dns-version') return [{ name, ttl: TTL, type: 'TXT', strings: [utf8(SCHEMA)] }]
      return kind === 'svc' || kind === 'pod' ? [] : null
    }
    if (!this.directory.hasNamespace(namespace)) return null
    if (kind === 'pod') return labels.length === 2 ? [] : labels.length === 3 ? podRecords(name, labels[0]) : null
    if (kind !== 'svc') return null
    if (labels.length === 2) return []
    const found = this.directory.service(namespace, service)
    if (found === null) return null
    return this.serviceRecords(name, found, labels.slice(0, -3), type)
  }

  /** `before` is what stands before the Service's name: nothing, an endpoint, or `_port._protocol` (`findServices`). */
  private serviceRecords(name: string, service: DnsService, before: readonly string[], type: number): Found {
    const { externalName, addresses, endpoints } = service
    if (externalName !== null) {
      return before.length === 0 ? [{ name, ttl: TTL, type: 'CNAME', target: externalName }] : null
    }
    if (before.length === 1) {
      const fitting = endpoints.filter((endpoint) => endpointName(endpoint) === before[0])
      return fitting.length === 0 ? null : fitting.map(({ address }) => host(name, address))
    }
    if (before.length > 2 || !before.every((label) => label.startsWith('_'))) return null
    const [port, protocol] = before.map((label) => label.slice(1))
    const ports = service.ports.filter(
      (candidate) => port === undefined || (candidate.name === port && candidate.protocol === protocol),
    )
    const hosts = addresses.length > 0 ? addresses : endpoints.map(({ address }) => address)
    // A headless Service without endpoints does not exist, and no Service does without ports.
    if (ports.length === 0 || hosts.length === 0) return null
    return type === RECORD_TYPE.SRV
      ? this.srvRecords(name, service, ports)
      : hosts.map((address) => host(name, address))
  }

  /** One for each port and target; weights share a hundred. */
  private srvRecords(name: string, service: DnsService, ports: readonly DnsPort[]): DnsRecord[] {
    const own = this.nameOf(service)
    const targets =
      service.addresses.length > 0
        ? [own]
        : [...new Set(service.endpoints.map((endpoint) => `${endpointName(endpoint)}.${own}`))]
    const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length * ports.length)))
    return ports.flatMap(({ port }) =>
      targets.map((target) => ({ name, ttl: TTL, type: 'SRV', priority: 0, weight, port, target }) as const),
    )
  }

  /** Others' addresses are left to the next zone (`fallthrough in-addr.arpa ip6.arpa`). */
  private reverse(name: string, lower: string, type: number): ZoneAnswer | null {
    const address = addressOfArpa(lower)
    if (address === null) return null
    const service = this.directory.serviceAt(address)
    const targets =
      service !== null
        ? [this.nameOf(service)]
        : this.directory.endpointsAt(address).map((at) => `${endpointName(at.endpoint)}.${this.nameOf(at.service)}`)
    if (targets.length === 0) return null
    if (type !== RECORD_TYPE.PTR && type !== ANY) return this.negative(RCODE.noError)
    return this.positive(targets.map((target) => ({ name, ttl: TTL, type: 'PTR', target }) as const))
  }

  private apex(name: string, type: number): ZoneAnswer {
    if (type === RECORD_TYPE.SOA) return this.positive([this.soa()])
    if (type === RECORD_TYPE.NS) return this.positive([{ name, ttl: TTL, type: 'NS', target: `ns.dns.${this.domain}` }])
    return this.negative(RCODE.noError)
  }

  /** SRV answers carry the addresses of their targets (RFC 2782). */
  private positive(answers: readonly DnsRecord[]): ZoneAnswer {
    const targets = new Set(answers.flatMap((record) => (record.type === 'SRV' ? [record.target] : [])))
    const additionals = [...targets].flatMap((target) => {
      const labels = target.slice(0, -this.domain.length - 1).split('.')
      return this.find(target, labels, RECORD_TYPE.A) ?? []
    })
    return { rcode: RCODE.noError, answers, authorities: [], additionals }
  }

  private negative(rcode: number): ZoneAnswer {
    return { rcode, answers: [], authorities: [this.soa()], additionals: [] }
  }

  private soa(): DnsRecord {
    const { domain, serial } = this
    const times = { refresh: 7200, retry: 1800, expire: 86_400, minimum: TTL }
    return {
      name: domain,
      ttl: TTL,
      type: 'SOA',
      primary: `ns.dns.${domain}`,
      mailbox: `hostmaster.${domain}`,
      serial,
      ...times,
    }
  }

  private nameOf({ name, namespace }: DnsService): string {
    return `${name}.${namespace}.svc.${this.domain}`
  }
}

function matches(record: DnsRecord, type: number): boolean {
  return type === ANY || (record.type !== 'OPT' && record.type !== 'unknown' && RECORD_TYPE[record.type] === type)
}

function host(name: string, address: Address): DnsRecord {
  return isV4(address) ? { name, ttl: TTL, type: 'A', address } : { name, ttl: TTL, type: 'AAAA', address }
}

/** An endpoint without a hostname is named by its address, with dashes (`endpointHostname`). */
function endpointName({ hostname, address }: DnsEndpoint): string {
  return hostname ?? formatAddress(address).replace(/[.:]/g, '-')
}

/** `10-244-1-2.default.pod`: answered with the address in the name, without a look whether there is such a pod. */
function podRecords(name: string, label: string): Found {
  const four = parseV4(label.replaceAll('-', '.'))
  if (four !== null) return [host(name, four)]
  const six = parseV6(label.replaceAll('-', ':'))
  return six instanceof V6 ? [host(name, six)] : null
}
