import { known, TlsError } from '../../alert.ts'
import type { ServerConfig } from '../../config.ts'
import type { Core } from '../../core.ts'
import { find, flag } from '../../extension/build.ts'
import {
  clientShares,
  type KeyShareEntry,
  recordSizeLimit,
  serverName,
  signatureAlgorithms,
  supportedGroups,
} from '../../extension/codecs.ts'
import { checkPlacement } from '../../extension/placement.ts'
import type { Group } from '../../group/group.ts'
import { DEFAULT_GROUPS, groupName, groupNamed } from '../../group/index.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ClientHello } from '../../message/hello.ts'
import { checkedLimit } from '../../record/limit.ts'
import type { State } from '../../state.ts'
import { DEFAULT_SUITES, type Suite, suiteName, suiteNamed } from '../../suite.ts'
import { choiceStep, chooseProtocol, firstCommon } from '../choose.ts'
import { identitiesFor } from '../identity.ts'
import { sendFlight } from './flight.ts'
import { type AcceptedPsk, choosePsk, verifyBinder } from './psk.ts'
import { type Retried, retry } from './retry.ts'

/** What the server made of a ClientHello. */
export interface Answer13 {
  readonly config: ServerConfig
  readonly hello: ClientHello
  readonly suite: Suite
  readonly group: Group
  readonly share: KeyShareEntry
  readonly serverName: string | null
  readonly alpn: string | null
  readonly schemes: readonly number[]
  readonly psk: AcceptedPsk | null
  readonly offersEarlyData: boolean
  readonly retried: Retried | null
}

export type Answered =
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'retry'; readonly retried: Retried }

/** On a ClientHello that speaks TLS 1.3: choose everything, then answer, or ask for another hello. */
export function answer13(
  core: Core,
  config: ServerConfig,
  hello: ClientHello,
  message: Handshake,
  retried: Retried | null,
): Answered {
  if (hello.compressionMethods.length !== 1) {
    throw new TlsError('illegal_parameter', 'legacy_compression_methods is the single byte 0', 'RFC 8446 4.1.2')
  }
  checkPlacement(hello.extensions, 'ClientHello')
  const name = find(hello.extensions, 'server_name', serverName)
  identitiesFor(config, name)
  const candidate = choosePsk(core, config, hello, name)
  const suite = chooseSuite(core, config, hello, candidate?.suite ?? null, retried)
  const { group, share } = chooseGroup(core, config, hello, retried)
  core.suite = suite
  // Missed at once: a retry would ask for a share in vain.
  schemesOf(hello, candidate !== null)
  if (share === null) return { kind: 'retry', retried: retry(core, config, { hello, message, suite, group }) }
  core.transcript.choose(suite.hash)
  const psk = candidate !== null && candidate.suite.hash === suite.hash ? candidate : null
  if (psk !== null) verifyBinder(core, psk, message)
  core.absorb(message)
  const limit = find(hello.extensions, 'record_size_limit', recordSizeLimit)
  if (limit !== null) core.output.sizeLimit = checkedLimit(limit)
  const schemes = schemesOf(hello, psk !== null)
  const alpn = chooseProtocol(core, config, hello)
  const offersEarlyData = flag(hello.extensions, 'early_data')
  if (offersEarlyData && retried !== null) {
    throw new TlsError('illegal_parameter', 'there is no early data after a HelloRetryRequest', 'RFC 8446 4.2.10')
  }
  const known = { config, hello, suite, group, share, serverName: name, alpn, schemes, psk, offersEarlyData, retried }
  return { kind: 'state', state: sendFlight(core, known) }
}

function schemesOf(hello: ClientHello, resuming: boolean): readonly number[] {
  const schemes = find(hello.extensions, 'signature_algorithms', signatureAlgorithms)
  if (schemes === null && !resuming) {
    throw new TlsError(
      'missing_extension',
      'a client that wants a certificate names signature_algorithms',
      'RFC 8446 9.2',
    )
  }
  return schemes ?? []
}

