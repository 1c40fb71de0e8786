import { SUITES } from '../../../src/tls/suite.ts'

export type PeerName = 'openssl' | 'gnutls' | 'nss' | 'node' | 'node24' | 'curl'
export type OurRole = 'client' | 'server'

/** Who we meet, and as what. */
type Side = `${PeerName}/${OurRole}`

/** One handshake to try with another implementation. */
export interface Cell {
  readonly side: Side
  readonly suite: string
  readonly group: string
  readonly key: 'rsa-2048' | 'rsa-3072' | 'p-256' | 'p-384' | 'ed25519'
  readonly resume: 'no' | 'yes'
  readonly clientCertificate: 'no' | 'yes'
  readonly alpn: 'no' | 'yes'
}

const VALUES: { readonly [K in keyof Cell]: readonly Cell[K][] } = {
  side: [
    'openssl/client',
    'openssl/server',
    'gnutls/client',
    'gnutls/server',
    'nss/client',
    'nss/server',
    'node/client',
    'node/server',
    'node24/client',
    'node24/server',
    'curl/server',
  ],
  suite: SUITES.map(({ name }) => name),
  group: ['x25519', 'secp256r1', 'secp384r1', 'X25519MLKEM768'],
  key: ['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'ed25519'],
  resume: ['no', 'yes'],
  clientCertificate: ['no', 'yes'],
  alpn: ['no', 'yes'],
}
const DIMENSIONS = Object.keys(VALUES) as (keyof Cell)[]

export const peerOf = ({ side }: Pick<Cell, 'side'>): PeerName => side.split('/')[0] as PeerName
export const roleOf = ({ side }: Pick<Cell, 'side'>): OurRole => side.split('/')[1] as OurRole

/** Why two values (or more) cannot stand together; null when they can. */
export function impossible(cell: Partial<Cell>): string | null {
  const { side, group, key, resume, alpn } = cell
  const peer = side === undefined ? undefined : peerOf({ side })
  const suite = SUITES.find(({ name }) => name === cell.suite)
  if (suite?.auth === 'rsa' && key !== undefined && !key.startsWith('rsa')) return 'the suite needs an RSA certificate'
  if (suite?.auth === 'ecdsa' && key?.startsWith('rsa')) return 'the suite needs an ECDSA certificate'
  if (group === 'X25519MLKEM768') {
    if (suite?.version === 'TLS 1.2') return 'ML-KEM is for TLS 1.3'
    if (peer !== undefined && peer !== 'node24') return 'no ML-KEM in OpenSSL 3.0, GnuTLS 3.7, NSS 3.87'
  }
  if (suite?.exchange === 'RSA' && group !== undefined && group !== 'x25519') return 'RSA key exchange has no group'
  if (peer === 'nss' && key === 'ed25519') return 'NSS 3.87 imports no Ed25519 keys'
  if (side === 'nss/server' && alpn === 'yes') return 'tstclnt offers no protocols'
  if (side === 'nss/server' && resume === 'yes') return 'tstclnt 3.87 crashes before a second connection (-L)'
  if (peer === 'curl' && resume === 'yes') return 'curl keeps no sessions between runs'
  return null
}

/** A small set of cells in which every possible pair of values stands somewhere (greedy, always the same). */
export function coveringCells(): readonly Cell[] {
  const open = new Set(pairs())
  const cells: Cell[] = []
  while (open.size > 0) {
    const [first] = open
    const cell = grow(seedOf(first), open)
    if (cell === null) {
      open.delete(first)
      continue
    }
    for (const pair of pairsOf(cell)) open.delete(pair)
    cells.push(cell)
  }
  return cells
}

/** Pairs that cannot be, with the reason: what the covering set leaves out. */
export function leftOut(): ReadonlyMap<string, number> {
  const reasons = new Map<string, number>()
  for (const pair of allPairs()) {
    const reason = impossible(seedOf(pair))
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  return reasons
}

/** Pairs of what is negotiated, and of our role with it, that no peer of those `here` tries though another would. */
export function withoutPeer(cells: readonly Cell[], here: (peer: PeerName) => boolean): readonly string[] {
  const pairsIn = (all: readonly Cell[]): Set<string> =>
    new Set(all.flatMap((cell) => pairsOf(cell).map((pair) => pair.replace(/^side=\w+\//, 'our role='))))
  const tried = pairsIn(cells.filter((cell) => here(peerOf(cell))))
  return [...pairsIn(cells)].filter((pair) => !tried.has(pair))
}

const key = (a: keyof Cell, x: string, b: keyof Cell, y: string): string => `${a}=${x}&${b}=${y}`

const allPairs = (): string[] =>
  DIMENSIONS.flatMap((a, i) =>
    DIMENSIONS.slice(i + 1).flatMap((b) => VALUES[a].flatMap((x) => VALUES[b].map((y) => key(a, x, b, y)))),
  )

const pairs = (): string[] => allPairs().filter((pair) => impossible(seedOf(pair)) === null)

const seedOf = (pair: string): Partial<Cell> => Object.fromEntries(pair.split('&').map((part) => part.split('=')))

const pairsOf = (cell: Partial<Cell>): string[] =>
  DIMENSIONS.flatMap((a, i) =>
    DIMENSIONS.slice(i + 1).flatMap((b) =>
      cell[a] === undefined || cell[b] === undefined ? [] : [key(a, cell[a], b, cell[b])],
    ),
  )

/** Fills a cell dimension by dimension with the value that covers most open pairs; null when no value fits. */
function grow(seed: Partial<Cell>, open: ReadonlySet<string>): Cell | null {
  let cell: Partial<Cell> = seed
  for (const dimension of DIMENSIONS) {
    if (cell[dimension] !== undefined) continue
    const candidates = VALUES[dimension]
      .map((value) => ({ ...cell, [dimension]: value }) as Partial<Cell>)
      .filter((candidate) => impossible(candidate) === null && completable(candidate))
    if (candidates.length === 0) return null
    const gain = (candidate: Partial<Cell>): number => pairsOf(candidate).filter((pair) => open.has(pair)).length
    cell = candidates.reduce((best, candidate) => (gain(candidate) > gain(best) ? candidate : best))
  }
  return cell as Cell
}

function completable(cell: Partial<Cell>): boolean {
  const dimension = DIMENSIONS.find((d) => cell[d] === undefined)
  if (dimension === undefined) return true
  return VALUES[dimension].some((value) => {
    const next = { ...cell, [dimension]: value } as Partial<Cell>
    return impossible(next) === null && completable(next)
  })
}

export const describeCell = (cell: Cell): string =>
  [
    `${peerOf(cell)} against our ${roleOf(cell)}`,
    cell.suite,
    cell.group,
    cell.key,
    cell.resume === 'yes' ? 'resumed' : '',
    cell.clientCertificate === 'yes' ? 'client certificate' : '',
    cell.alpn === 'yes' ? 'ALPN' : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
