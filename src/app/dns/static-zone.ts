import { type Address, isV4 } from '../../util/address.ts'
import { RCODE } from '../../wire/dns/message.ts'
import { ANY, type DnsRecord, RECORD_TYPE } from '../../wire/dns/record.ts'
import type { Zone, ZoneAnswer } from './zone.ts'

/** As many public names have it: five minutes. */
const TTL = 300

/** All the names there are outside, as a resolver of the network would find them. What is not among them does not exist. */
export class StaticZone implements Zone {
  private readonly names: ReadonlyMap<string, readonly Address[]>

  constructor(names: Iterable<readonly [string, readonly Address[]]>) {
    this.names = new Map([...names].map(([name, addresses]) => [name.toLowerCase().replace(/\.$/, ''), addresses]))
  }

  answer(name: string, type: number): ZoneAnswer {
    const addresses = this.names.get(name.toLowerCase())
    if (addresses === undefined) return { rcode: RCODE.nameError, answers: [], authorities: [], additionals: [] }
    const answers = addresses.flatMap((address): DnsRecord[] => {
      const own = isV4(address) ? RECORD_TYPE.A : RECORD_TYPE.AAAA
      if (type !== own && type !== ANY) return []
      return [isV4(address) ? { name, ttl: TTL, type: 'A', address } : { name, ttl: TTL, type: 'AAAA', address }]
    })
    return { rcode: RCODE.noError, answers, authorities: [], additionals: [] }
  }
}