/** A usable ticket's suite comes first: another hash would make the ticket worthless. */
function chooseSuite(
  core: Core,
  config: ServerConfig,
  { cipherSuites }: ClientHello,
  wanted: Suite | null,
  retried: Retried | null,
): Suite {
  const ours = (config.suites ?? DEFAULT_SUITES).map(suiteNamed).filter(({ version }) => version === 'TLS 1.3')
  const preferred = wanted !== null && ours.includes(wanted) ? [wanted, ...ours.filter((s) => s !== wanted)] : ours
  const chosen = retried?.suite ?? firstCommon(preferred, cipherSuites, config.preferOwn !== false || wanted !== null)
  core.step(() => {
    const why =
      retried !== null ? 'as in the HelloRetryRequest' : chosen === wanted ? "the ticket's" : 'our order decides'
    return choiceStep('cipher suite', cipherSuites, ours, chosen, suiteName, chosen === null ? 'none in common' : why)
  })
  if (chosen === null) {
    const [client, server] = [cipherSuites.map(suiteName).join(', '), ours.map(({ name }) => name).join(', ')]
    const rule = `no TLS 1.3 cipher suite in common: the client offers ${client}; the server has ${server}`
    throw new TlsError('handshake_failure', rule, 'RFC 8446 4.1.1', known(`offers ${client}`, `supports ${server}`))
  }
  return chosen
}

/** A group with a share saves a round trip; without any, the most wanted in common is asked for. */
function chooseGroup(
  core: Core,
  config: ServerConfig,
  hello: ClientHello,
  retried: Retried | null,
): { readonly group: Group; readonly share: KeyShareEntry | null } {
  const offered = find(hello.extensions, 'supported_groups', supportedGroups)
  const shares = find(hello.extensions, 'key_share', clientShares)
  if (offered === null || shares === null) {
    const missing = offered === null ? 'supported_groups' : 'key_share'
    throw new TlsError(
      'missing_extension',
      `a TLS 1.3 ClientHello carries ${missing}: we do (EC)DHE only`,
      'RFC 8446 9.2',
    )
  }
  checkShares(shares, offered)
  const ours = (config.groups ?? DEFAULT_GROUPS).map(groupNamed)
  const mutual = ours.filter(({ code }) => offered.includes(code))
  const preferOwn = config.preferOwn !== false
  const ready = firstCommon(
    mutual,
    shares.map((share) => share.group),
    preferOwn,
  )
  const group = ready ?? firstCommon(mutual, offered, preferOwn)
  core.step(() => {
    const why =
      ready !== null
        ? 'our most wanted with a share'
        : group !== null
          ? 'in common, but no share came: HelloRetryRequest'
          : 'none in common'
    const sent = (code: number): string | null =>
      group !== null && mutual.some((m) => m.code === code) && !shares.some((s) => s.group === code)
        ? 'no share was sent for it'
        : null
    return choiceStep('group', offered, ours, group, groupName, why, sent)
  })
  if (group === null) {
    const [client, server] = [offered.map(groupName).join(', '), ours.map(({ name }) => name).join(', ')]
    const rule = `no group in common: the client offers ${client}; the server has ${server}`
    throw new TlsError('handshake_failure', rule, 'RFC 8446 4.2.7', known(`offers ${client}`, `supports ${server}`))
  }
  const share = shares.find((one) => one.group === group.code) ?? null
  if (retried !== null && (retried.group !== group || share === null || shares.length !== 1)) {
    const rule = `the second ClientHello holds one share, for ${retried.group.name}`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.8')
  }
  return { group, share }
}

function checkShares(shares: readonly KeyShareEntry[], offered: readonly number[]): void {
  const seen = new Set<number>()
  for (const { group } of shares) {
    if (!seen.has(group) && offered.includes(group)) seen.add(group)
    else {
      const rule = `shares are for offered groups, one each: ${groupName(group)} is not`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.8')
    }
  }
}
