import type { SignatureScheme } from '../../../pki/keys.ts'
import { known, TlsError } from '../../alert.ts'
import type { Identity, ServerConfig } from '../../config.ts'
import type { Core, StepBody } from '../../core.ts'
import { find } from '../../extension/build.ts'
import { signatureAlgorithms, supportedGroups } from '../../extension/codecs.ts'
import type { Group } from '../../group/group.ts'
import { DEFAULT_GROUPS, groupName, groupNamed } from '../../group/index.ts'
import type { ClientHello } from '../../message/hello.ts'
import { chooseScheme } from '../../schemes.ts'
import { DEFAULT_SUITES, type Suite, suiteName, suiteNamed, suiteOf } from '../../suite.ts'
import { choiceStep, firstCommon } from '../choose.ts'
import { identitiesFor } from '../identity.ts'

/** A suite, and what makes it work: a certificate, a scheme to sign with and a group for ECDHE. */
export interface Choice12 {
  readonly suite: Suite
  readonly identity: Identity
  readonly scheme: SignatureScheme | null
  readonly group: Group | null
}

const GROUP_OF = { 'P-256': 'secp256r1', 'P-384': 'secp384r1' } as const

type Attempt = Choice12 | string

/** In TLS 1.2 a suite names the kind of certificate too, so all is chosen together. */
export function chooseSuite12(core: Core, config: ServerConfig, hello: ClientHello, name: string | null): Choice12 {
  const ours = (config.suites ?? DEFAULT_SUITES).map(suiteNamed).filter(({ version }) => version === 'TLS 1.2')
  const identities = identitiesFor(config, name)
  const group = chooseGroup(config, hello)
  const schemes = find(hello.extensions, 'signature_algorithms', signatureAlgorithms) ?? []
  const curves = find(hello.extensions, 'supported_groups', supportedGroups)
  const attempts = new Map<Suite, Attempt>(
    ours.map((suite) => [suite, attempt(suite, identities, schemes, group, curves)]),
  )
  const works = ours.filter((suite) => typeof attempts.get(suite) !== 'string')
  const suite = firstCommon(works, hello.cipherSuites, config.preferOwn !== false)
  core.step(() => {
    const why = suite === null ? 'none in common that works' : 'our order decides, among those that work'
    const against = (code: number): string | null => {
      const found = suiteOf(code)
      const outcome = found === null ? undefined : attempts.get(found)
      return typeof outcome === 'string' ? outcome : null
    }
    return choiceStep('cipher suite', hello.cipherSuites, ours, suite, suiteName, why, against)
  })
  if (suite === null) throw refusal(hello, ours, attempts)
  const choice = attempts.get(suite) as Choice12
  const chosen = choice.group
  if (chosen !== null) core.step(() => groupStep(config, hello, chosen))
  return choice
}

function attempt(
  suite: Suite,
  identities: readonly Identity[],
  schemes: readonly number[],
  group: Group | null,
  curves: readonly number[] | null,
): Attempt {
  if (suite.exchange === 'ECDHE' && group === null) return 'no group in common for ECDHE'
  let fits = false
  let taken = true
  for (const identity of identities) {
    const { publicKey } = identity.signer
    const { kind } = publicKey
    // Ed25519 goes by the ECDSA suites (RFC 8422 5.10); RSA-PSS keys cannot decrypt.
    const auth = kind === 'rsa' || kind === 'rsa-pss' ? 'rsa' : 'ecdsa'
    if (auth !== suite.auth || (suite.exchange === 'RSA' && kind !== 'rsa')) continue
    fits = true
    // The client's groups speak of certificates too (RFC 8422 5.1).
    if (kind === 'ec' && curves !== null && !curves.includes(groupNamed(GROUP_OF[publicKey.curve]).code)) {
      taken = false
      continue
    }
    if (suite.exchange === 'RSA') return { suite, identity, scheme: null, group: null }
    const { scheme } = chooseScheme(identity.signer, schemes, 'TLS 1.2')
    if (scheme !== null) return { suite, identity, scheme, group }
  }
  if (!taken) return "the client does not take certificates on our key's curve (RFC 8422 5.1)"
  return fits ? 'the client verifies no scheme of our key' : `no certificate with a key for ${suite.auth}`
}

/** RFC 8422 4: a client that names no groups takes any. Hybrids are for TLS 1.3. */
function chooseGroup(config: ServerConfig, hello: ClientHello): Group | null {
  const offered = find(hello.extensions, 'supported_groups', supportedGroups)
  const ours = groupsOf(config)
  return offered === null ? (ours[0] ?? null) : firstCommon(ours, offered, config.preferOwn !== false)
}

const groupsOf = (config: ServerConfig): readonly Group[] =>
  (config.groups ?? DEFAULT_GROUPS)
    .map(groupNamed)
    .filter(({ shareLength }) => shareLength.client === shareLength.server)

function groupStep(config: ServerConfig, hello: ClientHello, group: Group): StepBody {
  const offered = find(hello.extensions, 'supported_groups', supportedGroups) ?? []
  return choiceStep('group', offered, groupsOf(config), group, groupName, 'our order decides')
}

function refusal(
  { cipherSuites }: ClientHello,
  ours: readonly Suite[],
  attempts: ReadonlyMap<Suite, Attempt>,
): TlsError {
  const client = cipherSuites.map(suiteName).join(', ')
  const reasons = ours
    .filter(({ code }) => cipherSuites.includes(code))
    .map((suite) => `${suite.name}: ${attempts.get(suite)}`)
  const rule =
    reasons.length === 0 ? 'no TLS 1.2 cipher suite in common' : `no common cipher suite works: ${reasons.join('; ')}`
  const facts = known(`offers ${client}`, `has enabled ${ours.map(({ name }) => name).join(', ')}`)
  return new TlsError('handshake_failure', rule, 'RFC 5246 7.4.1.3', facts)
}
