import { emptyExtension, extension } from '../extension/build.ts'
import {
  alpn,
  clientShares,
  cookie as cookieCodec,
  ecPointFormats,
  pskModes,
  recordSizeLimit,
  renegotiationInfo,
  serverName,
  signatureAlgorithms,
  statusRequest,
  supportedGroups,
  supportedVersions,
} from '../extension/codecs.ts'
import type { Extension } from '../extension/extension.ts'
import { hostNameOf } from '../name.ts'
import { EXTENSION, VERSION_CODE } from '../numbers.ts'
import { DEFAULT_SCHEMES, schemeCodes } from '../schemes.ts'
import type { Offer } from './offer.ts'

const NOTHING = new Uint8Array(0)
const PSK_DHE_KE = 1

type Draft = Omit<Offer, 'hello'> & { readonly cookie: Uint8Array | null }

/** The extensions of a ClientHello but pre_shared_key, which must come last. */
export function build(draft: Draft): readonly Extension[] {
  const { config, versions, grease } = draft
  const all: Extension[] = []
  if (grease !== null) all.push({ type: grease.extensions[0], data: NOTHING })
  const hostName = hostNameOf(config.serverName)
  if (hostName !== null) all.push(extension('server_name', serverName, hostName))
  const schemes = config.signatureSchemes ?? DEFAULT_SCHEMES
  if (versions.includes('TLS 1.2')) all.push(...only12(draft))
  all.push(groupsExtension(draft))
  if (config.ocsp === true) all.push(extension('status_request', statusRequest, 'ocsp'))
  if (config.alpn !== undefined) all.push(extension('application_layer_protocol_negotiation', alpn, config.alpn))
  all.push(extension('signature_algorithms', signatureAlgorithms, schemeCodes(schemes)))
  if (config.recordSizeLimit !== undefined) {
    all.push(extension('record_size_limit', recordSizeLimit, config.recordSizeLimit))
  }
  if (versions.includes('TLS 1.3')) all.push(...only13(draft))
  if (grease !== null) all.push({ type: grease.extensions[1], data: Uint8Array.of(0) })
  if (draft.earlyData) all.push(emptyExtension('early_data'))
  return all
}

function groupsExtension({ groups, grease }: Draft): Extension {
  const codes = groups.map(({ code }) => code)
  return extension('supported_groups', supportedGroups, grease === null ? codes : [grease.group, ...codes])
}

function only12({ config, session12 }: Draft): readonly Extension[] {
  const all = [extension('renegotiation_info', renegotiationInfo, NOTHING)]
  if (config.extendedMasterSecret !== false) all.push(emptyExtension('extended_master_secret'))
  if (config.encryptThenMac !== false) all.push(emptyExtension('encrypt_then_mac'))
  all.push(extension('ec_point_formats', ecPointFormats, [0]))
  all.push({ type: EXTENSION.session_ticket, data: session12?.ticket ?? NOTHING })
  return all
}

function only13({ versions, shares, cookie, grease, retry }: Draft): readonly Extension[] {
  const codes = versions.map((version) => VERSION_CODE[version])
  const entries = shares.map(({ group, pair }) => ({ group: group.code, keyExchange: pair.share }))
  if (grease !== null) {
    codes.unshift(grease.version)
    // A second hello holds the one share that was asked for (RFC 8446 4.1.2).
    if (retry === null) entries.unshift({ group: grease.group, keyExchange: Uint8Array.of(0) })
  }
  const all = [extension('supported_versions', supportedVersions, codes)]
  if (cookie !== null) all.push(extension('cookie', cookieCodec, cookie))
  all.push(extension('psk_key_exchange_modes', pskModes, [PSK_DHE_KE]))
  all.push(extension('key_share', clientShares, entries))
  return all
}
