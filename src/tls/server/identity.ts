import type { SignatureScheme } from '../../pki/keys.ts'
import type { TlsRejected } from '../../trace/steps/tls.ts'
import { known, TlsError } from '../alert.ts'
import type { Identity, ServerConfig } from '../config.ts'
import type { Core, StepBody } from '../core.ts'
import { schemeName } from '../fields.ts'
import { nameMatches } from '../name.ts'
import type { Version } from '../numbers.ts'
import { chooseScheme } from '../schemes.ts'

export interface ChosenIdentity {
  readonly identity: Identity
  readonly scheme: SignatureScheme
}

/** Those that serve the name; all, where none does and names are not strict. Throws unrecognized_name, and missing_extension for none. */
export function identitiesFor({ identities, strictNames }: ServerConfig, name: string | null): readonly Identity[] {
  if (name === null) return unnamed(identities, strictNames === true)
  const named = identities.filter(({ names }) => names?.some((pattern) => nameMatches(pattern, name)))
  if (named.length > 0) return named
  const open = identities.filter(({ names }) => names === undefined)
  if (open.length > 0 || strictNames !== true) return open.length > 0 ? open : identities
  const served = identities.flatMap(({ names = [] }) => names).join(', ')
  const rule = `the server serves ${served}, not ${name}`
  throw new TlsError('unrecognized_name', rule, 'RFC 6066 3', known(`asked for ${name}`, `serves ${served}`))
}

/** RFC 8446 9.2: a server that goes by names should want one. */
function unnamed(identities: readonly Identity[], strict: boolean): readonly Identity[] {
  if (!strict || identities.some(({ names }) => names === undefined)) return identities
  const served = identities.flatMap(({ names = [] }) => names).join(', ')
  const rule = `the server serves ${served} and wants to know which is meant: server_name is missing`
  throw new TlsError('missing_extension', rule, 'RFC 8446 9.2', known('names no server', `serves ${served}`))
}

/** The first identity for the name that can sign as the client verifies. Throws handshake_failure. */
export function chooseIdentity(
  core: Core,
  config: ServerConfig,
  name: string | null,
  schemes: readonly number[],
  version: Version,
): ChosenIdentity {
  const candidates = identitiesFor(config, name)
  const chosen = firstFit(candidates, schemes, version)
  core.step(() => certificateStep(config, candidates, name, chosen?.identity ?? null))
  if (chosen === null) {
    const offered = schemes.map(schemeName).join(', ')
    const keys = candidates.map(({ signer }) => signer.publicKey.kind).join(', ')
    const rule = `no certificate here can sign as the client verifies: keys ${keys}, schemes offered ${offered}`
    throw new TlsError('handshake_failure', rule, 'RFC 8446 4.4.2.2', known(`verifies ${offered}`, `has ${keys} keys`))
  }
  core.step(() => {
    const { identity, scheme, rejected } = chosen
    const how = { kind: 'tls-negotiation', subject: 'signature scheme', chosen: scheme, rejected } as const
    const why = "the client verifies it and it fits the certificate's key"
    return { ...how, offered: schemes.map(schemeName), supported: identity.signer.schemes, why }
  })
  return chosen
}

function firstFit(
  candidates: readonly Identity[],
  schemes: readonly number[],
  version: Version,
): (ChosenIdentity & { readonly rejected: readonly TlsRejected[] }) | null {
  for (const identity of candidates) {
    const { scheme, rejected } = chooseScheme(identity.signer, schemes, version)
    if (scheme !== null) return { identity, scheme, rejected }
  }
  return null
}

function certificateStep(
  config: ServerConfig,
  candidates: readonly Identity[],
  name: string | null,
  chosen: Identity | null,
): StepBody {
  const supported = config.identities.map(label)
  const rejected = config.identities
    .filter((identity) => identity !== chosen)
    .map((identity) => ({
      candidate: label(identity),
      reason: !candidates.includes(identity)
        ? `does not serve ${name}`
        : chosen === null || candidates.indexOf(identity) < candidates.indexOf(chosen)
          ? 'the client verifies no scheme of its key'
          : 'an earlier one fits',
    }))
  const offered = name === null ? ['no server_name'] : [name]
  const why = name === null ? 'the client names no server' : `the first for ${name} with a key the client can verify`
  const result = chosen === null ? null : label(chosen)
  return { kind: 'tls-negotiation', subject: 'certificate', offered, supported, chosen: result, why, rejected }
}

const label = ({ names, signer }: Identity): string => `${names?.join(', ') ?? 'any name'} (${signer.publicKey.kind})`
