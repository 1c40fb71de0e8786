import { TlsError } from '../alert.ts'
import type { Core } from '../core.ts'
import { find } from '../extension/build.ts'
import {
  alpn,
  clientShares,
  selectedIdentity,
  selectedVersion,
  serverName,
  serverShare,
  supportedGroups,
  supportedVersions,
} from '../extension/codecs.ts'
import { rawExtension } from '../extension/extension.ts'
import { groupName } from '../group/index.ts'
import { type Handshake, open } from '../message/handshake.ts'
import { clientHello, isRetry, serverHello } from '../message/hello.ts'
import { encryptedExtensions } from '../message/small.ts'
import { type Version, versionName } from '../numbers.ts'
import { type Suite, suiteName, suiteOf } from '../suite.ts'

/** What an onlooker needs of a ClientHello. */
export interface ClientOffer {
  readonly random: Uint8Array
  readonly serverName: string | null
  readonly versions: readonly string[]
  readonly suites: readonly string[]
  readonly groups: readonly string[]
  readonly shares: readonly string[]
  readonly earlyData: boolean
}

export function offerOf(message: Handshake): ClientOffer {
  const hello = open(clientHello, message)
  const { extensions } = hello
  const versions = find(extensions, 'supported_versions', supportedVersions) ?? [hello.version]
  return {
    random: hello.random,
    serverName: find(extensions, 'server_name', serverName),
    versions: versions.map(versionName),
    suites: hello.cipherSuites.map(suiteName),
    groups: (find(extensions, 'supported_groups', supportedGroups) ?? []).map(groupName),
    shares: (find(extensions, 'key_share', clientShares) ?? []).map(({ group }) => groupName(group)),
    earlyData: rawExtension(extensions, 'early_data') !== null,
  }
}

/** What an onlooker needs of a ServerHello. */
export interface ServerChoice {
  readonly retry: boolean
  readonly version: Version
  readonly suite: Suite
  readonly random: Uint8Array
  readonly encryptThenMac: boolean
}

/** Tells the decisions as steps. Throws `TlsError` for a version or suite that is not known here. */
export function serverChoice(core: Core, offer: ClientOffer, message: Handshake): ServerChoice {
  const hello = open(serverHello, message)
  const { extensions, random, cipherSuite } = hello
  const retry = isRetry(random)
  const code = find(extensions, 'supported_versions', selectedVersion) ?? hello.version
  const suite = suiteOf(cipherSuite)
  const version = versionName(code)
  if ((version !== 'TLS 1.3' && version !== 'TLS 1.2') || suite === null)
    throw new TlsError(
      'handshake_failure',
      `${version} with ${suiteName(cipherSuite)} is not spoken here`,
      'RFC 8446 4.1.3',
    )
  core.suite = suite
  const how = { kind: 'tls-negotiation', supported: [], why: 'chosen by the server', rejected: [] } as const
  if (retry) {
    core.step(() => ({
      ...how,
      subject: 'group',
      offered: offer.shares,
      chosen: null,
      why: 'the server asks for another hello',
    }))
    return { retry, version, suite, random, encryptThenMac: false }
  }
  core.step(() => ({ ...how, subject: 'version', offered: offer.versions, chosen: version }))
  core.step(() => ({ ...how, subject: 'cipher suite', offered: offer.suites, chosen: suite.name }))
  const share = version === 'TLS 1.3' ? find(extensions, 'key_share', serverShare) : null
  if (share !== null)
    core.step(() => ({ ...how, subject: 'group', offered: offer.groups, chosen: groupName(share.group) }))
  if (find(extensions, 'pre_shared_key', selectedIdentity) !== null)
    core.step(() => ({ ...how, subject: 'pre-shared key', offered: ['a ticket'], chosen: 'a ticket' }))
  const protocol =
    version === 'TLS 1.2' ? (find(extensions, 'application_layer_protocol_negotiation', alpn)?.[0] ?? null) : null
  if (protocol !== null) core.step(() => ({ ...how, subject: 'application protocol', offered: [], chosen: protocol }))
  return { retry, version, suite, random, encryptThenMac: rawExtension(extensions, 'encrypt_then_mac') !== null }
}

/** What EncryptedExtensions settles. */
export function settled(core: Core, message: Handshake): { readonly earlyData: boolean } {
  const extensions = open(encryptedExtensions, message)
  const protocol = find(extensions, 'application_layer_protocol_negotiation', alpn)?.[0]
  const how = {
    kind: 'tls-negotiation',
    offered: [],
    supported: [],
    rejected: [],
    why: 'chosen by the server',
  } as const
  if (protocol !== undefined) core.step(() => ({ ...how, subject: 'application protocol', chosen: protocol }))
  return { earlyData: rawExtension(extensions, 'early_data') !== null }
}
