import { isGrease } from '../numbers.ts'
import type { Group } from './group.ts'
import { x25519mlkem768 } from './hybrid.ts'
import { secp256r1, secp384r1 } from './nist.ts'
import { x25519 } from './x25519.ts'

export const GROUPS: readonly Group[] = [x25519mlkem768, x25519, secp256r1, secp384r1]

const BY_CODE = new Map(GROUPS.map((group) => [group.code, group]))
const BY_NAME = new Map(GROUPS.map((group) => [group.name, group]))

/** What today's clients offer, most wanted first. */
export const DEFAULT_GROUPS: readonly string[] = GROUPS.map(({ name }) => name)
/** For lessons: small shares that are easy to read. */
export const CLASSIC_GROUPS: readonly string[] = ['x25519', 'secp256r1', 'secp384r1']

/** Names of groups that we know of but do not speak. */
const OTHERS: Readonly<Record<number, string>> = {
  25: 'secp521r1',
  30: 'x448',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  259: 'ffdhe6144',
  260: 'ffdhe8192',
  4587: 'SecP256r1MLKEM768',
  4589: 'SecP384r1MLKEM1024',
}

export const groupOf = (code: number): Group | null => BY_CODE.get(code) ?? null

/** Throws `RangeError` on a name that is not in `GROUPS`. */
export function groupNamed(name: string): Group {
  const group = BY_NAME.get(name)
  if (group === undefined) throw new RangeError(`group: expected one of ${DEFAULT_GROUPS.join(', ')}, got ${name}`)
  return group
}

export function groupName(code: number): string {
  const known = BY_CODE.get(code)?.name ?? OTHERS[code]
  return known ?? (isGrease(code) ? 'GREASE' : `0x${code.toString(16).padStart(4, '0')}`)
}
