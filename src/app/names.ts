import { atOnce, type Process } from '../sim/process.ts'
import { type Address, type Family, familyOf, parseAddress } from '../util/address.ts'
import type { NameService, Resolution } from './context.ts'

/** /etc/hosts (RFC 952 names, compared without regard to case), and addresses written out. Knows no servers. */
export class Hosts implements NameService {
  private readonly names: ReadonlyMap<string, readonly Address[]>

  constructor(names: Iterable<readonly [string, readonly Address[]]> = []) {
    this.names = new Map([...names].map(([name, addresses]) => [name.toLowerCase(), addresses]))
  }

  resolve(name: string, family: Family | null = null): Process<Resolution> {
    return atOnce(this.lookup(name, family) ?? { kind: 'unknown', cause: 0 })
  }

  /** Null when the name is not among them. */
  lookup(name: string, family: Family | null): Resolution | null {
    const literal = parseAddress(name)
    const addresses = literal === null ? this.names.get(name.toLowerCase()) : [literal]
    if (addresses === undefined) return null
    const fitting = addresses.filter((address) => family === null || familyOf(address) === family)
    return fitting.length > 0 ? { kind: 'found', addresses: fitting, cause: 0 } : { kind: 'unknown', cause: 0 }
  }
}
