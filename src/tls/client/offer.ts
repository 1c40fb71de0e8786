import type { ClientConfig } from '../config.ts'
import type { Core } from '../core.ts'
import { emptyExtension } from '../extension/build.ts'
import { hasExtension } from '../extension/extension.ts'
import type { Group, KeyPair } from '../group/group.ts'
import { DEFAULT_GROUPS, groupNamed } from '../group/index.ts'
import { type Handshake, handshake } from '../message/handshake.ts'
import type { ClientHello } from '../message/hello.ts'
import { clientHello } from '../message/hello.ts'
import { VERSION, type Version } from '../numbers.ts'
import type { Random } from '../random.ts'
import { expired, type Session } from '../session/session.ts'
import { DEFAULT_SUITES, SCSV, type Suite, speakable, suiteNamed } from '../suite.ts'
import { build } from './extensions.ts'
import { type Grease, greaseValues } from './grease.ts'
import { bind, type OfferedPsk, offerPsk } from './psk.ts'

const NOTHING = new Uint8Array(0)

/** What a client offered: the hello as it was sent, and the secrets that belong to it. */
export interface Offer {
  readonly config: ClientConfig
  readonly versions: readonly Version[]
  readonly suites: readonly Suite[]
  readonly groups: readonly Group[]
  readonly shares: readonly Share[]
  readonly hello: ClientHello
  readonly psk: OfferedPsk | null
  /** Offered for TLS 1.2: by ticket, or by session id. */
  readonly session12: Session | null
  readonly earlyData: boolean
  readonly grease: Grease | null
  /** Set once a HelloRetryRequest was answered. */
  readonly retry: { readonly suite: Suite; readonly hello: Uint8Array } | null
}

export interface Share {
  readonly group: Group
  readonly pair: KeyPair
}

/** The first offer. */
export function firstOffer(core: Core, config: ClientConfig): Offer {
  const { random } = config
  const versions = speakable(config.versions, config.suites)
  const suites = (config.suites ?? DEFAULT_SUITES).map(suiteNamed).filter((suite) => versions.includes(suite.version))
  const groups = (config.groups ?? DEFAULT_GROUPS).map(groupNamed)
  const session = usableSession(config, suites, core.now)
  const session12 = session?.version === 'TLS 1.2' ? session : null
  const helloRandom = random.bytes(32)
  const sessionId = sessionIdFor(config, versions, session12)
  const grease = config.grease === true ? greaseValues(random) : null
  const shares = versions.includes('TLS 1.3') ? shareGroups(config, groups).map((group) => share(group, random)) : []
  const psk = session?.version === 'TLS 1.3' ? offerPsk(core, session) : null
  const earlyData = psk !== null && config.earlyData === true && psk.session.maxEarlyData > 0
  const base = { config, versions, suites, groups, shares, psk, session12, earlyData, grease, retry: null }
  const hello: ClientHello = {
    version: VERSION.tls12,
    random: helloRandom,
    sessionId,
    cipherSuites: suiteCodes(config, suites, grease),
    compressionMethods: Uint8Array.of(0),
    extensions: build({ ...base, cookie: null }),
  }
  return { ...base, hello: config.shape === undefined ? hello : config.shape(hello) }
}

/** RFC 8446 4.1.2: the same hello but for what a HelloRetryRequest asks to change. */
export function secondOffer(
  offer: Offer,
  group: Group | null,
  cookie: Uint8Array | null,
  retry: NonNullable<Offer['retry']>,
): Offer {
  const { config } = offer
  const shares = group === null ? offer.shares : [share(group, config.random)]
  // A PSK of another hash cannot be bound any more (4.1.4); early data is over in any case.
  const psk = offer.psk !== null && offer.psk.suite.hash === retry.suite.hash ? offer.psk : null
  const next = { ...offer, shares, psk, earlyData: false, retry }
  const hello = { ...offer.hello, extensions: build({ ...next, cookie }) }
  return { ...next, hello: config.shape === undefined ? hello : config.shape(hello) }
}

/** Encodes the hello; with a PSK, the pre_shared_key extension comes last and its binder over all before it. */
export function helloMessage(core: Core, offer: Offer): { readonly offer: Offer; readonly message: Handshake } {
  const { psk, hello } = offer
  if (psk === null) return { offer, message: handshake('ClientHello', clientHello, hello) }
  const early = offer.earlyData && !hasExtension(hello.extensions, 'early_data')
  const before = early ? [...hello.extensions, emptyExtension('early_data')] : hello.extensions
  const { message, extension } = bind(core, psk, { ...hello, extensions: before })
  return { offer: { ...offer, hello: { ...hello, extensions: [...before, extension] } }, message }
}

/** A share for the first group; beside a hybrid one for x25519 too, as today's clients do. */
function shareGroups(config: ClientConfig, groups: readonly Group[]): readonly Group[] {
  if (config.keyShares !== undefined) return config.keyShares.map(groupNamed)
  const [first] = groups
  if (first === undefined) return []
  const classic = groups.find(({ name }) => name === 'x25519')
  return first.name === 'X25519MLKEM768' && classic !== undefined ? [first, classic] : [first]
}

const share = (group: Group, random: Random): Share => ({ group, pair: group.generate(random) })

function suiteCodes({ fallback }: ClientConfig, suites: readonly Suite[], grease: Grease | null): readonly number[] {
  const codes = suites.map(({ code }) => code)
  if (grease !== null) codes.unshift(grease.suite)
  if (fallback === true) codes.push(SCSV.fallback)
  return codes
}

function usableSession(config: ClientConfig, suites: readonly Suite[], now: number): Session | null {
  const { session } = config
  if (!session || expired(session, now) || session.serverName !== config.serverName) return null
  return suites.some(({ name }) => name === session.suite) ? session : null
}

/**
 * TLS 1.3 sends a made-up id where middleboxes are to see the old handshake (RFC 8446 D.4). With a ticket in TLS 1.2 an id
 * is made up so that the server's echo says whether it resumes (RFC 5077 3.4).
 */
function sessionIdFor(config: ClientConfig, versions: readonly Version[], session12: Session | null): Uint8Array {
  if (session12 !== null && session12.sessionId.length > 0) return session12.sessionId
  const compatible = versions.includes('TLS 1.3') && config.middleboxCompatibility !== false
  return compatible || session12 !== null ? config.random.bytes(32) : NOTHING
}
